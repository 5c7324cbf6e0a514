import type { Input } from '../api/v1alpha1/input.ts';
import { volumeVersion } from '../api/v1alpha1/shares.ts';
import type { Spec } from '../api/v1alpha1/spec.ts';
import { isOurs, type Marks } from '../kubernetes/marks.ts';
import type { ObservedObjects } from '../kubernetes/object.ts';
import { sha256 } from '../lib/hash.ts';
import { covers, objectAt, textAt, type JsonObject } from '../lib/json.ts';
import { userSecretName, type Names } from './names.ts';
import type { Provisioning } from './provisioning.ts';

type Share = NonNullable<Spec['shares']>[number];
type Volume = NonNullable<Share['volume']>;

/** The volume of a share, which pods can use at once: a PersistentVolume bound to a PersistentVolumeClaim. */
export interface ShareVolume {
  /** Name of the share, without its slash. */
  readonly share: string;
  readonly volume: string;
  readonly claim: string;
  /** The share's quota, which the server enforces. */
  readonly capacity: string;
  /** What the claim asks for: it cannot change, because nothing of it is provisioned. */
  readonly requested: string;
  readonly accessModes: readonly string[];
  readonly mountOptions: readonly string[];
  /** How nodes mount it; undefined while that is not known. */
  readonly source: JsonObject | undefined;
  /** The claim that the volume belongs to, once it is there: a claim that was deleted leaves another one’s mark. */
  readonly claimUid: string | undefined;
  /** What goes because the source is another now, which cannot change: first the claim, and without it the volume. */
  readonly replaced: 'nothing' | 'claim' | 'volume';
  /** Whether the server serves the share by now, or did when the volume was made. */
  readonly served: boolean;
}

/** The composition keys of a share's volume and claim. */
export function shareVolumeKeys(share: string): { readonly volume: `pv.${string}`; readonly claim: `pvc.${string}` } {
  return { volume: `pv.${share}`, claim: `pvc.${share}` };
}

/** Whose volumes they are. */
interface Whose {
  readonly server: string;
  readonly namespace: string;
  readonly names: Names;
  readonly marks: Marks;
}

/** Standard ports need no option. */
const standardPorts = { nfs: 2049, smb: 445 } as const;

/** The longest volume handle: https://github.com/container-storage-interface/spec/blob/master/spec.md#size-limits */
const LONGEST_HANDLE = 128;

/** A volume's handle: its name, or as much of it as may be, and a hash of the rest. */
function handleOf(name: string): string {
  if (name.length <= LONGEST_HANDLE) return name;
  return `${name.slice(0, LONGEST_HANDLE - 9)}-${sha256(name).slice(0, 8)}`;
}

/** A file server's name is known to the CSI drivers; the kubelet resolves none of the cluster's names. */
function sourceOf(
  { protocol, driver, user }: Volume,
  share: string,
  handle: string,
  { server, namespace, names }: Whose,
  observed: ObservedObjects,
): JsonObject | undefined {
  const host = `${names.fileService}.${namespace}.svc`;
  if (driver === 'inTree') {
    const address = textAt(observed.get('file-service')?.live, 'spec', 'clusterIP');
    return address === undefined ? undefined : { nfs: { server: address, path: share } };
  }
  if (protocol === 'nfs') {
    return {
      csi: { driver: 'nfs.csi.k8s.io', volumeHandle: handleOf(handle), volumeAttributes: { server: host, share } },
    };
  }
  return {
    csi: {
      driver: 'smb.csi.k8s.io',
      volumeHandle: handleOf(handle),
      volumeAttributes: { source: `//${host}${share}` },
      nodeStageSecretRef: { name: userSecretName(user ?? '', server), namespace },
    },
  };
}

/** Options of the mount; those of the user come last, and win. */
function optionsOf({ protocol, mountOptions }: Volume, spec: Spec, { mountOptions: platform }: Input): string[] {
  const written = [...platform, ...mountOptions];
  const port = spec[protocol].port;
  const says = (...options: readonly string[]): boolean =>
    written.some((option) => options.some((name) => option.startsWith(`${name}=`)));
  const own =
    protocol === 'nfs'
      ? says('nfsvers', 'vers')
        ? []
        : [`nfsvers=${volumeVersion}`]
      : ['dir_mode', 'file_mode'].filter((name) => !says(name)).map((name) => `${name}=0777`);
  const elsewhere = port === standardPorts[protocol] || says('port') ? [] : [`port=${port}`];
  return [...own, ...elsewhere, ...written];
}

