import type { ObservedObjects } from '../kubernetes/object.ts';
import { textAt } from '../lib/json.ts';
import type { Input } from '../api/v1alpha1/input.ts';
import { defaultMetadataSize } from '../api/v1alpha1/limits.ts';
import type { Spec } from '../api/v1alpha1/spec.ts';
import { claimName } from './names.ts';

/** The volumes that a server can have. */
export const volumeNames = ['metadata', 'content', 'controlplane'] as const;
export type VolumeName = (typeof volumeNames)[number];

/** A volume of the server. */
export interface Volume {
  readonly name: VolumeName;
  readonly claim: string;
  /** A Kubernetes quantity. */
  readonly size: string;
}

/** The composition key of a volume's claim. */
export function volumeKey<N extends VolumeName>(name: N): `volume-${N}` {
  return `volume-${name}`;
}

/**
 * The volumes of a server. One that was made stays although the spec no longer asks for it: until the DittoServer
 * goes, with the size that it has.
 */
export function planVolumes(server: string, { storage }: Spec, observed: ObservedObjects): readonly Volume[] {
  const wanted: Readonly<Record<VolumeName, string | undefined>> = {
    // The default metadata store and the default local block store live on it.
    metadata: storage.metadataSize?.text ?? defaultMetadataSize,
    content: storage.contentSize?.text,
    controlplane: storage.controlPlaneSize.text,
  };
  return volumeNames.flatMap((name) => {
    const manifest = observed.get(volumeKey(name))?.manifest;
    const size = wanted[name] ?? textAt(manifest, 'spec', 'resources', 'requests', 'storage');
    return size === undefined ? [] : [{ name, claim: claimName(name, server), size }];
  });
}

/** The StorageClass of all volumes; undefined is the cluster's default. */
export function planStorageClass({ storage }: Spec, input: Input): string | undefined {
  return storage.storageClassName ?? input.storageClassName;
}
