import {
  backupFolder,
  clusterName,
  databaseUser,
  defaultPostgresVersion,
  majorOf,
  testedImages,
} from '../api/v1alpha1/percona.ts';
import { bareEndpoint, bucketFolder } from '../api/v1alpha1/s3.ts';
import type { Input } from '../api/v1alpha1/input.ts';
import type { Spec } from '../api/v1alpha1/spec.ts';
import { metadataDatabase } from '../api/v1alpha1/stores.ts';
import type { Texts } from '../kubernetes/manifest.ts';
import { condition, type ObservedObject, type ObservedObjects } from '../kubernetes/object.ts';
import type { Secrets } from '../kubernetes/secret.ts';
import { decodeBase64 } from '../lib/hash.ts';
import { at, numberAt, textAt, textsAt, type JsonObject } from '../lib/json.ts';
import type { MissingSecret } from './credentials.ts';

/** A repository of backups in a bucket, in pgBackRest's words. */
export interface Repository {
  readonly bucket: string;
  readonly endpoint: string;
  readonly region: string;
  /** From the root of the bucket. */
  readonly path: string;
  readonly credentials: string;
  readonly uriStyle: 'path' | 'host';
  readonly verifyTls: boolean;
}

/** When a cluster is backed up, where to, and for how long that is kept. */
export interface BackupPlan {
  readonly repository: Repository;
  /** Cron expressions. */
  readonly schedules: { readonly full: string; readonly incremental: string };
  /** Days. */
  readonly retention: number;
  /** Why backups cannot be made: a Secret that is not there, or not in pgBackRest's form. */
  readonly missing: MissingSecret | undefined;
}

/** From which backups a new cluster is made. */
export type RestorePlan =
  | { readonly from: 'cluster'; readonly cluster: string; readonly until: string | undefined }
  | {
      readonly from: 'repository';
      readonly repository: Repository;
      readonly until: string | undefined;
      /** Why they cannot be read. */
      readonly missing: MissingSecret | undefined;
    };

/** A Percona cluster that is wanted. */
export interface ClusterPlan {
  readonly name: string;
  /** Labels of the platform for everything that belongs to the cluster. */
  readonly labels: Texts;
  readonly replicas: number;
  /** A Kubernetes quantity. */
  readonly storageSize: string;
  readonly storageClass: string | undefined;
  /** The server's user, who owns the databases. */
  readonly user: string;
  /** The first is the control plane's, of which the operator's Secret tells. */
  readonly databases: readonly string[];
  readonly postgresVersion: number;
  readonly crVersion: string | undefined;
  readonly images: { readonly postgres: string; readonly pgBouncer: string; readonly pgBackRest: string };
  readonly imagePullSecrets: readonly string[];
  readonly resources: JsonObject | undefined;
  readonly pgBouncer: { readonly replicas: number; readonly resources: JsonObject | undefined };
  /** Where the pods of PostgreSQL and pgBouncer may run. */
  readonly scheduling: JsonObject;
  readonly affinity: JsonObject | undefined;
  readonly minAvailable: number | undefined;
  readonly paused: boolean;
  readonly restore: RestorePlan | undefined;
  readonly backup: BackupPlan | undefined;
  /** Where the instances report to, with what, and which Secret opens it. */
  readonly monitoring: { readonly server: string; readonly image: string; readonly secret: string } | undefined;
  readonly overrides: JsonObject;
}

type Percona = Spec['percona'];

/**
 * The version and image of PostgreSQL. A major version never changes in place, so of a cluster that exists both stay
 * together; only a newer image of the same version is taken.
 */
