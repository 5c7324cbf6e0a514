import type { Life } from '../composition/component.ts';
import type { Health } from '../kubernetes/health.ts';
import type { ObservedObject } from '../kubernetes/object.ts';
import { whenClusterReady, whenClusterReadyOrPaused } from '../kubernetes/readiness.ts';
import { defined, mergeObjects, type JsonObject } from '../lib/json.ts';
import type { BackupPlan, ClusterPlan, Repository, RestorePlan } from '../plan/cluster.ts';
import type { Plan } from '../plan/plan.ts';
import { assessCluster } from './assess-cluster.ts';
import type { ServerComponent } from './server-component.ts';

/** The only set of instances; it is part of their names. */
const INSTANCES = 'instance1';

/** The only repository of backups, and what pgBackRest calls the cluster in it. */
const REPOSITORY = 'repo1';
const STANZA = 'db';

/** Finalizers with which Percona's operator deletes volumes and Secrets together with their cluster. */
const deletingFinalizers = ['percona.com/delete-pvc', 'percona.com/delete-ssl'];

/** Spreads several pods over nodes where that is possible, unless the user says otherwise. */
function affinity(cluster: ClusterPlan, replicas: number, labels: JsonObject): JsonObject | undefined {
  if (cluster.affinity !== undefined || replicas < 2) return cluster.affinity;
  const matchLabels = { 'postgres-operator.crunchydata.com/cluster': cluster.name, ...labels };
  const podAffinityTerm = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels } };
  return { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] } };
}

function instances(cluster: ClusterPlan): JsonObject {
  const { replicas, resources, scheduling, minAvailable, storageClass, storageSize } = cluster;
  return defined({
    name: INSTANCES,
    replicas,
    resources,
    affinity: affinity(cluster, replicas, { 'postgres-operator.crunchydata.com/data': 'postgres' }),
    ...scheduling,
    minAvailable,
    dataVolumeClaimSpec: defined({
      storageClassName: storageClass,
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: storageSize } },
    }),
  });
}

function pgBouncer(cluster: ClusterPlan): JsonObject {
  const { pgBouncer: proxy, images, scheduling } = cluster;
  return defined({
    replicas: proxy.replicas,
    image: images.pgBouncer,
    resources: proxy.resources,
    affinity: affinity(cluster, proxy.replicas, { 'postgres-operator.crunchydata.com/role': 'pgbouncer' }),
    ...scheduling,
  });
}

function options({ path, uriStyle, verifyTls }: Repository): JsonObject {
  return {
    [`${REPOSITORY}-path`]: path,
    [`${REPOSITORY}-s3-uri-style`]: uriStyle,
    [`${REPOSITORY}-storage-verify-tls`]: verifyTls ? 'y' : 'n',
  };
}

function s3({ bucket, endpoint, region }: Repository): JsonObject {
  return { bucket, endpoint, region };
}

function backups(image: string, backup: BackupPlan | undefined): JsonObject {
  // Percona's operator needs the image without backups, too.
  if (backup === undefined) return { enabled: false, pgbackrest: { image } };
  const { repository, retention, schedules } = backup;
  return {
    enabled: true,
    pgbackrest: {
      image,
      configuration: [{ secret: { name: repository.credentials } }],
      global: {
        ...options(repository),
        [`${REPOSITORY}-retention-full`]: String(retention),
        [`${REPOSITORY}-retention-full-type`]: 'time',
      },
      repos: [{ name: REPOSITORY, s3: s3(repository), schedules: { ...schedules } }],
    },
  };
}

function dataSource(restore: RestorePlan): JsonObject {
  const arguments_ = restore.until === undefined ? {} : { options: ['--type=time', `--target="${restore.until}"`] };
  if (restore.from === 'cluster')
    return { postgresCluster: { clusterName: restore.cluster, repoName: REPOSITORY, ...arguments_ } };
  const { repository } = restore;
  return {
    pgbackrest: {
      stanza: STANZA,
      configuration: [{ secret: { name: repository.credentials } }],
      global: options(repository),
      repo: { name: REPOSITORY, s3: s3(repository) },
      ...arguments_,
    },
  };
}

/** Percona's own monitoring. The source of query figures is named, because its default changed with operator 2.9. */
function pmm({ monitoring }: ClusterPlan): JsonObject | undefined {
  if (monitoring === undefined) return undefined;
  const { image, server, secret } = monitoring;
  return { enabled: true, image, serverHost: server, secret, querySource: 'pgstatstatements' };
}

function clusterSpec(cluster: ClusterPlan): JsonObject {
  const { images, imagePullSecrets, labels, restore, user, databases, postgresVersion } = cluster;
  return defined({
    crVersion: cluster.crVersion,
    postgresVersion,
    image: images.postgres,
    imagePullSecrets: imagePullSecrets.length === 0 ? undefined : imagePullSecrets.map((name) => ({ name })),
    metadata: Object.keys(labels).length === 0 ? undefined : { labels },
    autoCreateUserSchema: true,
    // Left out otherwise: a PerconaPGUpgrade pauses the cluster, too.
    pause: cluster.paused ? true : undefined,
    instances: [instances(cluster)],
    proxy: { pgBouncer: pgBouncer(cluster) },
    // No grant on the schema public: a server that starts before its own schema is there would settle in the other.
    users: [{ name: user, databases: [...databases], password: { type: 'AlphaNumeric' } }],
    backups: backups(images.pgBackRest, cluster.backup),
    dataSource: restore === undefined ? undefined : dataSource(restore),
    pmm: pmm(cluster),
  });
}

function assess(observed: ObservedObject, { cluster, database, namespace, pod }: Plan): Health {
  const inUse = database.used === 'percona';
  const wish = {
    paused: cluster?.paused ?? false,
    // What the server does not use yet has to come up once.
    dispensable: pod.replicas === 0 && inUse,
    restoring: cluster?.restore !== undefined,
  };
  return assessCluster(observed, { ...wish, inUse, namespace });
}

function life({ keepsDatabase }: Plan): Life {
  return {
    kind: 'data',
    fate: keepsDatabase ? 'kept' : 'deleted',
    changes: 'updated',
    deletingFinalizers,
  };
}

/**
 * The PostgreSQL cluster that Percona's operator runs for the server.
 *
 * Every image is named, because the operator waits forever for one that is not; and only fields that its oldest
 * supported version (2.8) knows, because an unknown one fails the whole cluster.
 */
export const database: ServerComponent = {
  key: 'database',
  render: ({ cluster, namespace, labelsOf }) => {
    if (cluster === undefined) return undefined;
    return {
      apiVersion: 'pgv2.percona.com/v2',
      kind: 'PerconaPGCluster',
      metadata: { name: cluster.name, namespace, labels: labelsOf('database') },
      spec: mergeObjects(clusterSpec(cluster), cluster.overrides),
    };
  },
  assess,
  life,
  readiness: ({ cluster }) => (cluster?.paused === true ? whenClusterReadyOrPaused : whenClusterReady),
  watch: true,
};
