import type { Life } from '../composition/component.ts';
import { assessExistence } from '../kubernetes/health.ts';
import type { Credential } from '../plan/credentials.ts';
import type { Plan } from '../plan/plan.ts';
import type { ComponentKey } from './keys.ts';
import type { ServerComponent } from './server-component.ts';

/** Generated once, never changed; it goes only where the database that it opens goes too. */
function life({ retention }: Plan): Life {
  return { kind: 'data', fate: retention === 'Delete' ? 'deleted' : 'kept', changes: 'never' };
}

/** A Secret that is generated where the user brings none. */
export function generatedSecret(
  key: ComponentKey,
  component: string,
  credentialOf: (plan: Plan) => Credential,
): ServerComponent {
  return {
    key,
    render: (plan) => {
      const { generated } = credentialOf(plan);
      if (generated === undefined) return undefined;
      return {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: generated.name, namespace: plan.namespace, labels: plan.labelsOf(component) },
        type: 'Opaque',
        data: generated.data,
      };
    },
    assess: assessExistence,
    life,
  };
}
