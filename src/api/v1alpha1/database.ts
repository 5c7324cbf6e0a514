import * as z from 'zod';
import { isCron } from './cron.ts';
import {
  checkedText,
  core,
  coreList,
  distinct,
  DOTS,
  freeForm,
  growing,
  image,
  objectName,
  port,
  SecretKey,
  SecretName,
  size,
  text,
} from './fields.ts';
import { checkOverrides } from './overrides.ts';
import { isAnObject, matching, pattern, soundly, withRules, type Rule } from './rule.ts';

const databaseFile = pattern('^/data/controlplane(/[^/]+)+$');

const Sqlite = z.strictObject({
  path: withRules(text(1024), [
    {
      cel: `${databaseFile.cel()} && !${DOTS.cel()}`,
      says: 'is not a file under /data/controlplane/ such as "/data/controlplane/controlplane.db"',
      holds: (path) => databaseFile.test(path) && !DOTS.test(path),
    },
  ])
    .default('/data/controlplane/controlplane.db')
    .meta({ description: 'File of the database, on the control-plane volume.' }),
});

/** The name or address of a host. */
export const host = () =>
  withRules(text(), [
    matching(
      '^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?$',
      'is not a host name or an address such as "postgres.example.com"',
    ),
  ]);

const connections = (least: number) => z.int().min(least).max(10_000);

const Postgres = z.strictObject({
  host: host().meta({ description: 'Name or address of the PostgreSQL server.' }),
  port: port().default(5432).meta({ description: 'Its port.' }),
  database: text(63).meta({ description: 'Name of the database; its encoding has to be UTF8.' }),
  user: text(63).meta({ description: 'User that owns the tables.' }),
  sslMode: z.enum(['disable', 'require', 'verify-ca', 'verify-full']).default('require').meta({
    description:
      'How the connection is protected. require encrypts; verify-ca also checks who signed the server’s certificate, and verify-full its name.',
  }),
  passwordSecretRef: SecretKey.meta({ description: 'Secret with the user’s password.' }),
  caSecretRef: SecretKey.optional().meta({
    description: 'Secret with the certificates that verify-ca and verify-full trust; the image’s own when left out.',
  }),
  maxOpenConns: connections(1).optional().meta({ description: 'Most connections; the server’s own default is 25.' }),
  maxIdleConns: connections(0).optional().meta({ description: 'Most idle ones; the server’s own default is 5.' }),
});

/** The spec of the control-plane database. */
export const Database = withRules(
  z.strictObject({
    type: z.enum(['sqlite', 'postgres']).default('sqlite').meta({
      description:
        'The kind of control-plane database. postgres, postgresSecretRef and percona.enabled each mean postgres, whatever is said here.',
    }),
    sqlite: Sqlite.prefault({}).meta({ description: 'SQLite on the control-plane volume.' }),
    postgres: Postgres.optional().meta({ description: 'A PostgreSQL of yours, by its address.' }),
    postgresSecretRef: z
      .strictObject({
        name: objectName('Secret').meta({ description: 'Name of the Secret.' }),
        key: text().optional().meta({ description: 'Accepted for compatibility, without effect.' }),
        optional: z.boolean().optional().meta({
          description: 'Accepted for compatibility, without effect: a missing Secret or key is always reported.',
        }),
      })
      .optional()
      .meta({
        description:
          'A PostgreSQL of yours, by a Secret with the keys host, user, password and database (or dbname), and perhaps port and sslmode, which is require when left out.',
      }),
  }),
  [
    {
      cel: '!has(self.postgres) || !has(self.postgresSecretRef)',
      says: 'stands beside database.postgres: choose one of the two',
      field: ['postgresSecretRef', 'name'],
      reads: ['postgres', 'postgresSecretRef'],
      holds: ({ postgres, postgresSecretRef }) => postgres === undefined || postgresSecretRef === undefined,
    },
  ],
);

/** The name of a bucket. */
export const bucket = () =>
  withRules(text(63), [matching('^[a-z0-9][-a-z0-9.]+[a-z0-9]$', 'is not the name of a bucket such as "my-backups"')]);

const s3Endpoint = () =>
  withRules(text(), [
    matching(
      '^(https://)?[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?(:[0-9]{1,5})?/?$',
      'is not an S3 endpoint such as "s3.example.com", which is always reached over TLS',
    ),
  ]);

const region = () => text(63).default('eu-west-1').meta({ description: 'Region of the bucket.' });

/** A folder of a bucket. */
export const bucketPath = () =>
  withRules(text(512), [
    matching(
      '^/?[a-zA-Z0-9_][-a-zA-Z0-9._]*(/[a-zA-Z0-9_][-a-zA-Z0-9._]*)*/?$',
      'is not a path in a bucket such as "backups/team-a"',
    ),
  ]);

const schedule = () => checkedText(128, isCron, 'is not a cron expression such as "0 2 * * *"');

