import * as z from 'zod';
import { isCron } from './cron.ts';
import {
  checkedText,
  core,
  coreList,
  distinct,
  freeForm,
  growing,
  host,
  image,
  objectName,
  SecretName,
  size,
  text,
} from './fields.ts';
import { checkOverrides } from './overrides.ts';
import { isAnObject, matching, pattern, soundly, withRules, type Rule } from './rule.ts';
import { bucket, bucketFolder, bucketPath, tlsEndpoint } from './s3.ts';

/** The major version of PostgreSQL that a new cluster has where nobody names one. */
export const defaultPostgresVersion = 17;

const postgresImages: Readonly<Partial<Record<number, string>>> = {
  16: 'docker.io/percona/percona-distribution-postgresql:16.14-1',
  17: 'docker.io/percona/percona-distribution-postgresql:17.10-1',
  18: 'docker.io/percona/percona-distribution-postgresql:18.4-1',
};

/** Images that Percona releases together with operator 3.0.0; those of PostgreSQL by its major version. */
export const testedImages = {
  postgres: postgresImages,
  pgBouncer: 'docker.io/percona/percona-pgbouncer:1.25.2-1',
  pgBackRest: 'docker.io/percona/percona-pgbackrest:2.58.0-2',
} as const;

/** The user as whom the server connects to its cluster, made together with it. */
export const databaseUser = 'dittofs';

/** The name of a server's cluster. */
export function clusterName(server: string): string {
  return `${server}-postgres`;
}

/** The folder of all backups in a bucket where nobody names another. */
export const defaultPrefix = 'pgbackrest';

/** Where a new cluster's backups lie in their bucket: each in a folder of its own, because two in one would destroy both. */
export function backupFolder({ backup }: z.output<typeof Percona>, namespace: string, server: string): string {
  return bucketFolder(backup.prefix ?? defaultPrefix, namespace, clusterName(server), 'repo1');
}

/** The major version of PostgreSQL in an image's tag, where it tells: `17.10-1`, or `2.5.0-ppg16.4-postgres`. */
export function majorOf(image: string): number | undefined {
  const tag = /:([^/@:]+)(@.*)?$/.exec(image)?.[1] ?? '';
  const major = /ppg([0-9]{2})/.exec(tag)?.[1] ?? /^([0-9]{2})\b/.exec(tag)?.[1];
  return major === undefined ? undefined : Number(major);
}

const region = () => text(63).default('eu-west-1').meta({ description: 'Region of the bucket.' });

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
    endpoint: tlsEndpoint().optional().meta({ description: 'Endpoint of the S3 service, reached over TLS.' }),
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
        endpoint: tlsEndpoint().meta({ description: 'Endpoint of the S3 service.' }),
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
