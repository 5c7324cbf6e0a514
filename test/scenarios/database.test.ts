import { describe, expect, it } from 'vitest';
import { at, objectAt, textAt, textsAt, type JsonObject } from '../../src/lib/json.ts';
import { firstContainer } from '../support/api-server.ts';
import { readyOf, secretsAskedFor } from '../support/call.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { backupCredentials } from '../support/examples.ts';
import { base64, secret, type Mutable } from '../support/json.ts';
import { backedUp, reported } from '../support/percona-simulated.ts';
import { responseProblems } from '../support/schemas.ts';
import { changedSince, conditions, desiredKeys, manifest, picture, policies, specs, ttl } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';

const NO_KIND =
  'observe failed: cannot get object: no matches for kind "PerconaPGCluster" in version "pgv2.percona.com/v2"';
const pguser = { kind: 'Secret', namespace: 'team-a', name: 'files-postgres-pguser-dittofs' };
const clusterRef = { kind: 'PerconaPGCluster', namespace: 'team-a', name: 'files-postgres' };
const initialized = reported('PostgresDataInitialized', 'True');

function withPercona(percona: JsonObject = {}): Cluster {
  return createCluster({ xr: dittoServer({ percona: { enabled: true, ...percona } }) });
}

/** The variables of the server's container, those from Secrets as `secret/key`. */
function environment(cluster: Cluster): Readonly<Record<string, string>> {
  const env = firstContainer(manifest(cluster, 'server'))?.env as readonly JsonObject[];
  return Object.fromEntries(
    env.map((variable) => {
      const ref = at(variable, 'valueFrom', 'secretKeyRef');
      const from = `${textAt(ref, 'name') ?? ''}/${textAt(ref, 'key') ?? ''}`;
      return [textAt(variable, 'name') ?? '', textAt(variable, 'value') ?? from];
    }),
  );
}

function config(cluster: Cluster): string {
  return textAt(manifest(cluster, 'config'), 'data', 'config.yaml') ?? '';
}

function checksums(cluster: Cluster): Readonly<Record<string, string>> {
  return textsAt(manifest(cluster, 'server'), 'spec', 'template', 'metadata', 'annotations');
}

it('a server with a Percona cluster waits for it once, and stays whatever becomes of it', async () => {
  const cluster = withPercona();
  const created = cluster.settle();
  expect(secretsAskedFor(created.response)).toContain(pguser.name);
  expect(desiredKeys(created)).toContain('database');
  expect(desiredKeys(created)).not.toContain('server');
  expect(readyOf(created.response.desired?.composite ?? { ready: 0 })).toBe('not ready');
  expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False ClusterWaiting', Available: 'False ClusterWaiting' });
  expect(cluster.condition('DatabaseReady').message).toContain('does not watch namespace "team-a"');
  await expect(picture(cluster, created)).toMatchFileSnapshot('database/1-created.yaml');

  cluster.percona({ state: 'initializing' });
  cluster.bind();
  const initializing = cluster.settle();
  expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False ClusterInitializing', Ready: 'False Creating' });
  expect(desiredKeys(initializing)).not.toContain('server');
  expect(ttl(initializing)).toBe(5);
  expect(cluster.status().database).toEqual({
    type: 'percona',
    host: 'files-postgres-primary.team-a.svc',
    state: 'initializing',
    postgresReady: 0,
    postgresSize: 1,
  });

  cluster.percona({ state: 'ready', conditions: [initialized] });
  cluster.settle();
  expect(environment(cluster)).toMatchObject({
    DITTOFS_DATABASE_POSTGRES_HOST: 'files-postgres-pguser-dittofs/host',
    DITTOFS_DATABASE_POSTGRES_PORT: 'files-postgres-pguser-dittofs/port',
    DITTOFS_DATABASE_POSTGRES_DATABASE: 'files-postgres-pguser-dittofs/dbname',
    DITTOFS_DATABASE_POSTGRES_USER: 'files-postgres-pguser-dittofs/user',
    DITTOFS_DATABASE_POSTGRES_PASSWORD: 'files-postgres-pguser-dittofs/password',
  });
  expect(config(cluster)).toContain('type: "postgres"');
  expect(config(cluster)).toContain('sslmode: "require"');
  cluster.podReady();
  const ready = cluster.settle();
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', DatabaseReady: 'True ClusterReady' });
  expect(cluster.status()).toMatchObject({ phase: 'Running', perconaClusterName: 'files-postgres' });
  expect(conditions(cluster)).not.toHaveProperty('BackupsReady');
  await expect(picture(cluster, ready)).toMatchFileSnapshot('database/2-ready.yaml');

  const running = specs(cluster);
  cluster.percona({ state: 'initializing', ready: 0, conditions: [initialized] });
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({
    DatabaseReady: 'False ClusterUnavailable',
    Available: 'True ServerReady',
    Ready: 'False Creating',
  });
  expect(cluster.status().phase).toBe('Degraded');
  expect(changedSince(running, cluster)).toEqual([]);

  // An edit of the server does not wait for a database that it uses already.
  cluster.edit((spec) => (spec.image = 'example.com/dittofs:v2'));
  cluster.settle();
  expect(firstContainer(manifest(cluster, 'server'))?.image).toBe('example.com/dittofs:v2');

  cluster.bringUp();
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', DatabaseReady: 'True ClusterReady' });
});

