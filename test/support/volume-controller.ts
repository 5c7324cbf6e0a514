import { listAt, objectAt, textAt, textsAt, type JsonObject } from '../../src/lib/json.ts';
import { refOf, type ApiServer, type Ref } from './api-server.ts';
import type { Mutable } from './json.ts';

/*
 * What kube-controller-manager does with volumes that nobody provisions (kubernetes/kubernetes v1.33,
 * pkg/controller/volume/persistentvolume/pv_controller.go): syncClaim and syncVolume, branch by branch.
 */

const BOUND = 'pv.kubernetes.io/bind-completed';

/** A claim for which nothing is provisioned. */
export function isStatic(claim: JsonObject): boolean {
  return textAt(claim, 'spec', 'storageClassName') === '';
}

function claimOf(volume: JsonObject): Ref {
  const claim = objectAt(volume, 'spec', 'claimRef');
  return {
    kind: 'PersistentVolumeClaim',
    namespace: textAt(claim, 'namespace'),
    name: textAt(claim, 'name') ?? '',
  };
}

function uidOf(object: JsonObject | undefined): string | undefined {
  return textAt(object, 'metadata', 'uid');
}

function setPhase(api: ApiServer, object: JsonObject, phase: string): void {
  if (textAt(object, 'status', 'phase') === phase) return;
  // A claim that is not bound has no capacity, and neither has a volume's status.
  api.patch(refOf(object), (changed) => void (changed.status = { phase }));
}

/** Writes on both what belongs together; a claim that was bound before keeps the capacity that it had then. */
function bind(api: ApiServer, volume: JsonObject, claim: JsonObject): void {
  if (textAt(volume, 'spec', 'claimRef', 'uid') !== uidOf(claim)) {
    api.patch(refOf(volume), ({ spec }) => {
      (spec as Mutable).claimRef = { apiVersion: 'v1', ...refOf(claim), uid: uidOf(claim) };
    });
  }
  setPhase(api, volume, 'Bound');
  if (textAt(claim, 'status', 'phase') === 'Bound') return;
  api.patch(refOf(claim), (object) => {
    const metadata = object.metadata as Mutable;
    metadata.annotations = { ...textsAt(claim, 'metadata', 'annotations'), [BOUND]: 'yes' };
    const spec = objectAt(volume, 'spec');
    object.status = { phase: 'Bound', accessModes: spec?.accessModes, capacity: spec?.capacity };
  });
}

function syncClaim(api: ApiServer, claim: JsonObject): void {
  const wasBound = textsAt(claim, 'metadata', 'annotations')[BOUND] !== undefined;
  const volume = api.get({ kind: 'PersistentVolume', name: textAt(claim, 'spec', 'volumeName') ?? '' });
  if (volume === undefined) {
    setPhase(api, claim, wasBound ? 'Lost' : 'Pending');
    return;
  }
  const [ref, { namespace, name }] = [claimOf(volume), refOf(claim)];
  const claimant = textAt(volume, 'spec', 'claimRef', 'uid');
  const isFree = objectAt(volume, 'spec', 'claimRef') === undefined;
  const isReserved = ref.namespace === namespace && ref.name === name && claimant === undefined;
  if (claimant === uidOf(claim) || (isReserved && !wasBound) || isFree) bind(api, volume, claim);
  else setPhase(api, claim, wasBound ? 'Lost' : 'Pending');
}

function syncVolume(api: ApiServer, volume: JsonObject): void {
  const claimant = textAt(volume, 'spec', 'claimRef', 'uid');
  const claim = api.get(claimOf(volume));
  if (claimant === undefined) setPhase(api, volume, 'Available');
  else if (uidOf(claim) !== claimant) setPhase(api, volume, 'Released');
  else if (textAt(claim, 'spec', 'volumeName') === textAt(volume, 'metadata', 'name')) setPhase(api, volume, 'Bound');
}

/** Whether Kubernetes holds an object that was deleted: a bound volume, and a claim that a pod names. */
export function isProtected(api: Pick<ApiServer, 'all'>, object: JsonObject): boolean {
  if (object.kind === 'PersistentVolume') return textAt(object, 'status', 'phase') === 'Bound';
  if (object.kind !== 'PersistentVolumeClaim') return false;
  const { namespace, name } = refOf(object);
  const pods = api.all().filter((one) => one.kind === 'Pod' && refOf(one).namespace === namespace);
  return pods.some((pod) =>
    listAt(pod, 'spec', 'volumes').some((volume) => textAt(volume, 'persistentVolumeClaim', 'claimName') === name),
  );
}

/** One look at every claim and volume, and at those of them that were deleted. */
export function controlVolumes(api: ApiServer): void {
  const each = (kind: string, look: (object: JsonObject) => void): void => {
    for (const object of api.all()) if (object.kind === kind) look(object);
  };
  each('PersistentVolumeClaim', (claim) => {
    if (isStatic(claim)) syncClaim(api, claim);
  });
  each('PersistentVolume', (volume) => {
    syncVolume(api, volume);
  });
  for (const kind of ['PersistentVolumeClaim', 'PersistentVolume'])
    each(kind, (object) => {
      if (textAt(object, 'metadata', 'deletionTimestamp') !== undefined) api.remove(refOf(object));
    });
}
