import type { Json } from '../../src/lib/json.ts';
import { refused, type Change, type Limit, type Refused } from './case.ts';

/** Cases of spec.database and spec.percona; cases.ts says what a case is. */

const notSecret = 'is not the name of a Secret such as "my-secret"';
const notImage = 'is not an image such as "marmos91c/dittofs:v0.29.0"';
const notBucket = 'is not the name of a bucket such as "my-backups"';
const notEndpoint = 'is not an S3 endpoint such as "s3.example.com", which is always reached over TLS';
const notPath = 'is not a path in a bucket such as "backups/team-a"';
const notCron = 'is not a cron expression such as "0 2 * * *"';
const password = { name: 'credentials', key: 'password' };
const postgres = { host: 'postgres.example.com', database: 'files', user: 'files', passwordSecretRef: password };
const s3 = { bucket: 'backups', endpoint: 's3.example.com', prefix: 'old/repo1', credentialsSecretRef: { name: 's3' } };
const backup = {
  enabled: true,
  bucket: 'my-backups',
  endpoint: 'https://s3.example.com:9000/',
  credentialsSecretRef: { name: 's3' },
};

function percona(fields: Readonly<Record<string, Json>>): Json {
  return { percona: { enabled: true, ...fields } };
}

/** A spec with one store in S3. */
function storeInS3(place: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  const s3 = { ...place, credentialsSecretRef: { name: 's3' } };
  return { blockStores: { remote: [{ name: 'main', type: 's3', s3 }] } };
}

export const acceptedDatabases: readonly (readonly [title: string, spec: Json])[] = [
  ['a PostgreSQL by its address', { database: { type: 'postgres', postgres } }],
  [
    'a PostgreSQL with all its fields',
    {
      database: {
        postgres: {
          ...postgres,
          host: '192.0.2.10',
          port: 6432,
          sslMode: 'verify-full',
          caSecretRef: { name: 'ca', key: 'ca.crt' },
          maxOpenConns: 50,
          maxIdleConns: 0,
        },
      },
    },
  ],
  ['a PostgreSQL by a Secret', { database: { type: 'postgres', postgresSecretRef: { name: 'database' } } }],
  [
    'a Secret as the Go operator writes it',
    { database: { type: 'sqlite', postgresSecretRef: { name: 'database', key: 'connection-string' } } },
  ],
  ['a Percona cluster', { database: { type: 'postgres' }, ...Object(percona({})) }],
  [
    'a Percona cluster with all its fields',
    percona({
      deleteWithServer: true,
      replicas: 5,
      storageSize: '50Gi',
      storageClassName: 'fast',
      databaseName: '_files2',
      postgresVersion: 18,
      crVersion: '3.0.0',
      images: { postgres: 'example.com/postgres:18.1', pgBouncer: 'example.com/bouncer:1', pgBackRest: 'b:2' },
      imagePullSecrets: [{ name: 'registry' }],
      resources: { limits: { memory: '1Gi' } },
      pgBouncer: { replicas: 0, resources: { requests: { cpu: '10m' } } },
      sslMode: 'verify-full',
      affinity: {},
      tolerations: [{ operator: 'Exists' }],
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
      priorityClassName: 'high',
      minAvailable: 2,
      paused: true,
      pauseWithServer: true,
      monitoring: { pmm: { serverHost: 'pmm.example.com', secretRef: { name: 'pmm' }, image: 'percona/pmm-client:3' } },
      overrides: {
        patroni: { dynamicConfiguration: { synchronous_mode: true } },
        proxy: { pgBouncer: { config: { global: { pool_mode: 'transaction' } } } },
        backups: { pgbackrest: { global: { 'repo1-cipher-type': 'none' } } },
      },
      backup: {
        ...backup,
        region: 'fr-par',
        prefix: '/team-a/backups/',
        uriStyle: 'host',
        verifyTLS: false,
        fullSchedule: '0 2 * * SUN',
        incrSchedule: '*/30 0-6,8-23 1,15 * mon-fri',
        retentionDays: 9999,
      },
    }),
  ],
  [
    'backups beside the blocks of a store, in its bucket',
    {
      percona: { enabled: true, backup },
      ...storeInS3({ bucket: 'my-backups', endpoint: 'https://s3.example.com:9000' }),
    },
  ],
  [
    'backups that are off, among the blocks of a store',
    {
      percona: { enabled: true, backup: { ...backup, enabled: false, prefix: 'blocks' } },
      ...storeInS3({ bucket: 'my-backups', endpoint: 'https://s3.example.com:9000' }),
    },
  ],
  ['a cluster from another', percona({ restoreFrom: { cluster: 'old-postgres' } })],
  ['a cluster from a bucket', percona({ restoreFrom: { s3, target: '2026-01-31T12:00:00.5+01:00' } })],
  ...['@daily', '@hourly', '? ? * * ?'].map(
    (fullSchedule) => [`the schedule ${fullSchedule}`, percona({ backup: { ...backup, fullSchedule } })] as const,
  ),
];

