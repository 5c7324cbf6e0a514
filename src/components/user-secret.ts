import { assessExistence } from '../kubernetes/health.ts';
import { userKey, type GeneratedUser } from '../plan/users.ts';
import { generatedLife } from './generated-secret.ts';
import type { ServerComponent } from './server-component.ts';

/** The Secret that is generated for a user without one; csi-driver-smb takes it as it is. */
export function userSecret({ user }: GeneratedUser): ServerComponent {
  return {
    key: userKey(user),
    render: ({ generatedUsers, namespace, labelsOf }) => {
      const secret = generatedUsers.find((one) => one.user === user)?.secret;
      if (secret === undefined) return undefined;
      return {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: secret.name, namespace, labels: labelsOf('user') },
        type: 'kubernetes.io/basic-auth',
        data: secret.data,
      };
    },
    assess: assessExistence,
    life: generatedLife,
  };
}
