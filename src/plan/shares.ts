import type { DeclaredQuota, DeclaredShare, DeclaredSnapshotPolicy } from '../api/provisioning.ts';
import { knownGroups, knownUsers } from '../api/v1alpha1/people.ts';
import { shareNamed } from '../api/v1alpha1/snapshots.ts';
import type { Input } from '../api/v1alpha1/input.ts';
import type { Spec } from '../api/v1alpha1/spec.ts';
import { defaultStore, meantStore } from '../api/v1alpha1/stores.ts';
import { wholeSeconds } from '../lib/duration.ts';
import { defined, type JsonObject } from '../lib/json.ts';
import { wholeUnits, type Quantity } from '../lib/quantity.ts';
import { inSnakeCase } from '../lib/snake-case.ts';
import type { BlockVolume } from './volumes.ts';

type Share = NonNullable<Spec['shares']>[number];
type Policy = NonNullable<Share['snapshotPolicy']>;

/** The share of a server whose spec says nothing of shares: what a quick start mounts. */
const FALLBACK_SHARE = '/export';

/**
 * Bytes that a share without a remote store may keep: more than any disk has. By itself the server gives it a quarter of
 * its memory, and then lets writes fail although the volume has room.
 */
const WHOLE_VOLUME = 2 ** 50;

/** The most that a share keeps in its local block store; 0 leaves that to the store, and to the server. */
function localSize({ cacheSize, remoteBlockStore, localBlockStore }: Share, { blockStores }: Spec): number {
  const store = meantStore(localBlockStore, blockStores?.local);
  const isLimited = blockStores?.local?.some(({ name, maxSize }) => name === store && maxSize !== undefined) ?? false;
  if (cacheSize !== undefined) return wholeUnits(cacheSize);
  return remoteBlockStore !== undefined || isLimited ? 0 : WHOLE_VOLUME;
}

/** Bytes; 0 takes a limit away. */
function bytes(size: Quantity | undefined): number {
  return size === undefined ? 0 : wholeUnits(size);
}

function snapshotPolicy({ interval, keepLast, ttl, enabled, namePrefix }: Policy): DeclaredSnapshotPolicy {
  return { interval, keep_last: keepLast, ttl, enabled, name_prefix: namePrefix };
}

/** The fields of a share that can change. The server empties a recycle bin that is turned off: unsaid, it stays as it is. */
function settings(share: Share, spec: Spec): JsonObject {
  const { retention, trash, smb } = share;
  return defined({
    read_only: share.readOnly,
    default_permission: share.defaultPermission,
    encrypt_data: share.encryptData,
    quota_bytes: bytes(share.quota),
    local_store_size: localSize(share, spec),
    read_buffer_size: bytes(share.readBufferSize),
    blocked_operations: share.blockedOperations,
    retention_policy: retention?.policy,
    retention_ttl: retention?.ttl?.text,
    access_based_enumeration: smb.accessBasedEnumeration,
    change_notify_disabled: !smb.changeNotify,
    streams_disabled: !smb.streams,
    continuous_availability: smb.continuousAvailability,
    allow_mfsymlink: smb.mfsymlinks,
    ...(trash !== undefined && {
      trash_enabled: trash.enabled,
      trash_retention_days: trash.retentionDays,
      trash_restrict_to_admin: trash.restrictToAdmin,
      trash_max_bytes: bytes(trash.maxSize),
      trash_exclude_patterns: trash.excludePatterns,
    }),
  });
}

/** The quotas of a share's users and groups, for the server by number; who has none was refused before. */
function quotas({ quotas: declared }: Share, spec: Spec): readonly DeclaredQuota[] {
  return declared.flatMap(({ type, name, limit, softLimit, files, softFiles, grace }) => {
    const id = (type === 'user' ? knownUsers(spec) : knownGroups(spec)).get(name);
    if (id === undefined) return [];
    const quota: DeclaredQuota = {
      scope: type,
      id,
      limit_bytes: bytes(limit),
      soft_bytes: bytes(softLimit),
      limit_files: files ?? 0,
      soft_files: softFiles ?? 0,
      grace_seconds: grace === undefined ? 0 : wholeSeconds(grace),
    };
    return [quota];
  });
}

type Named = readonly { readonly name: string }[];

/** The store that a share means; one that does not say which was refused before. */
function storeOf(named: string | undefined, declared: Named | undefined): string {
  return meantStore(named, declared) ?? defaultStore;
}