export const refusedDatabases: readonly Refused[] = [
  refused(
    'a PostgreSQL that nothing names',
    { database: { type: 'postgres' } },
    'cel',
    'spec.database.type: "postgres" does not say which: it needs percona.enabled, database.postgres or database.postgresSecretRef',
  ),
  refused(
    'another kind of database',
    { database: { type: 'mysql', postgres: { ...postgres, sslMode: 'prefer' } } },
    'schema',
    'spec.database.postgres.sslMode: "prefer" is not disable, require, verify-ca or verify-full',
    'spec.database.type: "mysql" is not sqlite or postgres',
  ),
  refused(
    'two PostgreSQLs',
    { database: { postgres, postgresSecretRef: { name: 'database' } } },
    'cel',
    'spec.database.postgresSecretRef.name: "database" stands beside database.postgres: choose one of the two',
  ),
  refused(
    'names in a PostgreSQL that are none',
    {
      database: {
        postgres: {
          ...postgres,
          host: '2001:db8::1',
          passwordSecretRef: { name: 'My Secret', key: 'k' },
          caSecretRef: { name: 'CA', key: 'k' },
        },
      },
    },
    'cel',
    `spec.database.postgres.caSecretRef.name: "CA" ${notSecret}`,
    'spec.database.postgres.host: "2001:db8::1" is not a host name or an address such as "postgres.example.com"',
    `spec.database.postgres.passwordSecretRef.name: "My Secret" ${notSecret}`,
  ),
  refused(
    'a Secret that none is called',
    { database: { postgresSecretRef: { name: 'My Database' } } },
    'cel',
    `spec.database.postgresSecretRef.name: "My Database" ${notSecret}`,
  ),
  refused(
    'names in a cluster that are none',
    percona({
      storageClassName: 'Fast',
      databaseName: 'my-files',
      crVersion: '3.0',
      images: { postgres: 'a b', pgBouncer: ' ', pgBackRest: '$x' },
      imagePullSecrets: [{ name: 'My Registry' }],
      priorityClassName: 'High',
      storageSize: '10 GB',
      monitoring: { pmm: { serverHost: 'https://pmm', secretRef: { name: 'PMM' }, image: '$y' } },
    }),
    'cel',
    'spec.percona.crVersion: "3.0" is not a version such as "3.0.0"',
    'spec.percona.databaseName: "my-files" is not the name of a database such as "dittofs"',
    `spec.percona.imagePullSecrets[0].name: "My Registry" ${notSecret}`,
    `spec.percona.images.pgBackRest: "$x" ${notImage}`,
    `spec.percona.images.pgBouncer: " " ${notImage}`,
    `spec.percona.images.postgres: "a b" ${notImage}`,
    `spec.percona.monitoring.pmm.image: "$y" ${notImage}`,
    `spec.percona.monitoring.pmm.secretRef.name: "PMM" ${notSecret}`,
    'spec.percona.monitoring.pmm.serverHost: "https://pmm" is not a host name or an address such as "postgres.example.com"',
    'spec.percona.priorityClassName: "High" is not the name of a PriorityClass such as "my-priorityclass"',
    'spec.percona.storageClassName: "Fast" is not the name of a StorageClass such as "my-storageclass"',
    'spec.percona.storageSize: "10 GB" is not a quantity such as "10Gi"',
  ),
  refused(
    'numbers of a cluster out of their bounds',
    percona({ replicas: 6, postgresVersion: 11, pgBouncer: { replicas: -1 }, minAvailable: 9, sslMode: 'disable' }),
    'schema',
    'spec.percona.minAvailable: 9 is more than 5',
    'spec.percona.pgBouncer.replicas: -1 is less than 0',
    'spec.percona.postgresVersion: 11 is less than 12',
    'spec.percona.replicas: 6 is more than 5',
    'spec.percona.sslMode: "disable" is not require or verify-full',
  ),
  refused(
    'backups to nowhere',
    percona({ backup: { enabled: true } }),
    'cel',
    'spec.percona.backup.bucket: is required with percona.backup.enabled',
    'spec.percona.backup.credentialsSecretRef: is required with percona.backup.enabled',
    'spec.percona.backup.endpoint: is required with percona.backup.enabled',
  ),
  refused(
    'backups to what is none',
    percona({
      backup: {
        ...backup,
        bucket: 'My_Bucket',
        endpoint: 'http://s3.example.com',
        prefix: '../others',
        credentialsSecretRef: { name: 'S3' },
      },
    }),
    'cel',
    `spec.percona.backup.bucket: "My_Bucket" ${notBucket}`,
    `spec.percona.backup.credentialsSecretRef.name: "S3" ${notSecret}`,
    `spec.percona.backup.endpoint: "http://s3.example.com" ${notEndpoint}`,
    `spec.percona.backup.prefix: "../others" ${notPath}`,
  ),
  ...[
    '0 2 * *',
    '0 2 * * * *',
    '60 * * * *',
    '5-1 * * * *',
    '0 0 L * *',
    '0 0 * * 7',
    '0 0 * * 5-7',
    '0 0 * * SAT-SUN',
    '@reboot',
  ].map((schedule) =>
    refused(
      `the schedule "${schedule}"`,
      percona({ backup: { ...backup, fullSchedule: schedule, incrSchedule: schedule } }),
      'function',
      `spec.percona.backup.fullSchedule: "${schedule}" ${notCron}`,
      `spec.percona.backup.incrSchedule: "${schedule}" ${notCron}`,
    ),
  ),
  refused(
    'a restore from nowhere',
    percona({ restoreFrom: {} }),
    'cel',
    'spec.percona.restoreFrom.target: "latest" cannot stand alone: say from where, with either cluster or s3',
  ),
  refused(
    'a restore from two places',
    percona({ restoreFrom: { cluster: 'old', s3, target: 'latest' } }),
    'cel',
    'spec.percona.restoreFrom.target: "latest" cannot stand alone: say from where, with either cluster or s3',
  ),
  refused(
    'a restore from what is none',
    percona({
      restoreFrom: {
        s3: {
          bucket: 'B',
          endpoint: 's3://x',
          prefix: '//',
          credentialsSecretRef: { name: 'S3' },
        },
        target: 'yesterday',
      },
    }),
    'cel',
    `spec.percona.restoreFrom.s3.bucket: "B" ${notBucket}`,
    `spec.percona.restoreFrom.s3.credentialsSecretRef.name: "S3" ${notSecret}`,
    `spec.percona.restoreFrom.s3.endpoint: "s3://x" ${notEndpoint}`,
    `spec.percona.restoreFrom.s3.prefix: "//" ${notPath}`,
    'spec.percona.restoreFrom.target: "yesterday" is neither latest nor a time such as "2026-01-31T12:00:00Z"',
  ),
  refused(
    'a restore to a time that does not exist',
    percona({ restoreFrom: { cluster: 'old', target: '2026-13-45T25:61:61Z' } }),
    'function',
    'spec.percona.restoreFrom.target: "2026-13-45T25:61:61Z" is not a time that exists',
  ),
  refused(
    'a restore from a cluster that none is called',
    percona({ restoreFrom: { cluster: 'Old' } }),
    'cel',
    'spec.percona.restoreFrom.cluster: "Old" is not the name of a PerconaPGCluster such as "my-perconapgcluster"',
  ),
  refused(
    'overrides of what is decided here',
    percona({
      overrides: {
        postgresVersion: 16,
        instances: [{ name: 'instance1' }],
        backups: { pgbackrest: { image: 'x', global: { 'repo1-path': '/' } } },
        proxy: null,
      },
    }),
    'function',
    'spec.percona.overrides.backups.pgbackrest.global.repo1-path: cannot be overridden: use the fields of spec.percona.backup',
    'spec.percona.overrides.backups.pgbackrest.image: cannot be overridden: use spec.percona.images.pgBackRest',
    'spec.percona.overrides.instances: cannot be overridden: use replicas, storageSize, resources and the other fields of spec.percona',
    'spec.percona.overrides.postgresVersion: cannot be overridden: use spec.percona.postgresVersion',
    'spec.percona.overrides.proxy: cannot be overridden: use spec.percona.pgBouncer.replicas',
  ),
  refused(
    'an image of another version',
    percona({ postgresVersion: 17, images: { postgres: 'registry.example.com:5000/percona/pg:16.14-1' } }),
    'function',
    'spec.percona.images.postgres: "registry.example.com:5000/percona/pg:16.14-1" is an image of PostgreSQL 16, and version 17 is wanted',
  ),
  refused(
    'an image of another version, by its operator’s tag',
    percona({ images: { postgres: 'percona/percona-postgresql-operator:2.5.0-ppg16.4-postgres' } }),
    'function',
    'spec.percona.images.postgres: "percona/percona-postgresql-operator:2.5.0-ppg16.4-postgres" is an image of PostgreSQL 16, and version 17 is wanted',
  ),
  refused(
    'a version of which no image is known',
    percona({ postgresVersion: 13 }),
    'function',
    'spec.percona.images.postgres: is required with PostgreSQL 13: no image of it is known here',
  ),
];

