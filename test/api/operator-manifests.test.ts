import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { noInput } from '../../src/api/v1alpha1/input.ts';
import { parseDittoServer } from '../../src/api/v1alpha1/parse.ts';
import type { JsonObject } from '../../src/lib/json.ts';

/** Manifests as people have them for the Go operator (v0.29), which apply here unchanged. */
const manifests: readonly (readonly [title: string, yaml: string, spec: JsonObject])[] = [
  [
    'the smallest one',
    `
apiVersion: dittofs.dittofs.com/v1alpha1
kind: DittoServer
metadata:
  name: dittofs-sample
  namespace: default
  labels:
    app.kubernetes.io/name: dittofs-operator
    app.kubernetes.io/managed-by: kustomize
spec:
  storage:
    metadataSize: 10Gi
`,
    { replicas: 1, storage: { metadataSize: { text: '10Gi' }, controlPlaneSize: { text: '1Gi' } } },
  ],
  [
    'one with all that it can say about its pod and its volumes',
    `
apiVersion: dittofs.dittofs.com/v1alpha1
kind: DittoServer
metadata:
  name: dittofs-full
  namespace: storage
  finalizers:
    - dittofs.dittofs.com/finalizer
  annotations:
    dittofs.dittofs.com/auth-retry-count: "0"
spec:
  image: marmos91c/dittofs:latest
  replicas: 1
  storage:
    metadataSize: 10Gi
    contentSize: 50Gi
    controlPlaneSize: 1Gi
    storageClassName: scw-bssd
  database:
    type: sqlite
    sqlite:
      path: /data/controlplane/controlplane.db
  controlPlane:
    port: 8080
    tls: false
  logging:
    level: DEBUG
    format: json
    output: stdout
  resources:
    requests:
      cpu: 250m
      memory: 256Mi
    limits:
      cpu: "1"
      memory: 1Gi
  securityContext:
    allowPrivilegeEscalation: false
    capabilities:
      drop:
        - ALL
    readOnlyRootFilesystem: true
    runAsNonRoot: true
    runAsUser: 65532
  podSecurityContext:
    fsGroup: 65532
    runAsNonRoot: true
    seccompProfile:
      type: RuntimeDefault
  terminationGracePeriodSeconds: 120
`,
    {
      image: 'marmos91c/dittofs:latest',
      storage: { storageClassName: 'scw-bssd', contentSize: { text: '50Gi' } },
      controlPlane: { port: 8080, tls: false },
      terminationGracePeriodSeconds: 120,
      podSecurityContext: { fsGroup: 65532 },
    },
  ],
  [
    'one with Secrets of its own',
    `
apiVersion: dittofs.dittofs.com/v1alpha1
kind: DittoServer
metadata:
  name: dittofs
  namespace: default
spec:
  storage:
    metadataSize: 5Gi
  identity:
    type: memory
    jwt:
      secretRef:
        name: dittofs-jwt
        key: jwt-secret
        optional: false
      accessTokenDuration: 15m
      refreshTokenDuration: 168h
    admin:
      username: admin
      passwordSecretRef:
        name: dittofs-admin
        key: password
        optional: true
`,
    {
      identity: {
        jwt: { secretRef: { name: 'dittofs-jwt', key: 'jwt-secret', optional: false } },
        admin: { passwordSecretRef: { name: 'dittofs-admin', key: 'password', optional: true } },
      },
    },
  ],
  [
    'one behind a load balancer of Scaleway',
    `
apiVersion: dittofs.dittofs.com/v1alpha1
kind: DittoServer
metadata:
  name: edge
  namespace: files
spec:
  storage:
    metadataSize: 512Mi
    contentSize: 1Ti
  service:
    type: LoadBalancer
    annotations:
      service.beta.kubernetes.io/scw-loadbalancer-zone: fr-par-1
  adapterDiscovery:
    pollingInterval: 30s
  adapterServices:
    type: LoadBalancer
    annotations:
      service.beta.kubernetes.io/scw-loadbalancer-use-hostname: "true"
`,
    {
      service: { type: 'LoadBalancer' },
      adapterServices: {
        type: 'LoadBalancer',
        annotations: { 'service.beta.kubernetes.io/scw-loadbalancer-use-hostname': 'true' },
      },
      adapterDiscovery: { pollingInterval: '30s' },
    },
  ],
  [
    'one that is stopped',
    `
apiVersion: dittofs.dittofs.com/v1alpha1
kind: DittoServer
metadata:
  name: stopped
  namespace: default
spec:
  replicas: 0
  storage:
    metadataSize: 1Gi
`,
    { replicas: 0 },
  ],
  [
    'one with a Percona cluster and its backups',
    `
apiVersion: dittofs.dittofs.com/v1alpha1
kind: DittoServer
metadata:
  name: with-percona
  namespace: dittofs
spec:
  storage:
    metadataSize: 10Gi
  database:
    type: sqlite
  percona:
    enabled: true
    deleteWithServer: false
    replicas: 3
    storageSize: 10Gi
    storageClassName: fast-ssd
    databaseName: dittofs
    backup:
      enabled: true
      bucket: my-backups
      endpoint: https://s3.cubbit.eu
      region: eu-west-1
      fullSchedule: "0 2 * * *"
      incrSchedule: "0 * * * *"
      retentionDays: 7
      credentialsSecretRef:
        name: pgbackrest-s3-creds
`,
    { percona: { enabled: true, backup: { enabled: true, credentialsSecretRef: { name: 'pgbackrest-s3-creds' } } } },
  ],
  [
    'one on a PostgreSQL that a Secret names',
    `
apiVersion: dittofs.dittofs.com/v1alpha1
kind: DittoServer
metadata:
  name: with-postgres
  namespace: dittofs
spec:
  storage:
    metadataSize: 10Gi
  database:
    type: postgres
    postgresSecretRef:
      name: my-postgres
      key: connection-string
`,
    { database: { type: 'postgres', postgresSecretRef: { name: 'my-postgres' } } },
  ],
  [
    'one with snapshot policies of shares that were made by hand',
    `
apiVersion: dittofs.dittofs.com/v1alpha1
kind: DittoServer
metadata:
  name: with-snapshots
  namespace: dittofs
spec:
  storage:
    metadataSize: 10Gi
  snapshotPolicies:
    - share: /archive
      interval: "@daily"
      keepLast: 7
      ttl: "720h"
      enabled: true
    - share: photos
      interval: 6h
      namePrefix: hourly-
    - share: /Team Files/2026
      interval: "@weekly"
      keepLast: 0
      ttl: ""
      enabled: false
`,
    {
      snapshotPolicies: [
        { share: '/archive', interval: '@daily', keepLast: 7, ttl: '720h', enabled: true, namePrefix: '' },
        { share: 'photos', interval: '6h', keepLast: 0, ttl: '', enabled: true, namePrefix: 'hourly-' },
        { share: '/Team Files/2026', interval: '@weekly', keepLast: 0, ttl: '', enabled: false, namePrefix: '' },
      ],
    },
  ],
];

describe('a manifest of the Go operator', () => {
  it.each(manifests)('is accepted unchanged: %s', (_, yaml, spec) => {
    expect(parseDittoServer(load(yaml) as JsonObject, noInput)).toMatchObject({ ok: true, value: { spec } });
  });
});
