import type { Json } from '../../src/lib/json.ts';
import { refused, type Change, type Limit, type Refused } from './case.ts';
import { acceptedServing, refusedServing, servingChanges, servingLimits } from './serving-cases.ts';
import { refusedPeople } from './people-cases.ts';
import { acceptedStores, refusedStores, storeChanges } from './store-cases.ts';
import { acceptedDatabases, databaseChanges, databaseLimits, refusedDatabases } from './database-cases.ts';

export type { Refused } from './case.ts';

const secretRef = { name: 'credentials', key: 'password' };
const letters = (count: number): string => 'a'.repeat(count);

/** Specs that everybody accepts. */
export const accepted: readonly (readonly [title: string, spec: Json])[] = [
  ['nothing', {}],
  ['everything empty', { storage: {}, service: {}, nfs: {}, smb: {}, controlPlane: {}, identity: {}, logging: {} }],
  ['an image with a digest', { image: `registry.example.com:5000/team/dittofs:v1@sha256:${letters(64)}` }],
  [
    'all fields of the pod',
    {
      imagePullPolicy: 'IfNotPresent',
      imagePullSecrets: [{ name: 'registry' }, { name: 'mirror.example.com' }],
      replicas: 0,
      resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: 2, memory: '4Gi' } },
      securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      podSecurityContext: { fsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      nodeSelector: { 'kubernetes.io/arch': 'arm64', disk: '' },
      tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }, { operator: 'Exists' }],
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' },
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
      ],
      priorityClassName: 'high',
      podLabels: { team: 'storage', 'example.com/cost-centre': '42' },
      podAnnotations: { 'example.com/note': 'any text: ünïcode, "quotes" and\nlines' },
      extraEnv: [
        { name: 'GOMEMLIMIT', value: '3GiB' },
        { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      ],
      extraVolumes: [{ name: 'certs', secret: { secretName: 'certs' } }],
      extraVolumeMounts: [
        { name: 'certs', mountPath: '/mnt/certs', readOnly: true },
        { name: 'certs', mountPath: '/data/certs', subPath: 'ca.crt' },
      ],
      terminationGracePeriodSeconds: 36,
      shutdownTimeout: '1m30s',
      startupTimeoutSeconds: 3600,
      logging: { level: 'DEBUG', format: 'text', output: 'stderr' },
    },
  ],
  [
    'the bounds of numbers',
    {
      terminationGracePeriodSeconds: 86400,
      startupTimeoutSeconds: 30,
      nfs: { port: 1 },
      smb: { port: 65535 },
      controlPlane: { port: 65535 },
    },
  ],
  [
    'keys of config.yaml that nobody owns',
    { extraConfig: { gc: { interval: '1h', dry_run: null }, list: [1, 'two', { three: true }] } },
  ],
  [
    'a table of names as config.yaml keeps it',
    { extraConfig: { kerberos: { identity_mapping: { static_map: { 'Alice@EXAMPLE.COM': 'alice' } } } } },
  ],
  ...['1', '5Gi', '0.5Ti', '.5Ti', '10.Gi', '1e9', '1E9', '5E', '007Gi', '128974848000'].map(
    (size) => [`the size ${size}`, { storage: { metadataSize: size } }] as const,
  ),
  ...['1s', '1h', '90s', '1h0m0s', '0.5h', '1500ms', '1000000us', '1000000µs', '1000000000ns', '.5m', '1.m'].map(
    (duration) => [`the time to stop ${duration}`, { shutdownTimeout: duration }] as const,
  ),
  [
    'the longest life of a token',
    { identity: { jwt: { accessTokenDuration: '8760h', refreshTokenDuration: '525600m' } } },
  ],
  [
    'all fields of storage',
    {
      storage: {
        metadataSize: '10Gi',
        contentSize: '1Ti',
        cacheSize: '100Gi',
        controlPlaneSize: '2Gi',
        storageClassName: 'fast.example.com',
        retentionPolicy: 'Delete',
      },
      database: { type: 'sqlite', sqlite: { path: '/data/controlplane/sub/dittofs..db' } },
    },
  ],
  [
    'all fields of exposure',
    {
      service: {
        type: 'LoadBalancer',
        annotations: { 'service.beta.kubernetes.io/scw-loadbalancer-id': 'fr-par-1/x' },
        loadBalancerClass: 'example.com/internal',
        loadBalancerIP: '2001:db8::1',
        loadBalancerSourceRanges: ['192.0.2.0/24', '2001:db8::/32', '0.0.0.0/0'],
        externalTrafficPolicy: 'Local',
        nodePorts: { nfs: 32049, smb: 30445 },
        waitForAddress: false,
      },
      nfs: { enabled: true, port: 12049 },
      smb: { enabled: false, port: 445 },
      controlPlane: { port: 9000, service: { type: 'NodePort', annotations: { a: '' } }, tls: true },
    },
  ],
  ['the same port where one protocol is off', { nfs: { port: 445 }, smb: { enabled: false } }],
  ['one node port', { service: { nodePorts: { smb: 30445 } } }],
  [
    'Secrets of its own',
    {
      identity: {
        type: 'memory',
        jwt: { secretRef: { ...secretRef, optional: false } },
        admin: { username: 'admin', passwordSecretRef: secretRef },
      },
    },
  ],
  [
    'fields of the Go operator',
    { adapterServices: { type: 'NodePort', annotations: { a: 'b' } }, adapterDiscovery: { pollingInterval: '30s' } },
  ],
  ...acceptedDatabases,
  ...acceptedServing,
  ...acceptedStores,
];

const notQuantity = 'is not a quantity such as "10Gi"';
const notStopTime = 'is not a duration from 1s to 1h such as "15m"';
const notTokenLife = 'is not a duration from 1s to 8760h such as "15m"';
const notListener = 'is a port on which the server listens for NFS or SMB: choose another, such as 8080';
const serverFolders =
  '/config, /tmp, /etc/dittofs, /data/controlplane, /data/store/metadata, /data/store/block, /data/store/cache';