/** What is wrong only for the DittoServer `my-dittofs` in namespace `team-a`. */
export const refusedByName: readonly Refused[] = [
  refused(
    'a restore in place',
    percona({ restoreFrom: { cluster: 'my-dittofs-postgres' } }),
    'function',
    'spec.percona.restoreFrom.cluster: "my-dittofs-postgres" is this DittoServer’s own cluster: a restore makes a new one, under another name',
  ),
  refused(
    'backups onto those that the cluster is made from',
    percona({
      restoreFrom: {
        s3: {
          ...s3,
          bucket: 'my-backups',
          endpoint: 'S3.example.com:9000',
          prefix: '/pgbackrest/team-a/my-dittofs-postgres/repo1/',
        },
      },
      backup,
    }),
    'function',
    'spec.percona.backup.prefix: "pgbackrest" leads to the backups that the cluster is made from: give the new ones another',
  ),
  refused(
    'backups among the blocks of a store',
    {
      percona: { enabled: true, backup: { ...backup, prefix: 'blocks/postgres' } },
      ...storeInS3({ bucket: 'my-backups', endpoint: 'http://s3.example.com:9000' }),
    },
    'function',
    'spec.percona.backup.prefix: "blocks/postgres" leads to where store "main" clears away what it does not know: give the backups another bucket or prefix',
  ),
  refused(
    'backups among the blocks of a store in AWS',
    {
      percona: { enabled: true, backup: { ...backup, endpoint: 's3.eu-west-1.amazonaws.com', prefix: 'db/blocks' } },
      ...storeInS3({ bucket: 'my-backups', prefix: '/db/' }),
    },
    'function',
    'spec.percona.backup.prefix: "db/blocks" leads to where store "main" clears away what it does not know: give the backups another bucket or prefix',
  ),
  refused(
    'backups in the folder of a store',
    {
      percona: { enabled: true, backup },
      ...storeInS3({
        bucket: 'my-backups',
        endpoint: 'https://s3.example.com:9000',
        prefix: 'pgbackrest/team-a/my-dittofs-postgres/repo1',
      }),
    },
    'function',
    'spec.percona.backup.prefix: "pgbackrest" leads to where store "main" clears away what it does not know: give the backups another bucket or prefix',
  ),
];

