import type { Life } from '../composition/component.ts';
import { called, failed, presence, progressing, ready, type Health } from '../kubernetes/health.ts';
import type { ObservedObject } from '../kubernetes/object.ts';
import { whenBound } from '../kubernetes/readiness.ts';
import { defined, textAt } from '../lib/json.ts';
import type { Plan } from '../plan/plan.ts';
import { shareVolumeKeys, type ShareVolume } from '../plan/share-volumes.ts';
import type { ServerComponent } from './server-component.ts';

/** Nobody else's is taken; they hold no data of their own, so they go as soon as they are not wanted. */
const life: Life = { kind: 'data', fate: 'deleted', changes: 'updated', unwanted: 'goes' };

function of(share: string, { shareVolumes }: Plan): ShareVolume | undefined {
  return shareVolumes.find((volume) => volume.share === share);
}

/** Whether somebody has deleted the live object, and Kubernetes holds it while it is in use. */
function isBeingDeleted({ live, deleting }: ObservedObject): boolean {
  return !deleting && textAt(live, 'metadata', 'deletionTimestamp') !== undefined;
}

/**
 * A volume that was deleted works on until its claim goes, and pods that use the claim would keep both from coming
 * back: so that moment is for a person to choose.
 */
function assessShareVolume(observed: ObservedObject, volume: ShareVolume | undefined): Health {
  const name = called(observed.manifest);
  const claim = `PersistentVolumeClaim ${JSON.stringify(volume?.claim ?? '')}`;
  if (volume?.replaced === 'claim')
    return progressing(
      'Replacing',
      `${name} is made again, because it is mounted in another way now, once no pod uses ${claim}`,
    );
  const phase = textAt(observed.live, 'status', 'phase');
  if (isBeingDeleted(observed) && phase === 'Bound')
    return failed(
      'VolumeDeleted',
      `${name} was deleted and works until ${claim} is deleted too: do that when no pod uses it, and both are made again; the share keeps its files`,
    );
  const absent = presence(observed);
  if (absent !== undefined) return absent;
  switch (phase) {
    case 'Bound':
      return ready('Bound');
    case 'Failed':
      return failed('VolumeFailed', `${name} has failed; kubectl describe pv tells why`);
    case 'Released':
      return progressing('VolumeReleased', `${name} lost its claim and is given to the one that is made again`);
    default:
      return progressing('VolumePending', `${name} is not bound to its claim yet`);
  }
}

/** A claim is healthy when it is bound: it has as much room as the server gives the share, whatever it asked for. */
function assessShareClaim(observed: ObservedObject): Health {
  const name = called(observed.manifest);
  if (isBeingDeleted(observed))
    return progressing('Deleting', `${name} was deleted and is made again once no pod uses it`);
  const absent = presence(observed);
  if (absent !== undefined) return absent;
  switch (textAt(observed.live, 'status', 'phase')) {
    case 'Bound':
      return ready('Bound');
    case 'Lost':
      return progressing('VolumeLost', `${name} has lost its PersistentVolume, which is made again`);
    default:
      return progressing('VolumePending', `${name} is not bound yet; kubectl describe pvc tells why`);
  }
}

/** The PersistentVolume through which pods mount a share: what a CSI driver, or the kubelet, needs to know. */
export function shareVolume(share: string): ServerComponent {
  return {
    key: shareVolumeKeys(share).volume,
    render: (plan) => {
      const volume = of(share, plan);
      if (volume?.source === undefined || volume.replaced === 'volume') return undefined;
      return {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: volume.volume, labels: plan.labelsOf('share') },
        spec: {
          capacity: { storage: volume.capacity },
          accessModes: volume.accessModes,
          mountOptions: volume.mountOptions,
          persistentVolumeReclaimPolicy: 'Retain',
          claimRef: defined({
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            namespace: plan.namespace,
            name: volume.claim,
            // A claim that was deleted and made again is another object; only we bind the volume to it.
            uid: volume.claimUid,
          }),
          ...volume.source,
        },
      };
    },
    assess: (observed, plan) => assessShareVolume(observed, of(share, plan)),
    life: () => life,
    // Until then: what keeps the provisioner from its work keeps the volume from being made.
    relies: (plan) => (of(share, plan)?.served === false ? ['provisioner-status'] : []),
    obstacle: (plan) =>
      of(share, plan)?.served === false
        ? progressing('Waiting', `the server does not serve ${JSON.stringify(`/${share}`)} yet`)
        : undefined,
    readiness: () => whenBound,
    watch: true,
  };
}

/** The PersistentVolumeClaim that pods name. */
export function shareClaim(share: string): ServerComponent {
  const keys = shareVolumeKeys(share);
  return {
    key: keys.claim,
    render: (plan) => {
      const volume = of(share, plan);
      if (volume?.source === undefined || volume.replaced === 'claim') return undefined;
      return {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: volume.claim, namespace: plan.namespace, labels: plan.labelsOf('share') },
        spec: {
          accessModes: volume.accessModes,
          // Not the cluster's default class: nothing is to be provisioned.
          storageClassName: '',
          volumeName: volume.volume,
          resources: { requests: { storage: volume.requested } },
        },
      };
    },
    assess: assessShareClaim,
    life: () => life,
    uses: () => [keys.volume],
    obstacle: (plan) =>
      of(share, plan)?.replaced === 'volume'
        ? progressing('Replacing', 'its former PersistentVolume goes first')
        : undefined,
    readiness: () => whenBound,
    watch: true,
  };
}
