import type { ServingPlan } from '../api/provisioning.ts';
import type { Notes } from './notes.ts';
import type { ServerState } from './server-state.ts';

/**
 * The plan without the fallback share and its stores, where they are not to be: on a server on which somebody made shares.
 *
 * One that the provisioner made stays declared for as long as it is there.
 */
export function activePlan(plan: ServingPlan, server: ServerState, notes: Notes): ServingPlan {
  const isOurs = (name: string): boolean => {
    const actual = server.shares.get(name);
    const { made, attempted } = notes.of('share', name);
    return actual !== undefined && (made === actual.id || attempted !== undefined);
  };
  const shares = plan.shares.filter(({ name, fallback }) => !fallback || server.shares.size === 0 || isOurs(name));
  const isFallbackActive = shares.some(({ fallback }) => fallback);
  const isActive = ({ fallback }: { readonly fallback: boolean }): boolean => !fallback || isFallbackActive;
  return {
    ...plan,
    shares,
    metadata_stores: plan.metadata_stores.filter(isActive),
    local_block_stores: plan.local_block_stores.filter(isActive),
    remote_block_stores: plan.remote_block_stores.filter(isActive),
  };
}