/** What of a PersistentVolume says how it is mounted. */
function mountedFrom(volume: JsonObject | undefined): JsonObject | undefined {
  const csi = objectAt(volume, 'spec', 'csi');
  const nfs = objectAt(volume, 'spec', 'nfs');
  if (csi !== undefined) return { csi };
  return nfs === undefined ? undefined : { nfs };
}

/** The claim that a PersistentVolume says it belongs to. */
function claimantOf(volume: JsonObject | undefined): string | undefined {
  return textAt(volume, 'spec', 'claimRef', 'uid');
}

/** What is there of a share's volume, unless it is somebody else's. */
interface Pair {
  readonly volume: JsonObject | undefined;
  readonly claim: JsonObject | undefined;
  /** What the volume was asked to be so far. */
  readonly before: JsonObject | undefined;
  /** Whether the claim is gone for good, and the volume may go, too. */
  readonly volumeMayGo: boolean;
}

function pairOf(share: string, marks: Marks, observed: ObservedObjects): Pair {
  const keys = shareVolumeKeys(share);
  const ours = (key: string): JsonObject | undefined => {
    const live = observed.get(key)?.live;
    return live !== undefined && isOurs(live, marks) ? live : undefined;
  };
  const object = observed.get(keys.volume);
  return {
    volume: ours(keys.volume),
    claim: ours(keys.claim),
    before: object?.manifest,
    // To let go of a volume that nothing may delete would leave it as it is.
    volumeMayGo: !observed.has(keys.claim) && object?.managementPolicies.includes('*') === true,
  };
}

/** The claim that a volume is kept for. */
function claimantFor({ volume, claim, before }: Pair): string | undefined {
  // A volume that is being deleted would stay for good if another claim were bound to it.
  const isGoing = textAt(volume, 'metadata', 'deletionTimestamp') !== undefined;
  const claimant = isGoing ? claimantOf(volume) : textAt(claim, 'metadata', 'uid');
  return claimant ?? claimantOf(before);
}

/** The volumes of the shares that ask for one. */
export function planShareVolumes(
  spec: Spec,
  input: Input,
  whose: Whose,
  { shares: reported }: Provisioning,
  observed: ObservedObjects,
): readonly ShareVolume[] {
  const { server, namespace, marks } = whose;
  return (spec.shares ?? []).flatMap(({ name, volume: asked, quota }): ShareVolume[] => {
    if (asked === undefined || quota === undefined) return [];
    const share = name.slice(1);
    const isMade = observed.has(shareVolumeKeys(share).volume);
    const served = isMade || reported.some((report) => report.name === name && report.ready);
    // A server that was never started serves nothing, and is well.
    if (!served && spec.replicas === 0) return [];

    const pair = pairOf(share, marks, observed);
    const handle = `${namespace}.${server}.${share}`;
    const wanted = sourceOf(asked, name, handle, whose, observed);
    const has = mountedFrom(pair.volume);
    const isOther = wanted !== undefined && has !== undefined && !covers(has, wanted);
    return [
      {
        share,
        volume: handle,
        claim: `${server}.${share}`,
        capacity: quota.text,
        requested: textAt(pair.claim, 'spec', 'resources', 'requests', 'storage') ?? quota.text,
        accessModes: asked.accessModes,
        mountOptions: optionsOf(asked, spec, input),
        // What was asked for before counts where nothing is known, as after the restoring of a control plane.
        source: isOther ? has : (wanted ?? has ?? mountedFrom(pair.before)),
        claimUid: claimantFor(pair),
        replaced: !isOther ? 'nothing' : pair.volumeMayGo ? 'volume' : 'claim',
        served,
      },
    ];
  });
}

/** Shares whose volumes were made, and that ask for none any more. */
export function formerShareVolumes(volumes: readonly ShareVolume[], observed: ObservedObjects): readonly string[] {
  const shares = [...observed.keys()].flatMap((key) => /^pvc?\.(.*)$/.exec(key)?.[1] ?? []);
  return [...new Set(shares)].filter((share) => !volumes.some((volume) => volume.share === share)).sort();
}
