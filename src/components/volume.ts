import type { Life } from '../composition/component.ts';
import { called, failed, presence, progressing, ready, type Health } from '../kubernetes/health.ts';
import { isMissing, type ObservedObject } from '../kubernetes/object.ts';
import { whenBound, whenBoundOrPending } from '../kubernetes/readiness.ts';
import { defined, textAt } from '../lib/json.ts';
import { compareQuantities, parseQuantity } from '../lib/quantity.ts';
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

/**
 * A claim is healthy when it is bound and as large as asked for. While nothing mounts it, waiting for its first consumer
 * is healthy too: with a StorageClass of that binding mode it binds only once the pod exists. One whose StorageClass does
 * not exist is not on its way.
 */
function assess(observed: ObservedObject, { pod, storageClassMissing }: Plan): Health {
  const name = called(observed.manifest);
  if (isMissing(observed)) {
    return failed(
      'VolumeLost',
      `${name} was bound once and is gone; it is not made again empty: restore it under the same name, or delete the DittoServer`,
    );
  }
  const absent = presence(observed);
  if (absent !== undefined) return absent;
  const live = observed.live;
  const phase = textAt(live, 'status', 'phase') ?? 'Pending';
  if (phase === 'Lost') return failed('VolumeLost', `${name} has lost its PersistentVolume; restore that volume`);
  if (phase !== 'Bound') {
    if (pod.replicas === 0) return ready('WaitingForFirstConsumer', `${name} binds when the server starts`);
    if (storageClassMissing)
      return failed('StorageClassNotFound', `${name} is not bound: its StorageClass does not exist`);
    return progressing('VolumePending', `${name} is not bound yet; kubectl describe pvc tells why`);
  }
  const requested = parseQuantity(textAt(live, 'spec', 'resources', 'requests', 'storage') ?? '');
  const capacity = parseQuantity(textAt(live, 'status', 'capacity', 'storage') ?? '');
  if (requested !== undefined && capacity !== undefined && compareQuantities(capacity, requested) < 0) {
    return progressing(
      'VolumeResizing',
      `${name} is growing to ${requested.text}; kubectl describe pvc tells how far it is`,
    );
  }
  return ready('Bound');
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