function planVersion(
  { postgresVersion, images }: Percona,
  input: Input,
  existing: JsonObject | undefined,
): { readonly version: number; readonly image: string; readonly warnings: readonly string[] } {
  const usual = input.postgresVersion ?? defaultPostgresVersion;
  const wanted = postgresVersion ?? usual;
  const version = numberAt(existing, 'spec', 'postgresVersion') ?? wanted;
  const imageBefore = textAt(existing, 'spec', 'image');
  const platform = version === usual ? input.images.postgres : undefined;
  // What this release was tested with is for new clusters: an upgrade of the function would restart all others.
  const known = platform ?? imageBefore ?? testedImages.postgres[version] ?? '';
  const fits = [undefined, version].includes(majorOf(images.postgres ?? ''));
  if (version === wanted && fits) return { version, image: images.postgres ?? known, warnings: [] };
  if (version === wanted)
    return {
      version,
      image: known,
      warnings: [`spec.percona.images.postgres has no effect: it is not an image of PostgreSQL ${version}`],
    };
  // An image that was asked for is one of the version that was asked for.
  const image = images.postgres === undefined ? known : (imageBefore ?? known);
  if (postgresVersion === undefined) return { version, image, warnings: [] };
  return {
    version,
    image,
    warnings: [
      `spec.percona.postgresVersion ${wanted} has no effect: the cluster runs PostgreSQL ${version}, and a major version changes only through a PerconaPGUpgrade`,
    ],
  };
}

/** Where the credentials stand in a Secret, and what they look like there. */
const CREDENTIALS =
  'a key that ends in .conf, such as s3.conf, with the lines [global], repo1-s3-key=… and repo1-s3-key-secret=…';

/** What is missing of credentials in pgBackRest's own form; their values appear nowhere. */
function missingCredentials(name: string, secrets: Secrets): MissingSecret | undefined {
  if (secrets === 'unsupported') return undefined;
  const secret = secrets.get(name);
  const called = `Secret ${JSON.stringify(name)}`;
  if (secret === undefined)
    return { reason: 'SecretNotFound', message: `${called} does not exist; it needs ${CREDENTIALS}` };
  const files = Object.entries(textsAt(secret, 'data')).filter(([key]) => key.endsWith('.conf'));
  const isComplete = files
    .map(([, content]) => decodeBase64(content))
    .some((content) => /^\s*repo1-s3-key\s*=\s*\S/m.test(content) && /^\s*repo1-s3-key-secret\s*=\s*\S/m.test(content));
  if (isComplete) return undefined;
  return {
    reason: 'SecretKeyMissing',
    message: `${called} is not in the form that pgBackRest reads: it needs ${CREDENTIALS}`,
  };
}

function planBackup(
  percona: Percona,
  folder: string,
  secrets: Secrets,
  existing: JsonObject | undefined,
): BackupPlan | undefined {
  const before = textAt(existing, 'spec', 'backups', 'pgbackrest', 'global', 'repo1-path');
  const { enabled, bucket, endpoint, region, credentialsSecretRef, ...backup } = percona.backup;
  if (!enabled || bucket === undefined || endpoint === undefined || credentialsSecretRef === undefined)
    return undefined;
  return {
    repository: {
      bucket,
      endpoint: bareEndpoint(endpoint),
      region,
      // The operator does not notice another folder: it would go on writing to one that nobody has prepared.
      path: before ?? folder,
      credentials: credentialsSecretRef.name,
      uriStyle: backup.uriStyle,
      verifyTls: backup.verifyTLS,
    },
    schedules: { full: backup.fullSchedule, incremental: backup.incrSchedule },
    retention: backup.retentionDays,
    missing: missingCredentials(credentialsSecretRef.name, secrets),
  };
}

function prefixWarnings({ backup }: Percona, folder: string, plan: BackupPlan | undefined): readonly string[] {
  const path = plan?.repository.path ?? folder;
  if (backup.prefix === undefined || path === folder) return [];
  return [`spec.percona.backup.prefix has no effect: the backups of the cluster stay in ${path}`];
}

/** A time as pgBackRest takes it, `2026-01-31 12:00:00+00`; undefined for the latest. */
function toTarget(target: string): string | undefined {
  return target === 'latest' ? undefined : target.replace('T', ' ').replace('Z', '+00');
}

/**
 * Whether the cluster is still to be made from backups. Once its data is there nothing may ask for that again: a cluster
 * that is made anew over its kept volume would be restored over it. The Object remembers that by what it asks for.
 */
function isToBeRestored(object: ObservedObject | undefined): boolean {
  if (object === undefined) return true;
  const { live, manifest } = object;
  if (live === undefined) return at(manifest, 'spec', 'dataSource') !== undefined;
  const isAsked = at(live, 'spec', 'dataSource') !== undefined;
  return isAsked && condition(live, 'PostgresDataInitialized')?.status !== 'True';
}

