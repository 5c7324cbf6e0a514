import type { ObjectReadiness } from './object.ts';

/**
 * When provider-kubernetes calls an Object ready. The composite's readiness is judged by us from the live object
 * (health.ts); these decide how often the provider looks: every 30 seconds until ready, every 10 minutes afterwards.
 * The provider evaluates plain CEL, so every level is guarded by has().
 */

/** Ready once applied: kinds without a meaningful status. */
export const whenCreated: ObjectReadiness = { policy: 'SuccessfulCreate' };

function whenTrue(...conjuncts: readonly string[]): ObjectReadiness {
  return { policy: 'DeriveFromCelQuery', celQuery: conjuncts.join(' && ') };
}

/** Ready once a load balancer has assigned an address. */
export const whenAddressAssigned = whenTrue(
  'has(object.status)',
  'has(object.status.loadBalancer)',
  'has(object.status.loadBalancer.ingress)',
  'object.status.loadBalancer.ingress.exists(i, (has(i.ip) && i.ip != "") || (has(i.hostname) && i.hostname != ""))',
);

/** Ready once every replica of the current spec is updated and ready. */
export const whenRolledOut = whenTrue(
  'has(object.status)',
  'has(object.status.observedGeneration)',
  'object.status.observedGeneration >= object.metadata.generation',
  '(object.spec.replicas == 0 || (has(object.status.updatedReplicas) && object.status.updatedReplicas >= object.spec.replicas && has(object.status.readyReplicas) && object.status.readyReplicas >= object.spec.replicas))',
);

/** Ready once every pod of the current spec is updated and available. */
export const whenDeployed = whenTrue(
  'has(object.status)',
  'has(object.status.observedGeneration)',
  'object.status.observedGeneration >= object.metadata.generation',
  '(object.spec.replicas == 0 || (has(object.status.updatedReplicas) && object.status.updatedReplicas >= object.spec.replicas && has(object.status.availableReplicas) && object.status.availableReplicas >= object.spec.replicas))',
);

/** Ready once a ConfigMap has this value under a key, which is an identifier of CEL. */
export function whenDataIs(key: string, value: string): ObjectReadiness {
  return whenTrue('has(object.data)', `has(object.data.${key})`, `object.data.${key} == "${value}"`);
}

const hasState = ['has(object.status)', 'has(object.status.state)'];
const clusterIsCurrent =
  '(!has(object.status.observedGeneration) || object.status.observedGeneration >= object.metadata.generation)';

/** Ready once Percona's operator calls its cluster ready. */
export const whenClusterReady = whenTrue(...hasState, 'object.status.state == "ready"', clusterIsCurrent);

/** Ready once paused, too, where that is wanted. */
export const whenClusterReadyOrPaused = whenTrue(
  ...hasState,
  'object.status.state in ["ready", "paused"]',
  clusterIsCurrent,
);

const hasPhase = ['has(object.status)', 'has(object.status.phase)'];

/** Ready once bound. */
export const whenBound = whenTrue(...hasPhase, 'object.status.phase == "Bound"');

/** Ready once bound, or while waiting for a pod that is not wanted. */
export const whenBoundOrPending = whenTrue(...hasPhase, 'object.status.phase in ["Bound", "Pending"]');