const notServiceType = 'is not ClusterIP, NodePort or LoadBalancer';
const notDatabaseFile = 'is not a file under /data/controlplane/ such as "/data/controlplane/controlplane.db"';
const isNull = 'is null; leave it out or give it a value';
const unquoted = 'is not a string; put it in quotes';

function mount(mountPath: Json): Json {
  return { extraVolumes: [{ name: 'mine', emptyDir: {} }], extraVolumeMounts: [{ name: 'mine', mountPath }] };
}

/** Rules of the XRD: each is violated here at least once (cel.test.ts). */
const byRule: readonly Refused[] = [
  refused(
    'an image with a space',
    { image: 'dittofs latest' },
    'cel',
    'spec.image: "dittofs latest" is not an image such as "marmos91c/dittofs:v0.29.0"',
  ),
  refused(
    'a pull secret that no Secret is called',
    { imagePullSecrets: [{ name: 'ok' }, { name: 'My Registry' }] },
    'cel',
    'spec.imagePullSecrets[1].name: "My Registry" is not the name of a Secret such as "my-secret"',
  ),
  refused(
    'a priority class that none is called',
    { priorityClassName: 'Höchste' },
    'cel',
    'spec.priorityClassName: "Höchste" is not the name of a PriorityClass such as "my-priorityclass"',
  ),
  refused(
    'a StorageClass that none is called',
    { storage: { storageClassName: 'Fast SSD' } },
    'cel',
    'spec.storage.storageClassName: "Fast SSD" is not the name of a StorageClass such as "my-storageclass"',
  ),
  refused(
    'names with dots where none may be',
    { storage: { storageClassName: 'fast.' }, priorityClassName: 'a..b' },
    'cel',
    'spec.priorityClassName: "a..b" is not the name of a PriorityClass such as "my-priorityclass"',
    'spec.storage.storageClassName: "fast." is not the name of a StorageClass such as "my-storageclass"',
  ),
  refused(
    'Secrets that none are called',
    {
      identity: {
        jwt: { secretRef: { name: 'JWT', key: 'k' } },
        admin: { passwordSecretRef: { name: 'pass_word', key: 'k' } },
      },
    },
    'cel',
    'spec.identity.admin.passwordSecretRef.name: "pass_word" is not the name of a Secret such as "my-secret"',
    'spec.identity.jwt.secretRef.name: "JWT" is not the name of a Secret such as "my-secret"',
  ),
  ...[
    'DITTOFS_CONTROLPLANE_SECRET',
    'DITTOFS_CONTROLPLANE_JWT_SECRET',
    'DITTOFS_CONTROLPLANE_HOST',
    'DITTOFS_CONTROLPLANE_PORT',
    'DITTOFS_ADMIN_INITIAL_PASSWORD',
    'DITTOFS_METRICS_HOST',
    'DITTOFS_METRICS_PORT',
    'DITTOFS_SHUTDOWN_TIMEOUT',
    'DITTOFS_DATABASE_TYPE',
    'DITTOFS_CONTROLPLANE_TLS_CERT_FILE',
    'PGCONNECT_TIMEOUT',
  ].map((name) =>
    refused(
      `the reserved variable ${name}`,
      { extraEnv: [{ name, value: 'x' }] },
      'cel',
      `spec.extraEnv[0].name: "${name}" is a variable that the server needs for itself`,
    ),
  ),
  ...['config', 'tmp', 'metadata', 'content', 'cache', 'controlplane', 'database-ca'].map((name) =>
    refused(
      `the reserved volume ${name}`,
      { extraVolumes: [{ name, emptyDir: {} }] },
      'cel',
      `spec.extraVolumes[0].name: "${name}" is a volume that the server needs for itself`,
    ),
  ),
  ...['mnt/certs', '/', '/mnt/', '/mnt//certs', '/mnt/../config', '/mnt/.', '/mnt:ro'].map((path) =>
    refused(
      `the mount path ${path}`,
      mount(path),
      'cel',
      `spec.extraVolumeMounts[0].mountPath: "${path}" is not an absolute path such as "/mnt/certs"`,
    ),
  ),
  ...['/config', '/tmp/x', '/data', '/data/store', '/data/store/block/share', '/data/controlplane'].map((path) =>
    refused(
      `the server’s folder ${path}`,
      mount(path),
      'cel',
      `spec.extraVolumeMounts[0].mountPath: "${path}" hides a folder that the server needs for itself, or lies in one: ${serverFolders}`,
    ),
  ),
  ...['10 GB', '10GB', '10gi', 'Gi', '', '-1Gi', '+1Gi', '0', '0.0Gi', '1e100', '1_000', '٣Gi', '500m', '10Gi '].map(
    (size) =>
      refused(
        `the size "${size}"`,
        { storage: { metadataSize: size } },
        'cel',
        `spec.storage.metadataSize: "${size}" ${notQuantity}`,
      ),
  ),
  refused(
    'sizes that are none',
    { storage: { contentSize: '1 TB', controlPlaneSize: 'big' } },
    'cel',
    `spec.storage.contentSize: "1 TB" ${notQuantity}`,
    `spec.storage.controlPlaneSize: "big" ${notQuantity}`,
  ),
  ...['30', '', '1d', '-5s', '0s', '999ms', '1h1ms', '2h', '5 m', '1:30', '99999999h', '99999999999999999999s'].map(
    (duration) =>
      refused(
        `the time to stop "${duration}"`,
        { shutdownTimeout: duration },
        'cel',
        `spec.shutdownTimeout: "${duration}" ${notStopTime}`,
      ),
  ),
  refused(
    'lives of tokens that are none',
    { identity: { jwt: { accessTokenDuration: '15', refreshTokenDuration: '8761h' } } },
    'cel',
    `spec.identity.jwt.accessTokenDuration: "15" ${notTokenLife}`,
    `spec.identity.jwt.refreshTokenDuration: "8761h" ${notTokenLife}`,
  ),
  ...[
    '/var/lib/dittofs.db',
    '/data/controlplane/',
    '/data/controlplane',
    '/data/controlplane/../x.db',
    '/data/controlplane/a/..',
    '/data/controlplane/./x',
    '/data/controlplane/.',
    '/data/controlplane/a/.',
    '/data/controlplane/..',
    '/data/controlplane//x',
    '/data/controlplane2/x',
  ].map((path) =>
    refused(
      `the database ${path}`,
      { database: { sqlite: { path } } },
      'cel',
      `spec.database.sqlite.path: "${path}" ${notDatabaseFile}`,
    ),
  ),
  refused(
    'one node port for two',
    { service: { nodePorts: { nfs: 30000, smb: 30000 } } },
    'cel',
    'spec.service.nodePorts.smb: 30000 is the node port of NFS too: give each protocol its own',
  ),
  refused(
    'one port for two',
    { nfs: { port: 445 } },
    'cel',
    'spec.smb.port: 445 is the port of NFS too: give each protocol its own',
  ),
  refused(
    'the listener of NFS',
    { controlPlane: { port: 12049 } },
    'cel',
    `spec.controlPlane.port: 12049 ${notListener}`,
  ),
  refused(
    'the listener of SMB',
    { controlPlane: { port: 1445 } },
    'cel',
    `spec.controlPlane.port: 1445 ${notListener}`,
  ),
];

