import * as z from 'zod';
import { isObject, type JsonObject } from '../lib/json.ts';

/**
 * What a server is to serve, in the words of its own REST API: the function writes it, as plan.json, beside config.yaml
 * into the ConfigMap <name>-config, and the provisioner makes the server so.
 *
 * Only what stands here is compared and sent; what a field leaves out stays as the server has it. Sizes are bytes,
 * durations Go durations.
 */

/** Fields of a request, by name. */
const Fields = z.custom<JsonObject>(isObject);

/** A key of a Secret: the file `<folder of the Secrets>/<secret>/<key>`. */
export const SecretFile = z.strictObject({ secret: z.string(), key: z.string() });
export type SecretFile = z.output<typeof SecretFile>;

/**
 * A store. Its config is what the server takes, without secrets: each of `secrets` becomes a field of it. Fields of
 * `identity` (a path, a bucket) say where its data lies: they are sent when the store is made, and never again.
 */
const Store = z.strictObject({
  name: z.string(),
  type: z.string(),
  config: Fields,
  /** Names of the fields of config that never change. */
  identity: z.array(z.string()),
  /** Fields of config that come from Secrets; those of a PostgreSQL may be its host and user, too. */
  secrets: z.record(z.string(), SecretFile),
  /** Made only together with a fallback share. */
  fallback: z.boolean(),
});
export type DeclaredStore = z.output<typeof Store>;

const Group = z.strictObject({
  name: z.string(),
  gid: z.int().optional(),
  description: z.string().optional(),
});
export type DeclaredGroup = z.output<typeof Group>;

const User = z.strictObject({
  name: z.string(),
  password: SecretFile,
  role: z.enum(['user', 'operator', 'admin']),
  uid: z.int().optional(),
  gid: z.int().optional(),
  groups: z.array(z.string()),
  enabled: z.boolean(),
  email: z.string().optional(),
  display_name: z.string().optional(),
});
export type DeclaredUser = z.output<typeof User>;

const SnapshotPolicy = z.strictObject({
  interval: z.string(),
  keep_last: z.int(),
  /** Empty: they are kept until keep_last removes them. */
  ttl: z.string(),
  enabled: z.boolean(),
  name_prefix: z.string(),
});
export type DeclaredSnapshotPolicy = z.output<typeof SnapshotPolicy>;

const Permission = z.strictObject({
  type: z.enum(['user', 'group']),
  name: z.string(),
  level: z.enum(['none', 'read', 'read-write', 'admin']),
});
export type DeclaredPermission = z.output<typeof Permission>;

const Quota = z.strictObject({
  scope: z.enum(['user', 'group']),
  /** The uid or gid. */
  id: z.int(),
  limit_bytes: z.int(),
  soft_bytes: z.int(),
  limit_files: z.int(),
  soft_files: z.int(),
  grace_seconds: z.int(),
});
export type DeclaredQuota = z.output<typeof Quota>;

const Share = z.strictObject({
  /** With its one leading slash. */
  name: z.string(),
  /** Names of stores. Sent when the share is made, and never again: another store would show its files as zeros. */
  metadata_store: z.string(),
  local_block_store: z.string(),
  remote_block_store: z.string().optional(),
  /** Name of a user; sent when the share is made. */
  owner: z.string().optional(),
  enabled: z.boolean(),
  /** Fields of the share itself, as PUT takes them; sizes (quota_bytes, local_store_size, …) are bytes, 0 for none. */
  settings: Fields,
  /** Options of its NFS export, as PATCH takes them. */
  nfs: Fields,
  permissions: z.array(Permission),
  quotas: z.array(Quota),
  snapshot_policy: SnapshotPolicy.optional(),
  /** Made only where the server has no share yet. */
  fallback: z.boolean(),
});
export type DeclaredShare = z.output<typeof Share>;

const Adapter = z.strictObject({
  enabled: z.boolean(),
  port: z.int(),
  /** As PATCH takes them. */
  settings: Fields,
});
export type DeclaredAdapter = z.output<typeof Adapter>;

/** Everything that a server is to serve. */
export const ServingPlan = z.strictObject({
  /** SHA-256 over the rest: what the provisioner has applied is told by it. */
  revision: z.string(),
  /** Where the administrator's password is. */
  admin: SecretFile,
  /** Whether what the provisioner made itself and is no longer declared is removed; shares never with their data. */
  prune: z.boolean(),
  metadata_stores: z.array(Store),
  local_block_stores: z.array(Store),
  remote_block_stores: z.array(Store),
  groups: z.array(Group),
  users: z.array(User),
  shares: z.array(Share),
  /** Snapshot policies of shares that may have been made by hand, by the share's name. */
  snapshot_policies: z.record(z.string(), SnapshotPolicy),
  adapters: z.strictObject({ nfs: Adapter, smb: Adapter }),
});
export type ServingPlan = z.output<typeof ServingPlan>;

/** What became of one declared share. */
const ShareReport = z.object({
  name: z.string(),
  /** Whether it is as declared, and the server has it loaded and healthy. */
  ready: z.boolean(),
  /** Why not; empty where it is ready. */
  message: z.string(),
});
export type ShareReport = z.output<typeof ShareReport>;

/** Something declared that the server does not have, or has otherwise. */
const ReportedProblem = z.object({
  /** What it is about, such as `user "alice"`. */
  about: z.string(),
  message: z.string(),
});
export type ReportedProblem = z.output<typeof ReportedProblem>;

/** What the provisioner says of its last round: report.json in the ConfigMap <name>-provisioner-status; a newer one may say more. */
export const ProvisionerReport = z.object({
  /** Revision of the plan that was tried. */
  revision: z.string(),
  shares: z.array(ShareReport),
  problems: z.array(ReportedProblem),
});
export type ProvisionerReport = z.output<typeof ProvisionerReport>;

/** Seconds after which a provisioner that is asked to stop is ended: it waits 70 for the answer to what it is just writing. */
export const stopSeconds = 90;

/**
 * The keys of that ConfigMap.
 *
 * `revision`: of the plan that was applied as a whole, else empty. `restart`: changes whenever the server has to start
 * again to use what was applied; empty until it first has to. `report.json`: a ProvisionerReport.
 */
export const statusKeys = { revision: 'revision', restart: 'restart', report: 'report.json' } as const;
