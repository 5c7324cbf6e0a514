import { assessFound, failed, type Health } from '../kubernetes/health.ts';
import type { ServerComponent } from './server-component.ts';

function notFound(name: string): Health {
  return failed(
    'StorageClassNotFound',
    `StorageClass ${JSON.stringify(name)} does not exist; kubectl get storageclass lists those that do`,
  );
}

/** The StorageClass that the volumes name: only looked at, to say early that it does not exist. */
export const storageClass: ServerComponent = {
  key: 'storage-class',
  render: ({ storageClass: name, labelsOf }) => {
    if (name === undefined) return undefined;
    return {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name, labels: labelsOf('storage') },
    };
  },
  assess: (observed, { storageClass: name = '' }) => assessFound(observed, notFound(name)),
  life: () => ({ kind: 'observed' }),
};