it('an instance of several fails: the database is degraded, and says so', () => {
  const cluster = withPercona({ replicas: 3 });
  cluster.bringUp();
  cluster.percona({ state: 'initializing', ready: 2, conditions: [initialized] });
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False ClusterDegraded' });
  expect(cluster.status().database).toMatchObject({ postgresReady: 2, postgresSize: 3 });
});

it('Percona’s operator is not installed: DatabaseReady says what to install, and all goes on once it is', () => {
  const cluster = withPercona();
  cluster.fail('database', NO_KIND);
  const stuck = cluster.settle();
  expect(conditions(cluster)).toMatchObject({
    DatabaseReady: 'False PerconaOperatorMissing',
    ResourcesApplied: 'False KindNotInstalled',
  });
  expect(cluster.condition('DatabaseReady').message).toContain('install Percona’s operator for PostgreSQL');
  expect(desiredKeys(stuck)).not.toContain('server');
  cluster.heal('database');
  cluster.bringUp();
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
});

it('a cluster that somebody deletes comes back, and the server stays', () => {
  const cluster = withPercona();
  cluster.bringUp();
  cluster.api.remove(clusterRef);
  const settled = cluster.settle();
  expect(desiredKeys(settled)).toContain('server');
  expect(cluster.live('PerconaPGCluster', 'files-postgres')).toBeDefined();
  expect(cluster.live('StatefulSet', 'files')).toBeDefined();
  cluster.bringUp();
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
  expect(policies(cluster, 'database')).toBe('Observe, Create, Update');
});

it('the Secret of the database goes and comes: the server runs on as it was, and restarts for a new password', () => {
  const cluster = withPercona();
  cluster.bringUp();
  const before = manifest(cluster, 'server');
  cluster.api.remove(pguser);
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False SecretNotFound', Available: 'True ServerReady' });
  expect(cluster.condition('DatabaseReady').message).toContain('files-postgres-pguser-dittofs');
  expect(manifest(cluster, 'server')).toEqual(before);

  cluster.bringUp();
  cluster.percona({ state: 'ready', conditions: [initialized] });
  cluster.settle();
  expect(manifest(cluster, 'server')).toEqual(before);
  cluster.api.patch(pguser, (object) => {
    object.data = { ...(object.data as object), ...base64({ password: 'another' }) };
  });
  cluster.settle();
  expect(checksums(cluster)['checksum.dittofs.com/database']).not.toBe(
    textsAt(before, 'spec', 'template', 'metadata', 'annotations')['checksum.dittofs.com/database'],
  );
});

