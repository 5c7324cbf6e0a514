import { createPrivateKey, randomBytes } from 'node:crypto';
import { at, isObject, listAt, numberAt, objectAt, textAt, type JsonObject } from '../../../../src/lib/json.ts';
import { authority, leaf } from '../../../../lab/certificates.ts';
import { base64 } from '../../../support/json.ts';
import type { Tenant } from './tenant.ts';

/** A state of a PerconaPGCluster; there is none for failures. */
export type ClusterState = 'initializing' | 'ready' | 'stopping' | 'paused';

/** A condition, but for when and of which generation it was said. */
export interface Said extends JsonObject {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** What may differ from a state in which all is well. */
export interface Report {
  /** Instances that serve. */
  readonly ready?: number;
  /** Conditions beside those that come with the state. */
  readonly conditions?: readonly Said[];
}

/** Plays Percona's operator for one PerconaPGCluster, where a test decides what happens and when. */
export interface PerconaStandIn {
  /** Writes its version into the spec, which makes a new generation; once, before all else. */
  readonly adopt: () => Promise<void>;
  /** Makes the Secrets of all users and of the certificate; what is there already keeps its password. */
  readonly makeSecrets: () => Promise<void>;
  /** Writes a status for the spec as it is now. Conditions add to what was said before: none is ever taken back. */
  readonly report: (state: ClusterState, report?: Report) => Promise<void>;
  /** Lets a deleted cluster go, and deletes what its finalizers say. */
  readonly letGo: () => Promise<void>;
}

function said(type: string, status: 'True' | 'False', reason: string, message = ''): Said {
  return { type, status, reason, message };
}

/** Conditions in the operator's words. */
export const words = {
  repoHostReady: said(
    'PGBackRestRepoHostReady',
    'True',
    'RepoHostReady',
    'pgBackRest dedicated repository host is ready',
  ),
  repoHostNotReady: said(
    'PGBackRestRepoHostReady',
    'False',
    'RepoHostNotReady',
    'pgBackRest dedicated repository host is not ready',
  ),
  repositoryReady: said(
    'PGBackRestReplicaRepoReady',
    'True',
    'StanzaCreated',
    'pgBackRest replica create repo is ready for backups',
  ),
  repositoryNotReady: said(
    'PGBackRestReplicaRepoReady',
    'False',
    'StanzaNotCreated',
    'pgBackRest replica create repo is not ready for backups',
  ),
  firstBackupMade: said(
    'PGBackRestReplicaCreate',
    'True',
    'RepoBackupComplete',
    'pgBackRest replica creation is now possible',
  ),
  firstBackupPending: said(
    'PGBackRestReplicaCreate',
    'False',
    'RepoBackupNotComplete',
    'pgBackRest replica creation is not currently possible',
  ),
  proxyAvailable: said('ProxyAvailable', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.'),
  restored: said(
    'PostgresDataInitialized',
    'True',
    'PGBackRestRestoreComplete',
    'pgBackRest restore completed successfully',
  ),
  restoreFailed: said('PostgresDataInitialized', 'False', 'PGBackRestRestoreFailed', 'pgBackRest restore failed'),
  backupRemovalRefused: said(
    'Progressing',
    'False',
    'Paused',
    'Reconciliation is paused: please fill in spec.backups or add the postgres-operator.crunchydata.com/authorizeBackupRemoval annotation to authorize backup removal.',
  ),
} as const;

/** What is said once the first backup is made. */
export const backedUp: readonly Said[] = [words.repositoryReady, words.firstBackupMade];

/** Whether backups can be made, which follows from the other conditions. */
function readyForBackup(conditions: ReadonlyMap<string, JsonObject>): Said {
  const missing = ['PGBackRestRepoHostReady', 'PGBackRestReplicaCreate'].find(
    (type) => conditions.get(type)?.status !== 'True',
  );
  return missing === undefined
    ? said('ReadyForBackup', 'True', 'AllConditionsAreTrue')
    : said('ReadyForBackup', 'False', missing);
}

function hasBackups(cluster: JsonObject): boolean {
  return at(cluster, 'spec', 'backups', 'enabled') !== false;
}

function conditionsOf(cluster: JsonObject, state: ClusterState, added: readonly Said[]): readonly JsonObject[] {
  const before = listAt(cluster, 'status', 'conditions').filter(isObject);
  const generation = numberAt(cluster, 'metadata', 'generation');
  const backups = hasBackups(cluster);
  const now: readonly Said[] = [
    ...(state === 'ready' ? [words.proxyAvailable] : []),
    ...(backups ? [state === 'ready' ? words.repoHostReady : words.repoHostNotReady] : []),
    ...added,
  ];
  const once = backups ? [words.repositoryNotReady, words.firstBackupPending] : [];
  const conditions = new Map(
    [...once, ...before, ...now].map((one): [string, JsonObject] => [textAt(one, 'type') ?? '', one]),
  );
  // It goes by the type of the condition that it follows from, and names no generation.
  conditions.set('ReadyForBackup', readyForBackup(conditions));
  return [...conditions.values()].map((one) => {
    const former = before.find(({ type }) => type === one.type);
    const fresh = former === undefined || former.status !== one.status;
    return {
      ...(one.type !== 'ReadyForBackup' && { observedGeneration: generation }),
      ...one,
      lastTransitionTime: fresh ? new Date().toISOString().replace(/\.\d+/, '') : former.lastTransitionTime,
    };
  });
}

/** How far the repositories of backups are. */
function pgBackRestOf(cluster: JsonObject, conditions: readonly JsonObject[]): JsonObject {
  if (!hasBackups(cluster)) return {};
  const holds = (type: string): boolean => conditions.some((one) => one.type === type && one.status === 'True');
  const repos = listAt(cluster, 'spec', 'backups', 'pgbackrest', 'repos').map((repo) => ({
    name: textAt(repo, 'name') ?? '',
    repoOptionsHash: 'fbdd864b',
    stanzaCreated: holds('PGBackRestReplicaRepoReady'),
    ...(holds('PGBackRestReplicaCreate') && { replicaCreateBackupComplete: true }),
  }));
  return { repoHost: { apiVersion: 'apps/v1', kind: 'StatefulSet', ready: holds('PGBackRestRepoHostReady') }, repos };
}

function statusOf(cluster: JsonObject, state: ClusterState, { ready, conditions = [] }: Report): JsonObject {
  const { name, namespace } = nameOf(cluster);
  const proxy = objectAt(cluster, 'spec', 'proxy', 'pgBouncer');
  const proxies = numberAt(proxy, 'replicas') ?? 1;
  const size = state === 'paused' ? 0 : (numberAt(cluster, 'spec', 'instances', 0, 'replicas') ?? 1);
  const serving = ready ?? (state === 'initializing' ? 0 : size);
  const all = conditionsOf(cluster, state, conditions);
  return {
    state,
    host: `${name}-${proxy === undefined ? 'primary' : 'pgbouncer'}.${namespace}.svc`,
    observedGeneration: numberAt(cluster, 'metadata', 'generation'),
    postgres: {
      size,
      ready: serving,
      instances: [{ name: textAt(cluster, 'spec', 'instances', 0, 'name') ?? '', size, ready: serving }],
      version: 0,
      imageID: '',
    },
    pgbouncer: state === 'ready' ? { size: proxies, ready: proxies } : { size: 0, ready: 0 },
    pgbackrest: pgBackRestOf(cluster, all),
    patroni: { status: {}, version: '' },
    patroniVersion: '',
    installedCustomExtensions: [],
    conditions: all,
  };
}

function nameOf(cluster: JsonObject): { readonly name: string; readonly namespace: string } {
  return {
    name: textAt(cluster, 'metadata', 'name') ?? '',
    namespace: textAt(cluster, 'metadata', 'namespace') ?? '',
  };
}

function secret(cluster: JsonObject, name: string, labels: JsonObject, data: Record<string, string>): JsonObject {
  const instance = nameOf(cluster).name;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      labels: {
        'app.kubernetes.io/instance': instance,
        'app.kubernetes.io/managed-by': 'percona-postgresql-operator',
        'app.kubernetes.io/name': 'percona-postgresql',
        'app.kubernetes.io/part-of': 'percona-postgresql',
        'postgres-operator.crunchydata.com/cluster': instance,
        ...labels,
      },
    },
    type: 'Opaque',
    data: base64(data),
  };
}