/** Types, enums, bounds and required fields. */
const bySchema: readonly Refused[] = [
  refused('a list for the spec', [], 'schema', 'spec: a list is not an object'),
  refused('a text for the spec', 'spec', 'schema', 'spec: "spec" is not an object'),
  refused('null for the spec', null, 'schema', 'spec: is required'),
  refused('an empty image', { image: '' }, 'schema', 'spec.image: "" is empty'),
  refused(
    'a long image',
    { image: letters(513) },
    'schema',
    `spec.image: "${letters(78)}… is longer than 512 characters`,
  ),
  refused(
    'an unknown policy',
    { imagePullPolicy: 'always' },
    'schema',
    'spec.imagePullPolicy: "always" is not Always, IfNotPresent or Never',
  ),
  refused('an empty name', { priorityClassName: '' }, 'schema', 'spec.priorityClassName: "" is empty'),
  refused('two servers', { replicas: 2 }, 'schema', 'spec.replicas: 2 is more than 1'),
  refused('fewer than no servers', { replicas: -1 }, 'schema', 'spec.replicas: -1 is less than 0'),
  refused('half a server', { replicas: 0.5 }, 'schema', 'spec.replicas: 0.5 is not an integer'),
  refused(
    'a number in quotes',
    { replicas: '1' },
    'schema',
    'spec.replicas: "1" is not an integer; leave out the quotes',
  ),
  refused('a word for a number', { nfs: { port: 'nfs' } }, 'schema', 'spec.nfs.port: "nfs" is not an integer'),
  refused(
    'a switch in quotes',
    { nfs: { enabled: 'false' } },
    'schema',
    'spec.nfs.enabled: "false" is not true or false; leave out the quotes',
  ),
  refused('a switch in a word', { nfs: { enabled: 'on' } }, 'schema', 'spec.nfs.enabled: "on" is not true or false'),
  refused(
    'numbers for texts',
    { image: 1.5, storage: { storageClassName: true } },
    'schema',
    `spec.image: 1.5 ${unquoted}`,
    `spec.storage.storageClassName: true ${unquoted}`,
  ),
  refused(
    'a number for a size',
    { storage: { contentSize: 10 } },
    'schema',
    `spec.storage.contentSize: 10 ${notQuantity}`,
  ),
  refused('a number for a duration', { shutdownTimeout: 30 }, 'schema', `spec.shutdownTimeout: 30 ${notStopTime}`),
  refused('an object for a text', { image: {} }, 'schema', 'spec.image: an object is not a string'),
  refused('a list for an object', { storage: [] }, 'schema', 'spec.storage: a list is not an object'),
  refused(
    'a text for an object',
    { nodeSelector: 'disk=ssd' },
    'schema',
    'spec.nodeSelector: "disk=ssd" is not an object',
  ),
  refused(
    'an object for a list',
    { tolerations: {}, extraEnv: {} },
    'schema',
    'spec.extraEnv: an object is not a list',
    'spec.tolerations: an object is not a list',
  ),
  refused(
    'texts in a list of objects',
    { extraEnv: ['A=b'], imagePullSecrets: ['registry'] },
    'schema',
    'spec.extraEnv[0]: "A=b" is not an object',
    'spec.imagePullSecrets[0]: "registry" is not an object',
  ),
  refused(
    'nulls in lists',
    { tolerations: [null], extraEnv: [null] },
    'schema',
    `spec.extraEnv[0]: ${isNull}`,
    `spec.tolerations[0]: ${isNull}`,
  ),
  refused(
    'numbers in labels',
    { podLabels: { version: 2 }, nodeSelector: { ssd: true } },
    'schema',
    `spec.nodeSelector.ssd: true ${unquoted}`,
    `spec.podLabels.version: 2 ${unquoted}`,
  ),
  refused(
    'a long label',
    { podLabels: { a: letters(64) } },
    'schema',
    `spec.podLabels.a: "${letters(64)}" is longer than 63 characters`,
  ),
  refused(
    'a long annotation',
    { podAnnotations: { a: letters(4097) } },
    'schema',
    `spec.podAnnotations.a: "${letters(78)}… is longer than 4096 characters`,
  ),
  refused(
    'many labels',
    { nodeSelector: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`key-${index}`, ''])) },
    'schema',
    'spec.nodeSelector: an object has more than 64 entries',
  ),
  refused(
    'many keys',
    { extraConfig: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`key_${index}`, 1])) },
    'schema',
    'spec.extraConfig: an object has more than 64 entries',
  ),
  refused(
    'many pull secrets',
    { imagePullSecrets: Array.from({ length: 17 }, (_, index) => ({ name: `secret-${index}` })) },
    'schema',
    'spec.imagePullSecrets: has more than 16 items',
  ),
  refused(
    'many variables',
    { extraEnv: Array.from({ length: 65 }, (_, index) => ({ name: `V${index}` })) },
    'schema',
    'spec.extraEnv: has more than 64 items',
  ),
  refused(
    'many tolerations',
    { tolerations: Array.from({ length: 33 }, () => ({ operator: 'Exists' })) },
    'schema',
    'spec.tolerations: has more than 32 items',
  ),
  refused(
    'many address ranges',
    { service: { loadBalancerSourceRanges: Array.from({ length: 65 }, () => '10.0.0.0/8') } },
    'schema',
    'spec.service.loadBalancerSourceRanges: has more than 64 items',
  ),
  refused(
    'things that appear twice',
    {
      imagePullSecrets: [{ name: 'a' }, { name: 'b' }, { name: 'a' }],
      extraEnv: [{ name: 'A' }, { name: 'A' }],
      extraVolumeMounts: [
        { name: 'tmp', mountPath: '/mnt' },
        { name: 'tmp', mountPath: '/mnt' },
      ],
    },
    'schema',
    'spec.extraEnv[1].name: "A" appears twice',
    'spec.extraVolumeMounts[1].mountPath: "/mnt" appears twice',
    'spec.imagePullSecrets[2].name: "a" appears twice',
  ),
  refused(
    'items without names',
    { imagePullSecrets: [{}], extraEnv: [{ value: 'x' }, { value: 'y' }], extraVolumes: [{ emptyDir: {} }] },
    'schema',
    'spec.extraEnv[0].name: is required',
    'spec.extraEnv[1].name: is required',
    'spec.extraVolumes[0].name: is required',
    'spec.imagePullSecrets[0].name: is required',
  ),
  refused(
    'a mount without a path',
    { extraVolumeMounts: [{ name: 'tmp' }] },
    'schema',
    'spec.extraVolumeMounts[0].mountPath: is required',
  ),
  refused(
    'Secrets without keys',
    { identity: { jwt: { secretRef: { name: 'jwt' } }, admin: { passwordSecretRef: { key: 'password' } } } },
    'schema',
    'spec.identity.admin.passwordSecretRef.name: is required',
    'spec.identity.jwt.secretRef.key: is required',
  ),
  refused(
    'times out of bounds',
    { terminationGracePeriodSeconds: 35, startupTimeoutSeconds: 3601 },
    'schema',
    'spec.startupTimeoutSeconds: 3601 is more than 3600',
    'spec.terminationGracePeriodSeconds: 35 is less than 36',
  ),
  refused(
    'times out of the other bounds',
    { terminationGracePeriodSeconds: 86401, startupTimeoutSeconds: 29 },
    'schema',
    'spec.startupTimeoutSeconds: 29 is less than 30',
    'spec.terminationGracePeriodSeconds: 86401 is more than 86400',
  ),
  refused(
    'long sizes and times',
    { shutdownTimeout: `${'0'.repeat(32)}1s`, storage: { metadataSize: `${'0'.repeat(32)}1` } },
    'schema',
    `spec.shutdownTimeout: "${'0'.repeat(32)}1s" is longer than 32 characters`,
    `spec.storage.metadataSize: "${'0'.repeat(32)}1" is longer than 32 characters`,
  ),
  refused(
    'a log that nobody reads',
    { logging: { level: 'info', format: 'logfmt', output: '' } },
    'schema',
    'spec.logging.format: "logfmt" is not text or json',
    'spec.logging.level: "info" is not DEBUG, INFO, WARN or ERROR',
    'spec.logging.output: "" is empty',
  ),
  refused(
    'a fate that is none',
    { storage: { retentionPolicy: 'retain' } },
    'schema',
    'spec.storage.retentionPolicy: "retain" is not Retain or Delete',
  ),
  refused(
    'Service types that are none',
    {
      service: { type: 'loadbalancer' },
      adapterServices: { type: 'ExternalName' },
      controlPlane: { service: { type: 5 } },
    },
    'schema',
    `spec.adapterServices.type: "ExternalName" ${notServiceType}`,
    `spec.controlPlane.service.type: 5 ${notServiceType}`,
    `spec.service.type: "loadbalancer" ${notServiceType}`,
  ),
  refused(
    'a traffic policy that is none',
    { service: { externalTrafficPolicy: 'local' } },
    'schema',
    'spec.service.externalTrafficPolicy: "local" is not Cluster or Local',
  ),
  refused(
    'ports that are none',
    {
      nfs: { port: 0 },
      smb: { port: 65536 },
      controlPlane: { port: 0 },
      service: { nodePorts: { nfs: 0, smb: 70000 } },
    },
    'schema',
    'spec.controlPlane.port: 0 is less than 1',
    'spec.nfs.port: 0 is less than 1',
    'spec.service.nodePorts.nfs: 0 is less than 1',
    'spec.service.nodePorts.smb: 70000 is more than 65535',
    'spec.smb.port: 65536 is more than 65535',
  ),
  refused(
    'another identity',
    { identity: { type: 'ldap' } },
    'schema',
    'spec.identity.type: "ldap" is not supported; the only value is "memory"',
  ),
  refused(
    'free-form fields of another form',
    { extraConfig: [], affinity: 'none', resources: 2 },
    'schema',
    'spec.affinity: "none" is not an object',
    'spec.extraConfig: a list is not an object',
    'spec.resources: 2 is not an object',
  ),
];