describe('pausing', () => {
  it('stops the database alone, and says that the server misses it', () => {
    const cluster = withPercona();
    cluster.bringUp();
    cluster.edit((spec) => (spec.percona = { enabled: true, paused: true }));
    cluster.settle();
    cluster.percona({ state: 'stopping', conditions: [initialized] });
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False ClusterStopping' });
    cluster.percona({ state: 'paused', conditions: [initialized] });
    cluster.settle();
    expect(at(manifest(cluster, 'database'), 'spec', 'pause')).toBe(true);
    expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False ClusterPaused', Ready: 'False Creating' });
    expect(cluster.status().phase).toBe('Degraded');
    expect(cluster.live('StatefulSet', 'files')).toBeDefined();
  });

  it('goes with a stopped server where that is asked for, and both are Ready so', () => {
    const cluster = withPercona({ pauseWithServer: true });
    cluster.bringUp();
    cluster.edit((spec) => (spec.replicas = 0));
    cluster.bringUp();
    expect(at(cluster.live('PerconaPGCluster', 'files-postgres'), 'spec', 'pause')).toBe(true);
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', DatabaseReady: 'True ClusterPaused' });
    expect(cluster.status().phase).toBe('Stopped');

    cluster.edit((spec) => (spec.replicas = 1));
    cluster.settle();
    expect(at(manifest(cluster, 'database'), 'spec', 'pause')).toBeUndefined();
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', DatabaseReady: 'True ClusterReady' });
  });
});

describe('backups', () => {
  const backup = {
    enabled: true,
    bucket: 'my-backups',
    endpoint: 'https://s3.example.com/',
    credentialsSecretRef: { name: 's3' },
    retentionDays: 30,
  };

  it('are reported by themselves: ready says nothing about them', () => {
    const cluster = withPercona({ backup });
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ BackupsReady: 'False SecretNotFound' });
    expect(cluster.condition('BackupsReady').message).toContain('a key that ends in .conf');
    // Percona's operator says nothing about a Secret that is missing; the server does not wait for backups.
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'True ClusterReady', Available: 'True ServerReady' });

    cluster.api.put(secret('team-a', 's3', { accessKey: 'AKIA', secretKey: 'secret' }));
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ BackupsReady: 'False SecretKeyMissing' });
    const { message } = cluster.condition('BackupsReady');
    expect(message).toContain('repo1-s3-key-secret=…');
    expect(message).not.toMatch(/AKIA|c2VjcmV0/);

    cluster.api.put(secret('team-a', 's3', { 's3.conf': backupCredentials }));
    cluster.percona({ state: 'ready', conditions: [initialized] });
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ BackupsReady: 'False FirstBackupPending' });

    cluster.percona({ state: 'ready', conditions: [initialized, ...backedUp] });
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ BackupsReady: 'True BackupsReady' });

    const unable = reported('ReadyForBackup', 'False', 'NoCredentials', 'cannot reach the bucket');
    cluster.percona({ state: 'ready', conditions: [initialized, ...backedUp.slice(0, 2), unable] });
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({
      BackupsReady: 'False NotReadyForBackup',
      DatabaseReady: 'True ClusterReady',
      Ready: 'True Available',
    });
  });

  it('go to S3 under a folder of the cluster’s own, and are really deleted in the end', () => {
    const cluster = withPercona({ backup });
    cluster.settle();
    expect(at(manifest(cluster, 'database'), 'spec', 'backups')).toEqual({
      enabled: true,
      pgbackrest: {
        image: 'docker.io/percona/percona-pgbackrest:2.58.0-2',
        configuration: [{ secret: { name: 's3' } }],
        global: {
          'repo1-path': '/pgbackrest/team-a/files-postgres/repo1',
          'repo1-retention-full': '30',
          'repo1-retention-full-type': 'time',
          'repo1-s3-uri-style': 'path',
          'repo1-storage-verify-tls': 'y',
        },
        repos: [
          {
            name: 'repo1',
            s3: { bucket: 'my-backups', endpoint: 's3.example.com', region: 'eu-west-1' },
            schedules: { full: '0 2 * * *', incremental: '0 * * * *' },
          },
        ],
      },
    });
  });

  it('stay where they are in a cluster that is taken over: its operator would not notice another folder', () => {
    const cluster = withPercona({ backup });
    cluster.api.put({
      apiVersion: 'pgv2.percona.com/v2',
      kind: 'PerconaPGCluster',
      // As the Go operator made it.
      metadata: {
        name: 'files-postgres',
        namespace: 'team-a',
        ownerReferences: [{ apiVersion: 'x/v1', kind: 'DittoServer', name: 'files', uid: 'x' }],
      },
      spec: {
        crVersion: '2.8.0',
        postgresVersion: 16,
        instances: [{ name: 'instance1', replicas: 1, dataVolumeClaimSpec: {} }],
        users: [{ name: 'dittofs', databases: ['dittofs'] }],
        backups: { enabled: true, pgbackrest: { global: { 'repo1-path': '/pgbackrest/files/repo1' }, repos: [] } },
      },
    });
    cluster.settle();
    const spec = (): JsonObject | undefined => objectAt(cluster.live('PerconaPGCluster', 'files-postgres'), 'spec');
    const path = ['backups', 'pgbackrest', 'global', 'repo1-path'] as const;
    expect(at(spec(), ...path)).toBe('/pgbackrest/files/repo1');
    expect(spec()).toMatchObject({
      crVersion: '2.8.0',
      postgresVersion: 16,
      image: 'docker.io/percona/percona-distribution-postgresql:16.14-1',
    });
    cluster.edit((wanted) => (wanted.percona = { enabled: true, backup: { ...backup, prefix: 'new' } }));
    cluster.settle();
    expect(at(spec(), ...path)).toBe('/pgbackrest/files/repo1');
    expect(cluster.condition('ConfigReady').message).toContain('spec.percona.backup.prefix has no effect');
  });

  it('that are turned off need an authorization, which is never given unasked', () => {
    const cluster = withPercona({ backup });
    cluster.api.put(secret('team-a', 's3', { 's3.conf': backupCredentials }));
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ BackupsReady: 'True BackupsReady' });
    cluster.edit((spec) => (spec.percona = { enabled: true }));
    cluster.settle();
    const paused = reported(
      'Progressing',
      'False',
      'Paused',
      'Reconciliation is paused: please fill in spec.backups or add the postgres-operator.crunchydata.com/authorizeBackupRemoval annotation to authorize backup removal.',
    );
    cluster.percona({ state: 'ready', conditions: [initialized, paused] });
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({
      BackupsReady: 'False BackupRemovalNotAuthorized',
      DatabaseReady: 'False BackupRemovalNotAuthorized',
    });
    expect(cluster.condition('BackupsReady').message).toContain(
      'kubectl annotate perconapgcluster files-postgres pgv2.percona.com/authorizeBackupRemoval=true',
    );
    expect(at(manifest(cluster, 'database'), 'metadata', 'annotations')).toBeUndefined();

    // The operator never takes the condition back, so the authorization itself counts.
    cluster.api.patch(clusterRef, (object) => {
      (object.metadata as Mutable).annotations = { 'pgv2.percona.com/authorizeBackupRemoval': 'true' };
    });
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ BackupsReady: 'False BackupsDisabled', Ready: 'True Available' });
  });
});

