import type { JsonObject } from '../../src/lib/json.ts';

/** Images of one release, so that they fit together. */
const images = {
  postgres: 'docker.io/percona/percona-distribution-postgresql:17.10-1',
  pgBouncer: 'docker.io/percona/percona-pgbouncer:1.25.2-1',
  pgBackRest: 'docker.io/percona/percona-pgbackrest:2.58.0-2',
};

function claim(storage: string): JsonObject {
  return { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } };
}

function cluster(name: string, namespace: string, spec: JsonObject): JsonObject {
  return {
    apiVersion: 'pgv2.percona.com/v2',
    kind: 'PerconaPGCluster',
    metadata: { name, namespace },
    spec: {
      postgresVersion: 17,
      image: images.postgres,
      imagePullPolicy: 'IfNotPresent',
      autoCreateUserSchema: true,
      users: [
        {
          name: 'dittofs',
          databases: ['dittofs'],
          password: { type: 'AlphaNumeric' },
          grantPublicSchemaAccess: true,
        },
      ],
      ...spec,
    },
  };
}

/** The least that comes up on all supported versions of Percona's operator: one instance, no backups. */
export function minimalCluster(name: string, namespace: string): JsonObject {
  return cluster(name, namespace, {
    instances: [{ name: 'instance1', replicas: 1, dataVolumeClaimSpec: claim('10Gi') }],
    proxy: { pgBouncer: { replicas: 1, image: images.pgBouncer } },
    backups: { enabled: false, pgbackrest: { image: images.pgBackRest } },
  });
}

/** Spreads the instances over nodes where that is possible. */
function affinity(name: string): JsonObject {
  const prefix = 'postgres-operator.crunchydata.com';
  const podAffinityTerm = {
    topologyKey: 'kubernetes.io/hostname',
    labelSelector: { matchLabels: { [`${prefix}/cluster`]: name, [`${prefix}/data`]: 'postgres' } },
  };
  return { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] } };
}

/** Three instances, two proxies, and backups to S3 with the credentials of a Secret. */
export function productionCluster(name: string, namespace: string, credentials: string): JsonObject {
  return cluster(name, namespace, {
    instances: [
      {
        name: 'instance1',
        replicas: 3,
        resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { memory: '2Gi' } },
        affinity: affinity(name),
        dataVolumeClaimSpec: { storageClassName: 'standard', ...claim('50Gi') },
      },
    ],
    proxy: {
      pgBouncer: {
        replicas: 2,
        image: images.pgBouncer,
        resources: { requests: { cpu: '100m', memory: '128Mi' } },
      },
    },
    backups: {
      enabled: true,
      pgbackrest: {
        image: images.pgBackRest,
        configuration: [{ secret: { name: credentials } }],
        global: {
          'repo1-path': `/pgbackrest/${namespace}/${name}/repo1`,
          'repo1-retention-full': '7',
          'repo1-retention-full-type': 'time',
          'repo1-s3-uri-style': 'path',
          'repo1-storage-verify-tls': 'y',
        },
        repos: [
          {
            name: 'repo1',
            s3: { bucket: 'b', endpoint: 's3.example.com', region: 'eu-west-1' },
            schedules: { full: '0 2 * * 0', differential: '0 2 * * 1-6' },
          },
        ],
      },
    },
    patroni: { dynamicConfiguration: { synchronous_mode: true } },
  });
}
