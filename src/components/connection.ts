import type { Life } from '../composition/component.ts';
import { assessExistence } from '../kubernetes/health.ts';
import type { ServerComponent } from './server-component.ts';

/** A Secret of that name may hold what somebody cannot lose: it is not taken over. */
const life: Life = { kind: 'data', fate: 'deleted', changes: 'updated', unwanted: 'goes' };

/**
 * The Secret with which an application finds the server: where it is, and no passwords.
 *
 * @see https://servicebinding.io/spec/core/1.1.0/#well-known-secret-entries
 */
export const connection: ServerComponent = {
  key: 'connection',
  render: ({ names, namespace, labelsOf, connection: data }) => {
    if (data === undefined) return undefined;
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: names.connection, namespace, labels: labelsOf('connection') },
      type: 'Opaque',
      data,
    };
  },
  assess: assessExistence,
  life: () => life,
};