describe('restoring', () => {
  it.each<[string, JsonObject, JsonObject]>([
    [
      'of another cluster, to a time',
      { cluster: 'old-postgres', target: '2026-01-31T12:00:00Z' },
      {
        postgresCluster: {
          clusterName: 'old-postgres',
          repoName: 'repo1',
          options: ['--type=time', '--target="2026-01-31 12:00:00+00"'],
        },
      },
    ],
    [
      'in a bucket, all of them',
      {
        s3: {
          bucket: 'old',
          endpoint: 'https://s3.example.com',
          prefix: '/pgbackrest/team-b/old-postgres/repo1/',
          credentialsSecretRef: { name: 'old-s3' },
        },
      },
      {
        pgbackrest: {
          stanza: 'db',
          configuration: [{ secret: { name: 'old-s3' } }],
          global: {
            'repo1-path': '/pgbackrest/team-b/old-postgres/repo1',
            'repo1-s3-uri-style': 'path',
            'repo1-storage-verify-tls': 'y',
          },
          repo: { name: 'repo1', s3: { bucket: 'old', endpoint: 's3.example.com', region: 'eu-west-1' } },
        },
      },
    ],
  ])('from backups %s: the server waits until the data is there', (_, restoreFrom, dataSource) => {
    const cluster = withPercona({ restoreFrom });
    if (restoreFrom.s3 !== undefined) {
      cluster.settle();
      expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False SecretNotFound' });
      expect(cluster.condition('DatabaseReady').message).toContain('waits: Secret "old-s3"');
      cluster.api.put(secret('team-a', 'old-s3', { 's3.conf': backupCredentials }));
    }
    cluster.settle();
    expect(at(manifest(cluster, 'database'), 'spec', 'dataSource')).toEqual(dataSource);
    cluster.percona({ state: 'initializing' });
    const restoring = cluster.settle();
    expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False ClusterRestoring' });
    expect(desiredKeys(restoring)).not.toContain('server');
    const failed = reported('PostgresDataInitialized', 'False', 'PGBackRestRestoreFailed', 'pgBackRest restore failed');
    cluster.percona({ state: 'initializing', conditions: [failed] });
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False ClusterRestoreFailed' });
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', DatabaseReady: 'True ClusterReady' });

    // Once is enough: a cluster that is made anew over its kept volume must not be restored over it.
    expect(at(manifest(cluster, 'database'), 'spec', 'dataSource')).toBeUndefined();
    cluster.api.remove(clusterRef);
    cluster.settle();
    expect(at(cluster.live('PerconaPGCluster', 'files-postgres'), 'spec')).not.toHaveProperty('dataSource');
  });

  it('is not begun by a cluster that is there already', () => {
    const cluster = withPercona();
    cluster.bringUp();
    cluster.edit((spec) => (spec.percona = { enabled: false }));
    cluster.settle();
    cluster.edit((spec) => (spec.percona = { enabled: true, restoreFrom: { cluster: 'old-postgres' } }));
    cluster.bringUp();
    expect(at(cluster.live('PerconaPGCluster', 'files-postgres'), 'spec')).not.toHaveProperty('dataSource');
    expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'True ClusterReady' });
  });
});

