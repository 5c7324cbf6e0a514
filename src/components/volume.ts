import type { Life } from '../composition/component.ts';
import { assessClaim, called, failed, type Health } from '../kubernetes/health.ts';
import type { ObservedObject } from '../kubernetes/object.ts';
import { whenBound, whenBoundOrPending } from '../kubernetes/readiness.ts';
import { defined, textAt } from '../lib/json.ts';
import type { Plan } from '../plan/plan.ts';
import { volumeKey, type VolumeName } from '../plan/volumes.ts';
import type { ServerComponent } from './server-component.ts';

/** Kept with Retain: once bound it is never made again, because an empty volume is worse than a missing one. */
function life({ retention }: Plan): Life {
  return {
    kind: 'data',
    fate: retention === 'Delete' ? 'deleted' : 'kept',
    changes: 'updated',
    settled: (live) => textAt(live, 'status', 'phase') === 'Bound',
  };
}

/** A claim whose class does not exist is not on its way. */
function assess(observed: ObservedObject, { pod, storageClassMissing }: Plan): Health {
  const health = assessClaim(observed, pod.replicas > 0);
  if (health.reason !== 'VolumePending' || !storageClassMissing) return health;
  return failed('StorageClassNotFound', `${called(observed.manifest)} is not bound: its StorageClass does not exist`);
}

/**
 * A volume of the server, as a PersistentVolumeClaim of its own.
 *
 * Not a claim template of the StatefulSet: a template cannot change, and a claim can grow, be added, and be kept.
 */
export function volume(name: VolumeName): ServerComponent {
  return {
    key: volumeKey(name),
    render: ({ volumes, namespace, labelsOf, storageClass }) => {
      const planned = volumes.find((candidate) => candidate.name === name);
      if (planned === undefined) return undefined;
      return {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          name: planned.claim,
          namespace,
          labels: labelsOf(name),
          ...(planned.annotations && { annotations: planned.annotations }),
        },
        spec: defined({
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: planned.size } },
          storageClassName: storageClass,
        }),
      };
    },
    assess,
    life,
    readiness: ({ pod }) => (pod.replicas > 0 ? whenBound : whenBoundOrPending),
    watch: true,
  };
}
