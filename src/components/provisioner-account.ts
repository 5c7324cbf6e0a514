import { owned } from '../composition/component.ts';
import { assessExistence } from '../kubernetes/health.ts';
import type { ServerComponent } from './server-component.ts';

/** The identity of the provisioner's pod; no token is mounted but the one that the pod asks for. */
export const provisionerAccount: ServerComponent = {
  key: 'provisioner-account',
  render: ({ names, namespace, labelsOf }) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: names.provisioner, namespace, labels: labelsOf('provisioner') },
    automountServiceAccountToken: false,
  }),
  assess: assessExistence,
  life: () => owned,
};