describe('a change of the database', () => {
  const external = secret('team-a', 'their-postgres', { host: 'pg.example.com', user: 'u', password: 'p', dbname: 'd' });

  it('waits until the new cluster can be used, keeps the old data, and says that nothing is migrated', () => {
    const cluster = createCluster({ xr: dittoServer() });
    cluster.bringUp();
    const before = manifest(cluster, 'server');
    cluster.edit((spec) => (spec.percona = { enabled: true }));
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False ClusterWaiting', Available: 'True ServerReady' });
    expect(manifest(cluster, 'server')).toEqual(before);
    // A pod that starts again in the meantime needs the file that goes with its environment.
    expect(config(cluster)).toContain('type: "sqlite"');

    cluster.bringUp();
    expect(config(cluster)).toContain('type: "postgres"');
    expect(environment(cluster)).toHaveProperty('DITTOFS_DATABASE_POSTGRES_HOST');
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', DatabaseReady: 'True ClusterReady' });
    expect(cluster.condition('DatabaseReady').message).toContain('nothing was migrated from SQLite');
    expect(cluster.live('PersistentVolumeClaim', 'controlplane-files-0')).toBeDefined();

    // And back: the message tells where the other data is, and the cluster stays behind.
    cluster.edit((spec) => delete spec.percona);
    cluster.bringUp();
    expect(environment(cluster)).not.toHaveProperty('DITTOFS_DATABASE_POSTGRES_HOST');
    expect(cluster.condition('DatabaseReady').message).toContain('nothing was migrated from the Percona cluster');
    expect(cluster.condition('DatabaseReady').message).not.toContain('migrated from SQLite');
    expect(cluster.live('PerconaPGCluster', 'files-postgres')).toBeDefined();
  });

  it('happens to a server of the Go operator, which never used its cluster: a condition says so', () => {
    const cluster = withPercona();
    cluster.api.put({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'files', namespace: 'team-a', labels: { app: 'dittofs-server', instance: 'files' } },
      spec: {
        replicas: 1,
        serviceName: 'files-headless',
        selector: { matchLabels: { app: 'dittofs-server', instance: 'files' } },
        template: { spec: { containers: [{ name: 'dittofs', image: 'marmos91c/dittofs:v0.29.0' }] } },
        volumeClaimTemplates: [{ metadata: { name: 'controlplane' }, spec: { accessModes: ['ReadWriteOnce'] } }],
      },
    });
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'True ClusterReady' });
    expect(cluster.condition('DatabaseReady').message).toContain('nothing was migrated from SQLite');
  });

  it('to a PostgreSQL by a Secret uses what the Secret calls the database', () => {
    const cluster = createCluster({ xr: dittoServer({ database: { postgresSecretRef: { name: 'their-postgres' } } }) });
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False SecretNotFound' });
    expect(cluster.live('StatefulSet', 'files')).toBeUndefined();
    cluster.api.put(external);
    cluster.bringUp();
    expect(environment(cluster)).toMatchObject({
      DITTOFS_DATABASE_POSTGRES_DATABASE: 'their-postgres/dbname',
      DITTOFS_DATABASE_POSTGRES_PORT: 'their-postgres/port',
      DITTOFS_DATABASE_POSTGRES_SSLMODE: 'their-postgres/sslmode',
      PGCONNECT_TIMEOUT: '10',
    });
    expect(config(cluster)).toContain('sslmode: "require"');
    expect(cluster.status().database).toEqual({ type: 'postgres', host: 'pg.example.com' });
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', DatabaseReady: 'True PostgreSQL' });

    cluster.api.put(secret('team-a', 'their-postgres', { ...{ host: 'h', user: 'u', password: 'p', dbname: 'd' }, sslmode: 'on' }));
    const before = manifest(cluster, 'server');
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False SecretKeyMissing', Available: 'True ServerReady' });
    expect(cluster.condition('DatabaseReady').message).toContain('under key "sslmode" no value such as "require"');
    expect(manifest(cluster, 'server')).toEqual(before);
  });

  it('to a PostgreSQL by its fields keeps only the password out of config.yaml, and mounts the certificates alone', () => {
    const postgres = {
      host: 'pg.example.com',
      database: 'files',
      user: 'files',
      sslMode: 'verify-full',
      passwordSecretRef: { name: 'pg', key: 'password' },
      caSecretRef: { name: 'pg', key: 'ca.crt' },
      maxOpenConns: 50,
    };
    const cluster = createCluster({ xr: dittoServer({ database: { postgres } }) });
    cluster.api.put(secret('team-a', 'pg', { password: 'p', 'ca.crt': 'certificate' }));
    cluster.bringUp();
    expect(environment(cluster)).toMatchObject({ DITTOFS_DATABASE_POSTGRES_PASSWORD: 'pg/password' });
    expect(config(cluster)).toContain('ssl_root_cert: "/etc/dittofs/database-ca/ca.crt"');
    expect(config(cluster)).toContain('max_open_conns: 50');
    const volumes = at(manifest(cluster, 'server'), 'spec', 'template', 'spec', 'volumes') as readonly JsonObject[];
    expect(volumes.find(({ name }) => name === 'database-ca')).toEqual({
      name: 'database-ca',
      secret: { secretName: 'pg', items: [{ key: 'ca.crt', path: 'ca.crt' }] },
    });
    const before = checksums(cluster);
    cluster.api.put(secret('team-a', 'pg', { password: 'p', 'ca.crt': 'another certificate' }));
    cluster.settle();
    expect(checksums(cluster)['checksum.dittofs.com/ca']).not.toBe(before['checksum.dittofs.com/ca']);
    expect(checksums(cluster)['checksum.dittofs.com/database']).toBe(before['checksum.dittofs.com/database']);
  });

  it('with two that are named, the Percona cluster wins, and a condition says so', () => {
    const cluster = createCluster({
      xr: dittoServer({ percona: { enabled: true }, database: { postgresSecretRef: { name: 'their-postgres' } } }),
    });
    cluster.bringUp();
    expect(environment(cluster).DITTOFS_DATABASE_POSTGRES_HOST).toBe('files-postgres-pguser-dittofs/host');
    expect(cluster.condition('ConfigReady').message).toContain('spec.database.postgresSecretRef has no effect');
  });
});