/** Fields that do not exist. */
const byStrictness: readonly Refused[] = [
  refused(
    'a misspelled field',
    { storage: { metdataSize: '1Gi' } },
    'strict',
    'spec.storage.metdataSize: is not a field of spec.storage; did you mean "metadataSize"?',
  ),
  refused(
    'misspelled fields at every level',
    { Image: 'x', nfs: { prot: 1 }, imagePullSecrets: [{ name: 'a', nam: 'b' }] },
    'strict',
    'spec.Image: is not a field of spec; did you mean "image"?',
    'spec.imagePullSecrets[0].nam: is not a field of spec.imagePullSecrets[0]; did you mean "name"?',
    'spec.nfs.prot: is not a field of spec.nfs; did you mean "port"?',
  ),
  refused('a field of something else', { volumes: [] }, 'strict', 'spec.volumes: is not a field of spec'),
  refused(
    'numbers for names',
    { 0: 'a', nfs: { 1: true } },
    'strict',
    'spec.nfs[1]: is not a field of spec.nfs',
    'spec[0]: is not a field of spec',
  ),
  refused(
    'names of the language',
    JSON.parse('{"constructor":{},"toString":1,"nfs":{"__proto__":{}}}') as Json,
    'strict',
    'spec.constructor: is not a field of spec',
    'spec.nfs.__proto__: is not a field of spec.nfs',
    'spec.toString: is not a field of spec',
  ),
  refused(
    'names that nobody writes',
    { 'a b': 1, 'line\nbreak': 2 },
    'strict',
    'spec["line\\nbreak"]: is not a field of spec',
    'spec[a b]: is not a field of spec',
  ),
  refused('null for a field that does not exist', { volumes: null }, 'strict', 'spec.volumes: is not a field of spec'),
];