function planShare(share: Share, spec: Spec): DeclaredShare {
  return {
    name: share.name,
    metadata_store: storeOf(share.metadataStore, spec.metadataStores),
    local_block_store: storeOf(share.localBlockStore, spec.blockStores?.local),
    remote_block_store: share.remoteBlockStore,
    owner: share.owner,
    enabled: share.enabled,
    settings: { ...settings(share, spec) },
    nfs: { ...inSnakeCase({ ...share.nfs }) },
    permissions: share.permissions.map((permission) => ({ ...permission })),
    quotas: [...quotas(share, spec)],
    snapshot_policy: share.snapshotPolicy === undefined ? undefined : snapshotPolicy(share.snapshotPolicy),
    fallback: false,
  };
}

function fallbackShare(spec: Spec, { maxSizes }: Input): DeclaredShare {
  return {
    name: FALLBACK_SHARE,
    metadata_store: storeOf(undefined, spec.metadataStores),
    local_block_store: storeOf(undefined, spec.blockStores?.local),
    enabled: true,
    settings: {
      default_permission: 'read-write',
      local_store_size: WHOLE_VOLUME,
      ...(maxSizes.quota !== undefined && { quota_bytes: bytes(maxSizes.quota) }),
    },
    nfs: {},
    permissions: [],
    quotas: [],
    fallback: true,
  };
}

/** The shares that the spec declares; where it says nothing of shares, one for a server that has none. */
export function planShares(spec: Spec, input: Input): readonly DeclaredShare[] {
  return spec.shares === undefined ? [fallbackShare(spec, input)] : spec.shares.map((share) => planShare(share, spec));
}

/** Whether a user has any right on a share, through groups or by itself. */
function mayEnter({ defaultPermission, permissions }: Share, name: string, { users = [] }: Spec): boolean {
  const user = users.find((candidate) => candidate.name === name);
  if (user === undefined || user.role === 'admin' || defaultPermission !== 'none') return true;
  return permissions.some(
    (one) => one.level !== 'none' && (one.type === 'user' ? one.name === name : user.groups.includes(one.name)),
  );
}

/** Whether a share in S3 has its local tier where the default block store was put before there was a volume for it. */
function liesBesideMetadata(
  { localBlockStore, remoteBlockStore }: Share,
  { blockStores }: Spec,
  defaultBlocks: BlockVolume,
): boolean {
  const store = storeOf(localBlockStore, blockStores?.local);
  return remoteBlockStore !== undefined && store === defaultStore && defaultBlocks === 'metadata';
}

/** What is legal about shares and of no use, or open to more people than it looks. */
export function shareWarnings(spec: Spec, defaultBlocks: BlockVolume): readonly string[] {
  const { signing } = spec.smb.settings ?? {};
  const unsigned = spec.smb.enabled && signing !== undefined && signing !== 'required';
  return (spec.shares ?? []).flatMap((share, index) => {
    const field = `spec.shares[${index}]`;
    const { name, enabled, defaultPermission, volume } = share;
    const mounter = volume?.user;
    return [
      ...(unsigned && defaultPermission === 'read-write'
        ? [
            `spec.smb.settings.signing ${JSON.stringify(signing)} lets clients without a name write to share ${JSON.stringify(name)}`,
          ]
        : []),
      ...(liesBesideMetadata(share, spec, defaultBlocks)
        ? [
            `${field} keeps what is not in S3 yet on the metadata volume, where the default block store is: a new share can name a localBlockStore on another`,
          ]
        : []),
      ...(volume !== undefined && !enabled ? [`${field}.volume has no effect: the share is not enabled`] : []),
      ...(mounter !== undefined && !mayEnter(share, mounter, spec)
        ? [`${field}.volume.user ${JSON.stringify(mounter)} has no permission on the share`]
        : []),
    ];
  });
}

/** Snapshot policies of shares that need not be declared, by the name of the share with its slash. */
export function planSnapshotPolicies({
  snapshotPolicies = [],
}: Spec): Readonly<Record<string, DeclaredSnapshotPolicy>> {
  return Object.fromEntries(
    snapshotPolicies.map(({ share, ...policy }) => [shareNamed(share), snapshotPolicy(policy)]),
  );
}

/** How many shares keep their blocks in S3: each of them may hold the server up at its start while S3 is away. */
export function countRemoteShares({ shares = [] }: Spec): number {
  return shares.filter(({ remoteBlockStore }) => remoteBlockStore !== undefined).length;
}