it('a state from before the last change of the spec counts for nothing', () => {
  const cluster = withPercona();
  cluster.settle();
  cluster.percona({ state: 'ready', conditions: [initialized] });
  cluster.api.patch(clusterRef, (object) => {
    object.status = { ...(object.status as object), observedGeneration: 0 };
  });
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False ClusterChanging' });
  expect(cluster.live('StatefulSet', 'files')).toBeUndefined();
});

it('the kind goes away with the cluster: nothing that was seen of it counts any more', () => {
  const cluster = withPercona();
  cluster.bringUp();
  cluster.fail('database', NO_KIND);
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'False PerconaOperatorMissing', Ready: 'False Creating' });
});

it('a server that is stopped from the start has a database that came up once', () => {
  const percona = { enabled: true, pauseWithServer: true };
  const cluster = createCluster({ xr: dittoServer({ replicas: 0, percona }) });
  cluster.settle();
  expect(at(manifest(cluster, 'database'), 'spec', 'pause')).toBeUndefined();
  expect(cluster.live('StatefulSet', 'files')).toBeUndefined();
  cluster.bringUp();
  expect(at(manifest(cluster, 'database'), 'spec', 'pause')).toBe(true);
  expect(conditions(cluster)).toMatchObject({ DatabaseReady: 'True ClusterPaused', Ready: 'True Available' });
});