function change(
  title: string,
  from: Readonly<Record<string, Json>>,
  to: Readonly<Record<string, Json>>,
  ...problems: string[]
): Change {
  return { title, from: percona(from), to: percona(to), problems };
}

export const databaseChanges: readonly Change[] = [
  change('the cluster’s volumes grow', { storageSize: '10Gi' }, { storageSize: '11Gi' }),
  change(
    'the cluster’s volumes shrink',
    { storageSize: '10Gi' },
    { storageSize: '9Gi' },
    'spec.percona.storageSize: "9Gi" is less than before: a volume can grow, never shrink',
  ),
  change(
    'the cluster’s StorageClass is another',
    { storageClassName: 'fast' },
    { storageClassName: 'slow' },
    'spec.percona.storageClassName: "slow" is not the class that the volumes were made with: it cannot change after creation',
  ),
  change(
    'the cluster’s StorageClass is left out',
    { storageClassName: 'fast' },
    {},
    'spec.percona.storageClassName: is not the class that the volumes were made with: it cannot change after creation',
  ),
  change(
    'the database has another name',
    { databaseName: 'one' },
    { databaseName: 'two' },
    'spec.percona.databaseName: "two" is not the database that the cluster was made with: it cannot change after creation',
  ),
  change(
    'the cluster is made from something later',
    {},
    { restoreFrom: { cluster: 'old' } },
    'spec.percona.restoreFrom: is not what the cluster was made from: it cannot change after creation',
  ),
  change(
    'the cluster is made from something else',
    { restoreFrom: { cluster: 'old' } },
    { restoreFrom: { cluster: 'older' } },
    'spec.percona.restoreFrom: is not what the cluster was made from: it cannot change after creation',
  ),
  change(
    'what cannot change changes before the cluster is wanted',
    { enabled: false, storageSize: '10Gi', storageClassName: 'fast' },
    { storageSize: '5Gi', storageClassName: 'slow', databaseName: 'two', restoreFrom: { cluster: 'old' } },
  ),
  change('what can change does', { replicas: 1 }, { replicas: 3, paused: true, deleteWithServer: true }),
];