/** What only the function checks: Kubernetes' own types, free-form fields, syntax without CEL, references inside the spec. */
const byFunction: readonly Refused[] = [
  refused(
    'a typo in resources',
    { resources: { limit: { cpu: 1 } } },
    'function',
    'spec.resources.limit: is not a field of ResourceRequirements; did you mean "limits"?',
  ),
  refused(
    'a quantity that is none',
    { resources: { limits: { memory: '4 GB' } } },
    'function',
    'spec.resources.limits.memory: "4 GB" is not a quantity such as "10Gi"',
  ),
  refused(
    'a request above its limit',
    { resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } },
    'function',
    'spec.resources.requests.cpu: "2" is more than the limit of "1"',
  ),
  refused(
    'a typo in a security context',
    { securityContext: { runAsUsr: 1 }, podSecurityContext: { fsGroup: '1000' } },
    'function',
    'spec.podSecurityContext.fsGroup: "1000" is not an integer',
    'spec.securityContext.runAsUsr: is not a field of SecurityContext; did you mean "runAsUser"?',
  ),
  refused(
    'a toleration of nothing',
    { tolerations: [{ effect: 'NoSchedule' }] },
    'function',
    'spec.tolerations[0].key: is required unless the operator is Exists',
  ),
  refused(
    'an unknown effect',
    { tolerations: [{ key: 'a', operator: 'Exists', effect: 'noSchedule' }] },
    'function',
    'spec.tolerations[0].effect: "noSchedule" is not NoExecute, NoSchedule or PreferNoSchedule',
  ),
  refused(
    'a typo deep in an affinity',
    {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelectr: {} }],
        },
      },
    },
    'function',
    'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelectr: is not a field of PodAffinityTerm; did you mean "labelSelector"?',
  ),
  refused(
    'a constraint twice',
    {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
        { maxSkew: 2, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
      ],
    },
    'function',
    'spec.topologySpreadConstraints[1]: repeats the topologyKey and whenUnsatisfiable of an item before it',
  ),
  refused(
    'a variable from two sources',
    { extraEnv: [{ name: 'A', valueFrom: { secretKeyRef: secretRef, fieldRef: { fieldPath: 'metadata.name' } } }] },
    'function',
    'spec.extraEnv[0].valueFrom: has more than one source: fieldRef, secretKeyRef',
  ),
  refused(
    'a number for a variable',
    { extraEnv: [{ name: 'A', value: 5 }] },
    'function',
    `spec.extraEnv[0].value: 5 ${unquoted}`,
  ),
  refused(
    'a volume without a source',
    { extraVolumes: [{ name: 'certs' }] },
    'function',
    'spec.extraVolumes[0]: has no source such as emptyDir',
  ),
  refused(
    'a volume that none is called',
    { extraVolumes: [{ name: 'My_Certs', emptyDir: {} }] },
    'function',
    'spec.extraVolumes[0].name: "My_Certs" is not a volume name such as "my-data"',
  ),
  refused(
    'a typo in a mount',
    { extraVolumeMounts: [{ name: 'tmp', mountPath: '/mnt', readonly: true }] },
    'function',
    'spec.extraVolumeMounts[0].readonly: is not a field of VolumeMount; did you mean "readOnly"?',
  ),
  refused(
    'a mount of nothing',
    { extraVolumeMounts: [{ name: 'certs', mountPath: '/mnt' }] },
    'function',
    'spec.extraVolumeMounts[0].name: "certs" is not a volume of spec.extraVolumes',
  ),
  refused(
    'mounts of the server’s own volumes',
    {
      extraVolumeMounts: [
        { name: 'metadata', mountPath: '/mnt/a' },
        { name: 'cache', mountPath: '/mnt/b' },
      ],
    },
    'function',
    'spec.extraVolumeMounts[0].name: "metadata" is not a volume of spec.extraVolumes',
    'spec.extraVolumeMounts[1].name: "cache" is not a volume of spec.extraVolumes',
  ),
  refused('a null in a Kubernetes type', { resources: { limits: null } }, 'function', 'spec.resources.limits: is null'),
  refused(
    'labels that none are called',
    { podLabels: { 'my label': 'x', team: 'a b' }, nodeSelector: { 'a/b/c': '' } },
    'function',
    'spec.nodeSelector[a/b/c]: "a/b/c" is not a key such as "example.com/team"',
    'spec.podLabels.team: "a b" is not a label value such as "team-a"',
    'spec.podLabels[my label]: "my label" is not a key such as "example.com/team"',
  ),
  refused(
    'annotations that none are called',
    { service: { annotations: { 'a b': '' } }, podAnnotations: { '': 'x' } },
    'function',
    'spec.podAnnotations[]: "" is not a key such as "example.com/team"',
    'spec.service.annotations[a b]: "a b" is not a key such as "example.com/team"',
  ),
  refused(
    'keys that the pod needs',
    {
      podLabels: { app: 'x', instance: 'y', 'app.kubernetes.io/name': 'z' },
      podAnnotations: { 'checksum.dittofs.com/config': '' },
    },
    'function',
    'spec.podAnnotations[checksum.dittofs.com/config]: cannot be set: the server’s pod needs this key for itself',
    'spec.podLabels.app: cannot be set: the server’s pod needs this key for itself',
    'spec.podLabels.instance: cannot be set: the server’s pod needs this key for itself',
    'spec.podLabels[app.kubernetes.io/name]: cannot be set: the server’s pod needs this key for itself',
  ),
  refused(
    'an address that is none',
    { service: { loadBalancerIP: '192.0.2.300' } },
    'function',
    'spec.service.loadBalancerIP: "192.0.2.300" is not an IP address such as "192.0.2.10"',
  ),
  refused(
    'ranges that are none',
    { service: { loadBalancerSourceRanges: ['10.0.0.0/8', '10.0.0.0/33', '10.0.0.1'] } },
    'function',
    'spec.service.loadBalancerSourceRanges[1]: "10.0.0.0/33" is not an address range such as "192.0.2.0/24"',
    'spec.service.loadBalancerSourceRanges[2]: "10.0.0.1" is not an address range such as "192.0.2.0/24"',
  ),
  refused(
    'a class that is none',
    { service: { loadBalancerClass: 'internal load balancer' } },
    'function',
    'spec.service.loadBalancerClass: "internal load balancer" is not a class such as "example.com/internal"',
  ),
  refused(
    'keys of config.yaml that the plan owns',
    { extraConfig: { database: { type: 'postgres' }, controlplane: { port: 1 }, shutdown_timeout: '1h' } },
    'function',
    'spec.extraConfig.controlplane.port: cannot be set in extraConfig: use spec.controlPlane.port',
    'spec.extraConfig.database: cannot be set in extraConfig: use spec.database',
    'spec.extraConfig.shutdown_timeout: cannot be set in extraConfig: use spec.shutdownTimeout, which the grace period follows',
  ),
  refused(
    'a secret in config.yaml, which is never quoted',
    {
      extraConfig: {
        controlplane: { jwt: { secret: 'hunter2', access_token_duration: '5' } },
        ldap: { bind_password: 'hunter2' },
        logging: 'x',
      },
    },
    'function',
    'spec.extraConfig.controlplane.jwt.access_token_duration: cannot be set in extraConfig: use spec.identity.jwt.accessTokenDuration',
    'spec.extraConfig.controlplane.jwt.secret: cannot be set in extraConfig: use spec.identity.jwt.secretRef',
    'spec.extraConfig.ldap.bind_password: cannot be set in extraConfig: a secret has no place in a ConfigMap',
    'spec.extraConfig.logging: cannot be set in extraConfig: use spec.logging.level',
  ),
  refused(
    'keys of config.yaml that the server would not read',
    { extraConfig: { 'gc.interval': '1h', GC: {} } },
    'function',
    'spec.extraConfig.GC: holds capital letters: the server’s keys are lower case',
    'spec.extraConfig[gc.interval]: holds a dot: write the levels as nested objects',
  ),
  refused(
    'a key that JavaScript would drop',
    JSON.parse(
      '{"nodeSelector":{"__proto__":"x"},"extraConfig":{"a":{"__proto__":{}}},"resources":{"__proto__":{}}}',
    ) as Json,
    'function',
    'spec.extraConfig.a.__proto__: is not a key that can be used',
    'spec.nodeSelector.__proto__: is not a key that can be used',
    'spec.resources.__proto__: is not a key that can be used',
  ),
  refused(
    'what nobody nests',
    { extraConfig: nested(70) },
    'function',
    'spec.extraConfig: is nested more than 64 levels deep',
  ),
];

