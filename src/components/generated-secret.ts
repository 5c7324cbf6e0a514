import type { Life } from '../composition/component.ts';
import { assessExistence } from '../kubernetes/health.ts';
import type { Credential } from '../plan/credentials.ts';
import type { Plan } from '../plan/plan.ts';
import type { ComponentKey } from './keys.ts';
import type { ServerComponent } from './server-component.ts';

/** Generated once, never changed; it goes only where every database that it opens, or opened, goes too. */
export function generatedLife({ retention, database, keepsDatabase }: Plan): Life {
  const opened = [database.kind, ...database.former];
  const outlived =
    retention === 'Retain' || opened.includes('postgres') || (opened.includes('percona') && keepsDatabase);
  return { kind: 'data', fate: outlived ? 'kept' : 'deleted', changes: 'never' };
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
    life: generatedLife,
  };
}