it.each<[string, JsonObject]>([
  ['pauses with its server', { enabled: true, pauseWithServer: true }],
  ['is paused', { enabled: true, paused: true }],
])('a stopped server changes over to a cluster that %s only once that came up', (_, percona) => {
  const cluster = createCluster({ xr: dittoServer({ replicas: 0 }) });
  cluster.bringUp();
  const before = manifest(cluster, 'server');
  cluster.edit((spec) => (spec.percona = percona));
  cluster.settle();
  expect(at(manifest(cluster, 'database'), 'spec', 'pause')).toBe(percona.paused);
  // What has never run is called paused as well.
  if (percona.paused === true) cluster.percona({ state: 'paused' });
  cluster.settle();
  expect(manifest(cluster, 'server')).toEqual(before);
  cluster.edit((spec) => (spec.percona = { ...percona, paused: false }));
  cluster.bringUp();
  expect(environment(cluster)).toHaveProperty('DITTOFS_DATABASE_POSTGRES_HOST');
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
});

describe('versions', () => {
  const input = { apiVersion: 'dittofs.fn.crossplane.io/v1alpha1', kind: 'Input' };
  const image = (cluster: Cluster): unknown => at(manifest(cluster, 'database'), 'spec', 'image');
  const version = (cluster: Cluster): unknown => at(manifest(cluster, 'database'), 'spec', 'postgresVersion');

  it('a new default of the platform changes no cluster that exists, but for the image of its own version', () => {
    const xr = dittoServer({ percona: { enabled: true } });
    const cluster = createCluster({ xr, input: { ...input, images: { postgres: 'p:16.1' }, postgresVersion: 16 } });
    cluster.bringUp();
    expect([version(cluster), image(cluster)]).toEqual([16, 'p:16.1']);
    cluster.setInput({ ...input, images: { postgres: 'p:16.2' }, postgresVersion: 16 });
    cluster.settle();
    expect([version(cluster), image(cluster)]).toEqual([16, 'p:16.2']);
    cluster.setInput({ ...input, images: { postgres: 'p:18.1' }, postgresVersion: 18 });
    cluster.settle();
    expect([version(cluster), image(cluster)]).toEqual([16, 'p:16.2']);
    cluster.setInput(input);
    cluster.settle();
    expect([version(cluster), image(cluster)]).toEqual([16, 'p:16.2']);
  });

  it('what the platform names by now refuses no cluster that exists', () => {
    const xr = dittoServer({ percona: { enabled: true, images: { postgres: 'p:16.3' } } });
    const cluster = createCluster({ xr, input: { ...input, postgresVersion: 16 } });
    cluster.bringUp();
    cluster.setInput({ ...input, images: { postgres: 'p:18.1' }, postgresVersion: 18 });
    cluster.settle();
    expect([version(cluster), image(cluster)]).toEqual([16, 'p:16.3']);
    expect(conditions(cluster)).toMatchObject({ ConfigReady: 'True ConfigValid' });
  });

  it('a user who asks for another one is told that it takes an upgrade', () => {
    const cluster = withPercona();
    cluster.bringUp();
    cluster.edit((spec) => (spec.percona = { enabled: true, postgresVersion: 18, images: { postgres: 'p:18.1' } }));
    cluster.settle();
    expect([version(cluster), image(cluster)]).toEqual([17, 'docker.io/percona/percona-distribution-postgresql:17.10-1']);
    expect(cluster.condition('ConfigReady').message).toContain('changes only through a PerconaPGUpgrade');
  });

  it('what cannot change comes from the live cluster: class, size, database', () => {
    const cluster = withPercona({ storageClassName: 'fast', storageSize: '20Gi', databaseName: 'one' });
    cluster.bringUp();
    cluster.edit(
      (spec) =>
        (spec.percona = { enabled: true, storageClassName: 'slow', storageSize: '5Gi', databaseName: 'two', replicas: 2 }),
    );
    cluster.settle();
    expect(at(cluster.live('PerconaPGCluster', 'files-postgres'), 'spec')).toMatchObject({
      instances: [
        {
          replicas: 2,
          dataVolumeClaimSpec: { storageClassName: 'fast', resources: { requests: { storage: '20Gi' } } },
        },
      ],
      // The first is the server's: the operator's Secret names it.
      users: [{ databases: ['one', 'two'] }],
    });
    expect(cluster.condition('ResourcesApplied').message).toContain(
      'PerconaPGCluster "files-postgres" keeps storageClassName "fast" (wanted "slow")',
    );
  });
});