function nested(levels: number): Json {
  return levels === 0 ? 1 : { a: nested(levels - 1) };
}

/** Problems of several kinds are all reported at once. */
const bySeveral: readonly Refused[] = [
  {
    title: 'something of everything',
    spec: { image: 5, replica: 1, storage: { metadataSize: '10 GB' }, resources: { limit: {} }, nfs: { port: 445 } },
    problems: {
      schema: [`spec.image: 5 ${unquoted}`],
      strict: ['spec.replica: is not a field of spec; did you mean "replicas"?'],
      cel: [
        `spec.storage.metadataSize: "10 GB" ${notQuantity}`,
        'spec.smb.port: 445 is the port of NFS too: give each protocol its own',
      ],
      function: ['spec.resources.limit: is not a field of ResourceRequirements; did you mean "limits"?'],
    },
  },
  {
    title: 'several things in one item',
    spec: { extraEnv: [{ value: 5 }, { name: 'A', valueFrm: {} }], podLabels: { a: 1, 'b c': 'd e' } },
    problems: {
      schema: ['spec.extraEnv[0].name: is required', `spec.podLabels.a: 1 ${unquoted}`],
      function: [
        `spec.extraEnv[0].value: 5 ${unquoted}`,
        'spec.extraEnv[1].valueFrm: is not a field of EnvVar; did you mean "valueFrom"?',
        'spec.podLabels[b c]: "b c" is not a key such as "example.com/team"',
        'spec.podLabels[b c]: "d e" is not a label value such as "team-a"',
      ],
    },
  },
];

/** Specs that are refused. */
export const refusedSpecs: readonly Refused[] = [
  ...byRule,
  ...bySchema,
  ...byStrictness,
  ...byFunction,
  ...bySeveral,
  ...refusedDatabases,
  ...refusedServing,
  ...refusedStores,
  ...refusedPeople,
];

const cannotShrink = 'is less than before: a volume can grow, never shrink';
const otherClass = 'is not the class that the volumes were made with: it cannot change after creation';
const noClass = 'is missing: the volumes were made with a class, and it cannot change after creation';

