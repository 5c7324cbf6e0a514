import { isMissing, type ObservedObjects } from '../kubernetes/object.ts';
import { at, textAt, textsAt } from '../lib/json.ts';
import { compareQuantities, parseQuantity } from '../lib/quantity.ts';
import type { Input } from '../api/v1alpha1/input.ts';
import { defaultMetadataSize } from '../api/v1alpha1/limits.ts';
import type { Spec } from '../api/v1alpha1/spec.ts';
import type { Texts } from '../kubernetes/manifest.ts';
import { claimName } from './names.ts';

/** The volumes that a server can have. */
const volumeNames = ['metadata', 'content', 'cache', 'controlplane'] as const;
export type VolumeName = (typeof volumeNames)[number];

/** The volumes on which block stores may lie, the one that a server always may have first. */
const blockVolumes = ['metadata', 'cache', 'content'] as const;
export type BlockVolume = (typeof blockVolumes)[number];

/** The annotation of the claim on which the default local block store lies. */
const DEFAULT_BLOCKS = 'dittofs.dittofs.com/default-block-store';

/** A volume of the server. */
export interface Volume {
  readonly name: VolumeName;
  readonly claim: string;
  readonly annotations: Texts | undefined;
  /** A Kubernetes quantity. */
  readonly size: string;
}

/** The composition key of a volume's claim. */
export function volumeKey<N extends VolumeName>(name: N): `volume-${N}` {
  return `volume-${name}`;
}

/**
 * The volume of the default local block store: the first that the spec asks for of content, cache and metadata, when the
 * store is made. There it stays, whatever volumes come later, even for a DittoServer that is made anew on volumes that
 * were kept: so their claims remember it.
 */
export function defaultBlockVolume({ storage }: Spec, observed: ObservedObjects): BlockVolume {
  const remembered = blockVolumes.find((name) => {
    const object = observed.get(volumeKey(name));
    // As it is, or as we asked for it: somebody may have taken the annotation away.
    return [object?.live, object?.manifest].some(
      (claim) => DEFAULT_BLOCKS in textsAt(claim, 'metadata', 'annotations'),
    );
  });
  if (remembered !== undefined) return remembered;
  if (storage.contentSize !== undefined) return 'content';
  return storage.cacheSize === undefined ? 'metadata' : 'cache';
}

/** The size that the spec asks for. */
function writtenSize(name: VolumeName, { storage }: Spec): string | undefined {
  switch (name) {
    case 'metadata':
      return storage.metadataSize?.text;
    case 'content':
      return storage.contentSize?.text;
    case 'cache':
      return storage.cacheSize?.text;
    case 'controlplane':
      return storage.controlPlaneSize.text;
  }
}

/** The size of a volume that exists; a wish that was refused so far does not count. */
function existingSize(name: VolumeName, observed: ObservedObjects): string | undefined {
  const object = observed.get(volumeKey(name));
  const path = ['spec', 'resources', 'requests', 'storage'] as const;
  return textAt(object?.live, ...path) ?? textAt(object?.manifest, ...path);
}

/** Tells whether a claim's own StorageClass is known to let no volume grow; then growing it would only be refused. */
function forbidsGrowth(name: VolumeName, observed: ObservedObjects): boolean {
  const storageClass = observed.get('storage-class')?.live;
  const ownClass = textAt(observed.get(volumeKey(name))?.live, 'spec', 'storageClassName');
  if (storageClass === undefined || textAt(storageClass, 'metadata', 'name') !== ownClass) return false;
  return at(storageClass, 'allowVolumeExpansion') !== true;
}

/** Tells whether one size is more than another; both are quantities that were checked before. */
function isMore(size: string, than: string): boolean {
  const [one, other] = [parseQuantity(size), parseQuantity(than)];
  return one !== undefined && other !== undefined && compareQuantities(one, other) > 0;
}

/**
 * The volumes of a server, and what cannot be done about them.
 *
 * One that was made stays although the spec no longer asks for it: until the DittoServer goes, with the size that it
 * has. One that cannot grow stays as it is, because a refused change would block its deletion too.
 */
export function planVolumes(
  server: string,
  spec: Spec,
  needs: { readonly metadata: boolean; readonly defaultBlocks: BlockVolume },
  observed: ObservedObjects,
): { volumes: readonly Volume[]; warnings: readonly string[] } {
  const volumes: Volume[] = [];
  const warnings: string[] = [];
  for (const name of volumeNames) {
    const claim = claimName(name, server);
    const annotations = name === needs.defaultBlocks ? { [DEFAULT_BLOCKS]: 'true' } : undefined;
    const existing = existingSize(name, observed);
    const needed = name === 'metadata' && needs.metadata ? defaultMetadataSize : undefined;
    const wanted = writtenSize(name, spec) ?? existing ?? needed;
    if (wanted === undefined) continue;
    if (existing !== undefined && isMore(wanted, existing) && forbidsGrowth(name, observed)) {
      volumes.push({ name, claim, annotations, size: existing });
      warnings.push(
        `PersistentVolumeClaim ${JSON.stringify(claim)} stays at ${existing}: its StorageClass allows no expansion`,
      );
    } else volumes.push({ name, claim, annotations, size: wanted });
  }
  return { volumes, warnings };
}

/** Tells whether the StorageClass was looked for and is not there. */
export function isStorageClassMissing(observed: ObservedObjects): boolean {
  const object = observed.get('storage-class');
  return object !== undefined && isMissing(object);
}

/** The StorageClass that is wanted for all volumes; undefined is the cluster's default. */
export function planStorageClass({ storage }: Spec, input: Input): string | undefined {
  return storage.storageClassName ?? input.storageClassName;
}