it('a metadata store has a database of its own in the cluster, which stays when the store leaves the spec', () => {
  const databases = (cluster: Cluster): unknown =>
    at(cluster.live('PerconaPGCluster', 'files-postgres'), 'spec', 'users', 0, 'databases');
  const cluster = withPercona();
  cluster.bringUp();
  expect(databases(cluster)).toEqual(['dittofs']);
  const store = { name: 'names', type: 'postgres', postgres: { fromPercona: true } };
  cluster.edit((spec) => Object.assign(spec, { metadataStores: [store], shares: [{ name: '/a' }] }));
  cluster.settle();
  expect(databases(cluster)).toEqual(['dittofs', 'dittofs_metadata']);
  expect(JSON.parse(textAt(manifest(cluster, 'config'), 'data', 'plan.json') ?? '')).toMatchObject({
    metadata_stores: [{ name: 'names', config: { database: 'dittofs_metadata' }, identity: ['database'] }],
  });
  cluster.edit((spec) => Object.assign(spec, { metadataStores: [], shares: [] }));
  cluster.settle();
  expect(databases(cluster)).toEqual(['dittofs', 'dittofs_metadata']);
});

it('monitoring is Percona’s own, beside each instance', () => {
  const pmm = { serverHost: 'pmm.example.com', secretRef: { name: 'pmm' }, image: 'percona/pmm-client:3.4.0' };
  const cluster = withPercona({ monitoring: { pmm } });
  const { response } = cluster.settle();
  expect(at(manifest(cluster, 'database'), 'spec', 'pmm')).toEqual({
    enabled: true,
    image: 'percona/pmm-client:3.4.0',
    serverHost: 'pmm.example.com',
    secret: 'pmm',
    querySource: 'pgstatstatements',
  });
  expect(responseProblems(response)).toEqual([]);
});

it('overrides reach the cluster, beside what is decided here', () => {
  const cluster = withPercona({
    overrides: { patroni: { dynamicConfiguration: { synchronous_mode: true } }, proxy: { pgBouncer: { port: 6432 } } },
  });
  cluster.settle();
  expect(at(manifest(cluster, 'database'), 'spec')).toMatchObject({
    patroni: { dynamicConfiguration: { synchronous_mode: true } },
    proxy: { pgBouncer: { port: 6432, replicas: 1 } },
    postgresVersion: 17,
  });
});

it('on a Crossplane that reads no Secrets nothing is judged missing, and the server still waits for its cluster', () => {
  const cluster = createCluster({ xr: dittoServer({ percona: { enabled: true } }), crossplane: 'v1' });
  cluster.settle();
  expect(cluster.live('StatefulSet', 'files')).toBeUndefined();
  cluster.bringUp();
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', DatabaseReady: 'True ClusterReady' });
  expect(checksums(cluster)).not.toHaveProperty('checksum.dittofs.com/database');
});