function storage(before: Json, after: Json): Pick<Change, 'from' | 'to'> {
  return { from: { storage: before }, to: { storage: after } };
}

/** Changes of a spec, of which only the API server knows both sides. */
export const changes: readonly Change[] = [
  ...databaseChanges,
  ...servingChanges,
  ...storeChanges,
  ...['metadataSize', 'contentSize', 'cacheSize', 'controlPlaneSize'].flatMap((field): Change[] => [
    { title: `${field} grows`, ...storage({ [field]: '10Gi' }, { [field]: '11Gi' }), problems: [] },
    {
      title: `${field} is written in another way`,
      ...storage({ [field]: '1Gi' }, { [field]: '1024Mi' }),
      problems: [],
    },
    {
      title: `${field} shrinks`,
      ...storage({ [field]: '10Gi' }, { [field]: '9Gi' }),
      problems: [`spec.storage.${field}: "9Gi" ${cannotShrink}`],
    },
    {
      title: `${field} shrinks a little, in another unit`,
      ...storage({ [field]: '1Gi' }, { [field]: '1G' }),
      problems: [`spec.storage.${field}: "1G" ${cannotShrink}`],
    },
    {
      title: `${field} is no longer a quantity`,
      ...storage({ [field]: '1Gi' }, { [field]: '2 GB' }),
      problems: [`spec.storage.${field}: "2 GB" ${notQuantity}`],
    },
  ]),
  {
    title: 'a volume is added',
    ...storage({ metadataSize: '1Gi' }, { metadataSize: '1Gi', contentSize: '1Gi' }),
    problems: [],
  },
  { title: 'a volume is no longer asked for', ...storage({ contentSize: '5Gi' }, {}), problems: [] },
  {
    title: 'a size falls back to its default, which is less',
    ...storage({ controlPlaneSize: '5Gi' }, {}),
    problems: [`spec.storage.controlPlaneSize: "1Gi" ${cannotShrink}`],
  },
  { title: 'the storage is left out as before', from: {}, to: { storage: {} }, problems: [] },
  {
    title: 'the class stays',
    ...storage({ storageClassName: 'a' }, { storageClassName: 'a', contentSize: '1Gi' }),
    problems: [],
  },
  {
    title: 'the class changes',
    ...storage({ storageClassName: 'a' }, { storageClassName: 'b' }),
    problems: [`spec.storage.storageClassName: "b" ${otherClass}`],
  },
  {
    title: 'a class is given later',
    ...storage({}, { storageClassName: 'b' }),
    problems: [`spec.storage.storageClassName: "b" ${otherClass}`],
  },
  {
    title: 'the class is taken away',
    ...storage({ storageClassName: 'a' }, {}),
    problems: [`spec.storage.storageClassName: ${noClass}`],
  },
  {
    title: 'the class is taken away with all of storage',
    from: { storage: { storageClassName: 'a' } },
    to: {},
    problems: [`spec.storage.storageClassName: ${noClass}`],
  },
];

/** Names of a DittoServer; each is refused or accepted by the function and by the rule of the XRD. */
export const names: readonly (readonly [name: string, good: boolean])[] = [
  ['a', true],
  ['my-dittofs', true],
  ['nas-2', true],
  [letters(40), true],
  [letters(41), false],
  ['2nas', false],
  ['-nas', false],
  ['nas-', false],
  ['my.dittofs', false],
  ['My-Dittofs', false],
];

/** Names of DittoServers with a Percona cluster, and whether they are good. */
export const namesWithPercona: readonly (readonly [name: string, good: boolean])[] = [
  [letters(28), true],
  [letters(29), false],
];

const onlyTeam = { allowedImagePrefixes: ['registry.example.com/team', 'ghcr.io/'] };
const onlyFast = { allowedStorageClasses: ['fast', 'slow'] };
const imagesStart = 'is not allowed by the platform: images start with "registry.example.com/team", "ghcr.io/"';
const classIsOneOf = 'is not allowed by the platform: the class is one of "fast", "slow"';
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const scratch = (storageClassName?: string, annotations?: Json): Json => ({
  extraVolumes: [
    {
      name: 'scratch',
      ephemeral: {
        volumeClaimTemplate: {
          ...(annotations !== undefined && { metadata: { annotations } }),
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: '1Gi' } },
            ...(storageClassName !== undefined && { storageClassName }),
          },
        },
      },
    },
  ],
  storage: { storageClassName: 'fast' },
});