export const databaseLimits: readonly Limit[] = [
  {
    title: 'a Percona cluster beyond all limits',
    input: {
      allowedImagePrefixes: ['ghcr.io/'],
      allowedStorageClasses: ['fast'],
      storageClassName: 'fast',
      maxSizes: { postgres: '20Gi' },
      allowedServiceTypes: ['ClusterIP'],
    },
    spec: percona({
      deleteWithServer: true,
      storageSize: '30Gi',
      storageClassName: 'slow',
      images: { postgres: 'docker.io/x:17', pgBouncer: 'ghcr.io/y:1', pgBackRest: 'docker.io/z:1' },
      overrides: {
        expose: { type: 'LoadBalancer' },
        initContainer: { image: 'docker.io/i:1' },
        proxy: { pgBouncer: { expose: { type: 'NodePort' }, sidecars: [{ name: 's', image: 'docker.io/s:1' }] } },
        extensions: { storage: { type: 's3' } },
        metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'gold' } },
      },
    }),
    problems: [
      'spec.percona.images.pgBackRest: "docker.io/z:1" is not allowed by the platform: images start with "ghcr.io/"',
      'spec.percona.images.postgres: "docker.io/x:17" is not allowed by the platform: images start with "ghcr.io/"',
      'spec.percona.overrides.expose.type: "LoadBalancer" is not allowed by the platform: the type is one of "ClusterIP"',
      'spec.percona.overrides.initContainer.image: "docker.io/i:1" is not allowed by the platform: images start with "ghcr.io/"',
      'spec.percona.overrides.metadata.annotations[volume.beta.kubernetes.io/storage-class]: "gold" is not allowed by the platform: the class is one of "fast"',
      'spec.percona.overrides.proxy.pgBouncer.expose.type: "NodePort" is not allowed by the platform: the type is one of "ClusterIP"',
      'spec.percona.overrides.proxy.pgBouncer.sidecars[0].image: "docker.io/s:1" is not allowed by the platform: images start with "ghcr.io/"',
      'spec.percona.storageClassName: "slow" is not allowed by the platform: the class is one of "fast"',
      'spec.percona.storageSize: "30Gi" is over the platform’s limit of "20Gi"',
    ],
  },
  {
    title: 'a Percona cluster within them',
    input: { storageClassName: 'fast', allowedStorageClasses: ['fast'], maxSizes: { postgres: '20Gi' } },
    spec: percona({ storageSize: '20Gi', deleteWithServer: true }),
    problems: [],
  },
];