function planRestore({ restoreFrom, backup }: Percona, secrets: Secrets): RestorePlan | undefined {
  if (restoreFrom === undefined) return undefined;
  const { cluster, s3 } = restoreFrom;
  const until = toTarget(restoreFrom.target);
  if (cluster !== undefined) return { from: 'cluster', cluster, until };
  if (s3 === undefined) return undefined;
  const repository: Repository = {
    bucket: s3.bucket,
    endpoint: bareEndpoint(s3.endpoint),
    region: s3.region,
    path: bucketFolder(s3.prefix),
    credentials: s3.credentialsSecretRef.name,
    uriStyle: backup.uriStyle,
    verifyTls: backup.verifyTLS,
  };
  return { from: 'repository', repository, until, missing: missingCredentials(repository.credentials, secrets) };
}

function planMonitoring({ monitoring }: Percona): ClusterPlan['monitoring'] {
  if (monitoring === undefined) return undefined;
  const { serverHost, image, secretRef } = monitoring.pmm;
  return { server: serverHost, image, secret: secretRef.name };
}

/** The control plane's database, and one for the metadata store that wants to be in the cluster. */
function planDatabases({ percona: { databaseName }, metadataStores = [] }: Spec): readonly string[] {
  const hasMetadata = metadataStores.some(({ postgres }) => postgres?.fromPercona === true);
  return hasMetadata ? [databaseName, metadataDatabase(databaseName)] : [databaseName];
}

/** The Percona cluster that is wanted, and what the spec says about it without effect; `inUse` by the server as it is. */
export function planCluster(
  server: { readonly name: string; readonly namespace: string; readonly spec: Spec },
  input: Input,
  secrets: Secrets,
  observed: ObservedObjects,
  inUse: boolean,
): { readonly cluster: ClusterPlan | undefined; readonly warnings: readonly string[] } {
  const { percona, replicas } = server.spec;
  if (!percona.enabled) return { cluster: undefined, warnings: [] };
  const object = observed.get('database');
  const existing = object?.live ?? object?.manifest;
  const { version, image, warnings } = planVersion(percona, input, existing);
  const folder = backupFolder(percona, server.namespace, server.name);
  const { tolerations, topologySpreadConstraints, priorityClassName } = percona;
  const pullSecrets = [...(percona.imagePullSecrets ?? []), ...input.imagePullSecrets].map(({ name }) => name);
  const cluster: ClusterPlan = {
    name: clusterName(server.name),
    labels: input.labels,
    replicas: percona.replicas,
    storageSize: percona.storageSize.text,
    storageClass: percona.storageClassName ?? input.storageClassName,
    databases: planDatabases(server.spec),
    user: databaseUser,
    postgresVersion: version,
    crVersion: percona.crVersion,
    images: {
      postgres: image,
      pgBouncer:
        percona.images.pgBouncer ??
        input.images.pgBouncer ??
        textAt(existing, 'spec', 'proxy', 'pgBouncer', 'image') ??
        testedImages.pgBouncer,
      pgBackRest:
        percona.images.pgBackRest ??
        input.images.pgBackRest ??
        textAt(existing, 'spec', 'backups', 'pgbackrest', 'image') ??
        testedImages.pgBackRest,
    },
    imagePullSecrets: [...new Set(pullSecrets)],
    resources: percona.resources,
    pgBouncer: { replicas: percona.pgBouncer.replicas, resources: percona.pgBouncer.resources },
    scheduling: { tolerations, topologySpreadConstraints, priorityClassName },
    affinity: percona.affinity,
    minAvailable: percona.minAvailable,
    // Not before the server uses it: it has to have come up once.
    paused: percona.paused || (percona.pauseWithServer && replicas === 0 && inUse),
    restore: isToBeRestored(object) ? planRestore(percona, secrets) : undefined,
    backup: planBackup(percona, folder, secrets, existing),
    monitoring: planMonitoring(percona),
    overrides: percona.overrides ?? {},
  };
  return { cluster, warnings: [...warnings, ...prefixWarnings(percona, folder, cluster.backup)] };
}