/** Limits of the platform, which only the function knows. */
export const limits: readonly Limit[] = [
  ...databaseLimits,
  ...servingLimits,
  {
    title: 'an image under an allowed prefix',
    input: onlyTeam,
    spec: { image: 'registry.example.com/team/dittofs:v1' },
    problems: [],
  },
  { title: 'the prefix itself', input: onlyTeam, spec: { image: 'registry.example.com/team:v1' }, problems: [] },
  { title: 'no image', input: onlyTeam, spec: {}, problems: [] },
  {
    title: 'an image of others',
    input: onlyTeam,
    spec: { image: 'registry.example.com/team-of-others/x' },
    problems: [`spec.image: "registry.example.com/team-of-others/x" ${imagesStart}`],
  },
  {
    title: 'an image of another registry on the same host',
    input: { allowedImagePrefixes: ['registry.example.com'] },
    spec: { image: 'registry.example.com:5000/evil/x' },
    problems: [
      'spec.image: "registry.example.com:5000/evil/x" is not allowed by the platform: images start with "registry.example.com"',
    ],
  },
  {
    title: 'an image volume of others',
    input: onlyTeam,
    spec: { extraVolumes: [{ name: 'data', image: { reference: 'docker.io/x' } }] },
    problems: [`spec.extraVolumes[0].image.reference: "docker.io/x" ${imagesStart}`],
  },
  {
    title: 'allowed Service types',
    input: { allowedServiceTypes: ['ClusterIP'] },
    spec: { service: { type: 'ClusterIP' } },
    problems: [],
  },
  {
    title: 'Service types beyond them',
    input: { allowedServiceTypes: ['ClusterIP'] },
    spec: {
      service: { type: 'LoadBalancer' },
      adapterServices: { type: 'NodePort' },
      controlPlane: { service: { type: 'NodePort' } },
    },
    problems: [
      'spec.adapterServices.type: "NodePort" is not allowed by the platform: the type is one of "ClusterIP"',
      'spec.controlPlane.service.type: "NodePort" is not allowed by the platform: the type is one of "ClusterIP"',
      'spec.service.type: "LoadBalancer" is not allowed by the platform: the type is one of "ClusterIP"',
    ],
  },
  { title: 'an allowed class', input: onlyFast, spec: { storage: { storageClassName: 'slow' } }, problems: [] },
  { title: 'the platform’s own class', input: { ...onlyFast, storageClassName: 'fast' }, spec: {}, problems: [] },
  {
    title: 'another class',
    input: onlyFast,
    spec: { storage: { storageClassName: 'gold' } },
    problems: [`spec.storage.storageClassName: "gold" ${classIsOneOf}`],
  },
  {
    title: 'no class',
    input: onlyFast,
    spec: {},
    problems: ['spec.storage.storageClassName: is required by the platform: one of "fast", "slow"'],
  },
  { title: 'an ephemeral volume of an allowed class', input: onlyFast, spec: scratch('slow'), problems: [] },
  {
    title: 'an ephemeral volume of another class',
    input: onlyFast,
    spec: scratch('gold'),
    problems: [`spec.extraVolumes[0].ephemeral.volumeClaimTemplate.spec.storageClassName: "gold" ${classIsOneOf}`],
  },
  {
    title: 'an ephemeral volume of no class',
    input: onlyFast,
    spec: scratch(),
    problems: [
      'spec.extraVolumes[0].ephemeral.volumeClaimTemplate.spec.storageClassName: is required by the platform: one of "fast", "slow"',
    ],
  },
  {
    title: 'an ephemeral volume of an allowed class by its annotation, too',
    input: onlyFast,
    spec: scratch('slow', { [classAnnotation]: 'fast' }),
    problems: [],
  },
  {
    title: 'an ephemeral volume of another class by its annotation, which Kubernetes reads first',
    input: onlyFast,
    spec: scratch('slow', { [classAnnotation]: 'gold' }),
    problems: [
      `spec.extraVolumes[0].ephemeral.volumeClaimTemplate.metadata.annotations[${classAnnotation}]: "gold" ${classIsOneOf}`,
    ],
  },
  {
    title: 'an ephemeral volume of no class by its annotation',
    input: onlyFast,
    spec: scratch('slow', { [classAnnotation]: '' }),
    problems: [
      `spec.extraVolumes[0].ephemeral.volumeClaimTemplate.metadata.annotations[${classAnnotation}]: "" ${classIsOneOf}`,
    ],
  },
  {
    title: 'sizes up to the limit',
    input: { maxSizes: { content: '1Ti', metadata: '10Gi' } },
    spec: { storage: { contentSize: '1024Gi' } },
    problems: [],
  },
  {
    title: 'sizes over it, the default of metadata among them',
    input: { maxSizes: { content: '1Ti', metadata: '5Gi', controlPlane: '500Mi' } },
    spec: { storage: { contentSize: '1025Gi' } },
    problems: [
      'spec.storage.contentSize: "1025Gi" is over the platform’s limit of "1Ti"',
      'spec.storage.controlPlaneSize: "1Gi" is over the platform’s limit of "500Mi"',
      'spec.storage.metadataSize: "10Gi" is over the platform’s limit of "5Gi"',
    ],
  },
];

/** Inputs of a Composition that are refused. */
export const refusedInputs: readonly (readonly [title: string, input: Json, problems: readonly string[]])[] = [
  ['a text', 'x', ['input: "x" is not an object']],
  ['null', null, ['input: is null; leave it out or give it a value']],
  ['nothing in it', {}, ['input.apiVersion: is required', 'input.kind: is required']],
  [
    'another version and kind',
    { apiVersion: 'dittofs.fn.crossplane.io/v2', kind: 'Resources' },
    [
      'input.apiVersion: "dittofs.fn.crossplane.io/v2" is not supported; the only value is "dittofs.fn.crossplane.io/v1alpha1"',
      'input.kind: "Resources" is not supported; the only value is "Input"',
    ],
  ],
  [
    'much that is wrong',
    {
      apiVersion: 'dittofs.fn.crossplane.io/v1alpha1',
      kind: 'Input',
      lables: {},
      images: { server: 'a b', provisioner: '-' },
      labels: { 'a b': 'c' },
      maxSizes: { content: '1 TB', quota: '0', cache: 'x' },
      mountOptions: [''],
      allow: { prune: 'no' },
      ttl: '60',
      allowedServiceTypes: ['External'],
      allowedStorageClasses: ['Fast'],
      providerConfigRef: { kind: 'Config', name: '' },
    },
    [
      'input.allow.prune: "no" is not true or false',
      `input.allowedServiceTypes[0]: "External" ${notServiceType}`,
      'input.allowedStorageClasses[0]: "Fast" is not the name of a StorageClass such as "my-storageclass"',
      'input.images.provisioner: "-" is not an image such as "marmos91c/dittofs:v0.29.0"',
      'input.images.server: "a b" is not an image such as "marmos91c/dittofs:v0.29.0"',
      'input.labels[a b]: "a b" is not a key such as "example.com/team"',
      'input.lables: is not a field of input; did you mean "labels"?',
      `input.maxSizes.cache: "x" ${notQuantity}`,
      `input.maxSizes.content: "1 TB" ${notQuantity}`,
      `input.maxSizes.quota: "0" ${notQuantity}`,
      'input.mountOptions[0]: "" is empty',
      'input.providerConfigRef.kind: "Config" is not ClusterProviderConfig or ProviderConfig',
      'input.providerConfigRef.name: "" is empty',
      'input.ttl: "60" is not a duration from 1s to 24h such as "15m"',
    ],
  ],
];