/** In the form of a SCRAM verifier; nobody checks a password with it. */
function verifier(): string {
  const [salt, stored, server] = [16, 32, 32].map((bytes) => randomBytes(bytes).toString('base64'));
  return `SCRAM-SHA-256$4096:${salt}$${stored}:${server}`;
}

/** What leads a user to one of the cluster's Services. */
function addresses(prefix: string, host: string, port: string, who: Access, options: Record<string, string> = {}) {
  const { user, password, database } = who;
  const query = new URLSearchParams({ password, ...options, user });
  return {
    [`${prefix}host`]: host,
    [`${prefix}port`]: port,
    ...(database !== undefined && {
      [`${prefix}uri`]: `postgresql://${user}:${password}@${host}:${port}/${database}`,
      [`${prefix}jdbc-uri`]: `jdbc:postgresql://${host}:${port}/${database}?${query.toString()}`,
    }),
  };
}

interface Access {
  readonly user: string;
  readonly password: string;
  readonly database: string | undefined;
}

/** The Secret with which a user connects, to the primary and through pgBouncer. */
function userSecret(cluster: JsonObject, user: JsonObject, existing: JsonObject | undefined): JsonObject {
  const { name, namespace } = nameOf(cluster);
  const kept = (key: string): string | undefined => {
    const text = Buffer.from(textAt(existing, 'data', key) ?? '', 'base64').toString();
    return text === '' ? undefined : text;
  };
  const who: Access = {
    user: textAt(user, 'name') ?? '',
    password: kept('password') ?? randomBytes(12).toString('hex'),
    database: textAt(user, 'databases', 0),
  };
  const service = (role: string): string => `${name}-${role}.${namespace}.svc`;
  const port = String(numberAt(cluster, 'spec', 'port') ?? 5432);
  const proxy = objectAt(cluster, 'spec', 'proxy', 'pgBouncer');
  const proxyPort = String(numberAt(proxy, 'port') ?? 5432);
  return secret(
    cluster,
    userSecretName(cluster, user),
    { 'postgres-operator.crunchydata.com/role': 'pguser', 'postgres-operator.crunchydata.com/pguser': who.user },
    {
      user: who.user,
      password: who.password,
      verifier: kept('verifier') ?? verifier(),
      ...(who.database !== undefined && { dbname: who.database }),
      ...addresses('', service('primary'), port, who),
      ...(proxy !== undefined &&
        addresses('pgbouncer-', service('pgbouncer'), proxyPort, who, { prepareThreshold: '0' })),
    },
  );
}