/** A rule of the backups: a field that they cannot do without. */
function neededByBackups(
  field: 'bucket' | 'endpoint' | 'credentialsSecretRef',
): Rule<Readonly<Record<string, unknown>>> {
  return {
    cel: `!has(self.enabled) || !self.enabled || has(self.${field})`,
    says: 'is required with percona.backup.enabled',
    field: [field],
    reads: ['enabled', field],
    holds: (backup) => backup.enabled !== true || backup[field] !== undefined,
  };
}

const Backup = withRules(
  z.strictObject({
    enabled: z.boolean().default(false).meta({ description: 'Whether the cluster is backed up to S3.' }),
    credentialsSecretRef: SecretName.optional().meta({
      description:
        'Secret with the credentials in pgBackRest’s own format, under a key that ends in .conf: [global], repo1-s3-key=… and repo1-s3-key-secret=…, a line each.',
    }),
    bucket: bucket().optional().meta({ description: 'Bucket.' }),
    endpoint: s3Endpoint().optional().meta({ description: 'Endpoint of the S3 service, reached over TLS.' }),
    region: region(),
    prefix: bucketPath().optional().meta({
      description:
        'Where in the bucket the backups lie: in <prefix>/<namespace>/<cluster>/repo1. pgbackrest when left out; a cluster that has backups keeps their place then.',
    }),
    uriStyle: z.enum(['path', 'host']).default('path').meta({
      description: 'Whether the bucket stands in the path of a request or in its host name.',
    }),
    verifyTLS: z.boolean().default(true).meta({ description: 'Whether the endpoint’s certificate is checked.' }),
    fullSchedule: schedule().default('0 2 * * *').meta({ description: 'When full backups are made, in UTC.' }),
    incrSchedule: schedule().default('0 * * * *').meta({ description: 'When incremental ones are made, in UTC.' }),
    retentionDays: z.int().min(1).max(9_999).default(7).meta({
      description: 'Days for which full backups, and what is needed to restore to any time since, are kept.',
    }),
  }),
  [neededByBackups('bucket'), neededByBackups('endpoint'), neededByBackups('credentialsSecretRef')],
);

/** A time as RFC 3339 writes it, whether it exists or not. */
const time = pattern('^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$');

const RestoreFrom = withRules(
  z.strictObject({
    cluster: objectName('PerconaPGCluster').optional().meta({
      description: 'A PerconaPGCluster in this namespace, from whose backups the new one is made.',
    }),
    s3: z
      .strictObject({
        bucket: bucket().meta({ description: 'Bucket.' }),
        endpoint: s3Endpoint().meta({ description: 'Endpoint of the S3 service.' }),
        region: region(),
        prefix: bucketPath().meta({
          description: 'Path of the backups in the bucket, such as pgbackrest/<namespace>/<cluster>/repo1.',
        }),
        credentialsSecretRef: SecretName.meta({
          description: 'Secret with the credentials, in the same form as those of backups.',
        }),
      })
      .optional()
      .meta({ description: 'Backups in a bucket, from which the new cluster is made.' }),
    target: withRules(text(64), [
      {
        cel: `self == 'latest' || ${time.cel()}`,
        says: 'is neither latest nor a time such as "2026-01-31T12:00:00Z"',
        holds: (target) => target === 'latest' || time.test(target),
      },
    ])
      .refine((target) => target === 'latest' || !Number.isNaN(Date.parse(target)), {
        error: 'is not a time that exists',
        when: soundly(),
      })
      .default('latest')
      .meta({ description: 'Up to when: latest, or a time (RFC 3339).' }),
  }),
  [
    {
      cel: 'has(self.cluster) != has(self.s3)',
      says: 'cannot stand alone: say from where, with either cluster or s3',
      field: ['target'],
      reads: ['cluster', 's3'],
      holds: ({ cluster, s3 }) => (cluster === undefined) !== (s3 === undefined),
    },
  ],
);

/** A transition rule of a cluster that exists: it holds from one spec that wants a cluster to the next. */
function onceMade<T extends { readonly cel: string }>(rule: T): T {
  const wasMade = ['self', 'oldSelf'].map((of) => `has(${of}.enabled) && ${of}.enabled`).join(' && ');
  return { ...rule, cel: `!(${wasMade}) || (${rule.cel})` };
}