function userSecretName(cluster: JsonObject, user: JsonObject): string {
  return textAt(user, 'secretName') ?? `${nameOf(cluster).name}-pguser-${textAt(user, 'name') ?? ''}`;
}

/** The Secret with the certificate of the primary and of the replicas, and its authority, which is the cluster's own. */
async function certificateSecret(cluster: JsonObject): Promise<JsonObject> {
  const { name, namespace } = nameOf(cluster);
  const names = ['primary', 'replicas'].flatMap((role) =>
    [`.${namespace}.svc.cluster.local`, `.${namespace}.svc`, `.${namespace}`, ''].map((end) => `${name}-${role}${end}`),
  );
  const ca = await authority({ subject: 'CN=postgres-operator-ca', names: [], elliptic: true });
  const subject = `CN=${name}-primary.${namespace}.svc.cluster.local`;
  const served = await leaf(ca, { subject, names, elliptic: true, to: 365, usages: [] });
  const key = createPrivateKey(served.key).export({ type: 'sec1', format: 'pem' }).toString();
  return secret(
    cluster,
    `${name}-cluster-cert`,
    { 'postgres-operator.crunchydata.com/cluster-certificate': 'postgres-tls' },
    { 'ca.crt': ca.cert, 'tls.crt': served.cert, 'tls.key': key },
  );
}

/** The finalizers that delete something, and the Secrets that go with each. */
function deletedBy(cluster: JsonObject): Readonly<Record<string, readonly string[]>> {
  const users = listAt(cluster, 'spec', 'users').filter(isObject);
  return {
    'percona.com/delete-pvc': users.map((user) => userSecretName(cluster, user)),
    'percona.com/delete-ssl': [`${nameOf(cluster).name}-cluster-cert`],
  };
}

/** Plays Percona's operator, in the version that it would write into the spec, for one cluster of a tenant. */
export function standInForPercona(tenant: Tenant, name: string, version = '2.9.0'): PerconaStandIn {
  const { apply, get, kubectl } = tenant;
  const resource = `perconapgclusters.pgv2.percona.com/${name}`;
  const theCluster = async (): Promise<JsonObject> => {
    const cluster = await get(resource);
    if (cluster === undefined) throw new Error(`there is no PerconaPGCluster ${name}`);
    return cluster;
  };
  const patch = async (change: JsonObject, ...more: readonly string[]): Promise<void> => {
    await kubectl('patch', resource, '--type=merge', '-p', JSON.stringify(change), ...more);
  };
  return {
    adopt: async () => {
      if (at(await theCluster(), 'spec', 'crVersion') === undefined) await patch({ spec: { crVersion: version } });
    },
    makeSecrets: async () => {
      const cluster = await theCluster();
      for (const user of listAt(cluster, 'spec', 'users').filter(isObject))
        await apply(userSecret(cluster, user, await get(`secret/${userSecretName(cluster, user)}`)));
      if ((await get(`secret/${name}-cluster-cert`)) === undefined) await apply(await certificateSecret(cluster));
    },
    report: async (state, report = {}) => {
      await patch({ status: statusOf(await theCluster(), state, report) }, '--subresource=status');
    },
    letGo: async () => {
      const cluster = await theCluster();
      const finalizers = listAt(cluster, 'metadata', 'finalizers');
      const going = Object.entries(deletedBy(cluster)).filter(([finalizer]) => finalizers.includes(finalizer));
      for (const [, secrets] of going) await kubectl('delete', 'secret', '--ignore-not-found', ...secrets);
      await patch({ metadata: { finalizers: finalizers.filter((one) => !going.some(([gone]) => gone === one)) } });
    },
  };
}