/** The spec of the Percona cluster. */
export const Percona = withRules(
  z.strictObject({
    enabled: z.boolean().default(false).meta({
      description:
        'Makes the PerconaPGCluster <name>-postgres and uses it; needs Percona’s operator for PostgreSQL, and a DittoServer name of at most 28 characters.',
    }),
    deleteWithServer: z.boolean().default(false).meta({
      description:
        'false: the cluster, its volumes and its Secrets outlive the DittoServer in every case. true: they are deleted with it.',
    }),
    replicas: z
      .int()
      .min(1)
      .max(5)
      .default(1)
      .meta({ description: 'Instances of PostgreSQL, one of them the primary.' }),
    storageSize: size().prefault('10Gi').meta({
      description: 'Size of each instance’s volume. It can grow, never shrink.',
    }),
    storageClassName: objectName('StorageClass').optional().meta({
      description:
        'StorageClass of the volumes; the platform’s, else the cluster’s default when left out. It cannot change.',
    }),
    databaseName: withRules(text(63), [
      matching('^[a-z_][a-z0-9_]*$', 'is not the name of a database such as "dittofs"'),
    ])
      .default('dittofs')
      .meta({ description: 'Name of the database. It cannot change.' }),
    postgresVersion: z.int().min(12).max(18).optional().meta({
      description:
        'Major version of PostgreSQL; the platform’s when left out. Of a cluster that exists it does not change.',
    }),
    crVersion: withRules(text(32), [matching('^[0-9]+[.][0-9]+[.][0-9]+$', 'is not a version such as "3.0.0"')])
      .optional()
      .meta({
        description: 'Version of Percona’s operator whose behaviour is wanted; the operator’s own when left out.',
      }),
    images: z
      .strictObject({
        postgres: image().optional().meta({ description: 'Image of PostgreSQL, of the major version that is wanted.' }),
        pgBouncer: image().optional().meta({ description: 'Image of pgBouncer.' }),
        pgBackRest: image().optional().meta({ description: 'Image of pgBackRest, needed without backups, too.' }),
      })
      .prefault({})
      .meta({ description: 'Images of the cluster; the platform’s when left out.' }),
    imagePullSecrets: distinct(
      z.array(z.strictObject({ name: objectName('Secret').meta({ description: 'Name of the Secret.' }) })).max(16),
      'name',
    )
      .optional()
      .meta({ description: 'Secrets with which nodes pull these images, beside the platform’s.' }),
    resources: core('ResourceRequirements').optional().meta({ description: 'Resources of each PostgreSQL.' }),
    pgBouncer: z
      .strictObject({
        replicas: z.int().min(0).max(10).default(1).meta({ description: 'Instances of pgBouncer.' }),
        resources: core('ResourceRequirements').optional().meta({ description: 'Resources of each of them.' }),
      })
      .prefault({})
      .meta({ description: 'pgBouncer, for others: the server always connects to the primary.' }),
    sslMode: z.enum(['require', 'verify-full']).default('require').meta({
      description: 'How the server’s connection is protected; verify-full checks the cluster’s certificate and name.',
    }),
    affinity: core('Affinity').optional().meta({
      description: 'Affinity of PostgreSQL and pgBouncer; with several replicas they are spread over nodes by default.',
    }),
    tolerations: coreList('Toleration', 32).optional().meta({ description: 'Taints that they tolerate.' }),
    topologySpreadConstraints: coreList('TopologySpreadConstraint', 16, ['topologyKey', 'whenUnsatisfiable'])
      .optional()
      .meta({ description: 'How they spread over the cluster.' }),
    priorityClassName: objectName('PriorityClass').optional().meta({ description: 'PriorityClass of their pods.' }),
    minAvailable: z.int().min(0).max(5).optional().meta({
      description: 'Instances of PostgreSQL that a voluntary disruption, such as draining a node, leaves running.',
    }),
    paused: z.boolean().default(false).meta({ description: 'Stops the cluster and keeps its data.' }),
    pauseWithServer: z.boolean().default(false).meta({ description: 'Stops the cluster while replicas is 0.' }),
    restoreFrom: RestoreFrom.optional().meta({
      description: 'Makes the new cluster from backups; never in place, and it cannot change once the cluster is made.',
    }),
    monitoring: z
      .strictObject({
        pmm: z
          .strictObject({
            serverHost: host().meta({ description: 'Name or address of the PMM server.' }),
            secretRef: SecretName.meta({
              description: 'Secret with the key PMM_SERVER_TOKEN, for PMM 3, or PMM_SERVER_KEY, for PMM 2.',
            }),
            image: image().meta({ description: 'Image of the PMM client, of the server’s major version.' }),
          })
          .meta({ description: 'Percona Monitoring and Management: a client beside each instance reports to it.' }),
      })
      .optional()
      .meta({ description: 'Monitoring of the cluster, as Percona’s operator offers it.' }),
    overrides: freeForm().superRefine(checkOverrides, { when: isAnObject }).optional().meta({
      description:
        'Fields of the PerconaPGCluster’s spec, merged over the rendered ones, for experts. Fields that are decided here are refused.',
    }),
    backup: Backup.prefault({}).meta({ description: 'Backups to S3, by pgBackRest.' }),
  }),
  [
    onceMade(growing('storageSize')),
    onceMade({
      cel: 'has(self.storageClassName) ? has(oldSelf.storageClassName) && self.storageClassName == oldSelf.storageClassName : !has(oldSelf.storageClassName)',
      says: 'is not the class that the volumes were made with: it cannot change after creation',
      field: ['storageClassName'],
    }),
    onceMade({
      cel: 'self.databaseName == oldSelf.databaseName',
      says: 'is not the database that the cluster was made with: it cannot change after creation',
      field: ['databaseName'],
    }),
    onceMade({
      cel: 'has(self.restoreFrom) ? has(oldSelf.restoreFrom) && self.restoreFrom == oldSelf.restoreFrom : !has(oldSelf.restoreFrom)',
      says: 'is not what the cluster was made from: it cannot change after creation',
      field: ['restoreFrom'],
    }),
  ],
);
