import fc from 'fast-check';
import { at, isObject, listAt, textAt, withValue, type Json, type JsonObject } from '../../src/lib/json.ts';
import { arbitraryServing } from './arbitrary-serving.ts';
import type { Identity } from './server.ts';

/*
 * Arbitrary DittoServers: every field of the spec, alone and together, with values that are valid by the API's
 * contract. What is not valid on purpose is made from these by mutation.
 */

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
const subdomain = fc.array(label, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'));
const labelValue = fc.stringMatching(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,12}[A-Za-z0-9])?)?$/);
const qualifiedName = fc
  .tuple(fc.option(subdomain, { nil: undefined }), fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,12}[A-Za-z0-9])?$/))
  .map(([prefix, name]) => (prefix === undefined ? name : `${prefix}/${name}`));

/** Text of any kind: quotes, line ends, YAML's own signs, and what its readers take for numbers, dates and booleans. */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '0777',
    '1_000',
    '2001-01-01',
    'yes',
    'null',
    '~',
    '- a',
    'a: b',
    '"',
    "'",
    'a\nb\n',
    '{}',
    '1e3',
    '.inf',
  ),
);

function texts(keys: fc.Arbitrary<string>, values: fc.Arbitrary<string>): fc.Arbitrary<JsonObject> {
  return fc.dictionary(keys, values, { maxKeys: 3, noNullPrototype: true });
}

const reserved = (key: string): boolean =>
  ['app', 'instance'].includes(key) || /^(app\.kubernetes\.io|checksum\.dittofs\.com)\//.test(key);
const labels = texts(qualifiedName, labelValue);
const annotations = texts(qualifiedName, anyText);
const podLabels = texts(
  qualifiedName.filter((key) => !reserved(key)),
  labelValue,
);
const podAnnotations = texts(
  qualifiedName.filter((key) => !reserved(key)),
  anyText,
);

/** Some fields of an object, each there or not. */
function some(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonObject> {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;
}

export const size = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.constantFrom('Gi', 'Mi', 'G', 'Ti')).map(([n, unit]) => `${n}${unit}`),
  fc.constantFrom('1.5Gi', '.5Ti', '2e9', '1073741824', '5E', '1024Mi'),
);
const duration = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 59 }), fc.constantFrom('s', 'm')).map(([n, unit]) => `${n}${unit}`),
  fc.constantFrom('1h', '1m30s', '1.5s', '1500ms'),
);
const port = fc.integer({ min: 1, max: 65535 });
const key = fc.stringMatching(/^[.]?[A-Za-z0-9_-][A-Za-z0-9._-]{0,11}$/);
const secretKey = fc.record({ name: fc.constantFrom('own-secret', 'another.secret'), key });

const expression = fc.oneof(
  fc.record({
    key: qualifiedName,
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.array(labelValue, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ key: qualifiedName, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);
const selector = some({ matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) });
const nodeTerm = fc.record({ matchExpressions: fc.array(expression, { minLength: 1, maxLength: 2 }) });
const podTerm = fc.record({ topologyKey: qualifiedName, labelSelector: selector });
const weight = fc.integer({ min: 1, max: 100 });
const podAffinity = some({
  requiredDuringSchedulingIgnoredDuringExecution: fc.array(podTerm, { minLength: 1, maxLength: 2 }),
  preferredDuringSchedulingIgnoredDuringExecution: fc.array(fc.record({ weight, podAffinityTerm: podTerm }), {
    maxLength: 2,
  }),
});
const affinity = some({
  nodeAffinity: some({
    requiredDuringSchedulingIgnoredDuringExecution: fc.record({
      nodeSelectorTerms: fc.array(nodeTerm, { minLength: 1, maxLength: 2 }),
    }),
    preferredDuringSchedulingIgnoredDuringExecution: fc.array(fc.record({ weight, preference: nodeTerm }), {
      maxLength: 2,
    }),
  }),
  podAffinity,
  podAntiAffinity: podAffinity,
});
const toleration = fc.oneof(
  fc.record({ operator: fc.constant('Exists') }),
  fc.record({
    key: qualifiedName,
    operator: fc.constant('Equal'),
    value: labelValue,
    effect: fc.constantFrom('NoSchedule', 'PreferNoSchedule'),
  }),
  fc.record({
    key: qualifiedName,
    operator: fc.constant('Exists'),
    effect: fc.constant('NoExecute'),
    tolerationSeconds: fc.nat(3600),
  }),
);
const spread = fc.record({
  maxSkew: fc.integer({ min: 1, max: 5 }),
  topologyKey: qualifiedName,
  whenUnsatisfiable: fc.constantFrom('DoNotSchedule', 'ScheduleAnyway'),
  labelSelector: selector,
});
const resources = some({
  requests: some({ cpu: fc.constantFrom('100m', '0.5', 1), memory: fc.constantFrom('64Mi', '100M') }),
  limits: some({
    cpu: fc.constantFrom('2', 4, '2500m'),
    memory: fc.constantFrom('1Gi', '2G'),
    'example.com/gpu': fc.constant('1'),
  }),
});
const id = fc.integer({ min: 1, max: 70_000 });
const seccomp = fc.oneof(
  fc.record({ type: fc.constantFrom('RuntimeDefault', 'Unconfined') }),
  fc.record({ type: fc.constant('Localhost'), localhostProfile: fc.constant('profiles/dittofs.json') }),
);
const securityContext = fc.oneof(
  some({
    runAsUser: id,
    runAsGroup: id,
    runAsNonRoot: fc.boolean(),
    readOnlyRootFilesystem: fc.boolean(),
    allowPrivilegeEscalation: fc.boolean(),
    capabilities: some({
      add: fc.array(fc.constantFrom('NET_BIND_SERVICE', 'SYS_ADMIN', 'CAP_SYS_ADMIN'), { maxLength: 2 }),
    }).filter(({ add }) => add !== undefined),
    seccompProfile: seccomp,
  }).filter(
    (context) => context.allowPrivilegeEscalation !== false || !JSON.stringify(context).includes('CAP_SYS_ADMIN'),
  ),
  fc.record({ privileged: fc.constant(true) }),
  fc.record({ privileged: fc.constant(true), allowPrivilegeEscalation: fc.constant(true) }),
);
const podSecurityContext = some({
  fsGroup: id,
  runAsUser: id,
  runAsNonRoot: fc.boolean(),
  supplementalGroups: fc.array(id, { maxLength: 2 }),
  fsGroupChangePolicy: fc.constantFrom('Always', 'OnRootMismatch'),
  seccompProfile: seccomp,
});

const env = fc.uniqueArray(
  fc.oneof(
    fc.record({ name: fc.stringMatching(/^[A-Z][A-Z0-9_]{0,10}$/), value: anyText }),
    fc.record({
      name: fc.stringMatching(/^[A-Z][A-Z0-9_]{0,10}$/),
      valueFrom: fc.oneof(
        fc.record({ secretKeyRef: fc.record({ name: subdomain, key }) }),
        fc.record({ configMapKeyRef: fc.record({ name: subdomain, key, optional: fc.boolean() }) }),
        fc.record({ fieldRef: fc.record({ fieldPath: fc.constant('metadata.name') }) }),
      ),
    }),
  ),
  { maxLength: 3, selector: ({ name }) => name },
);

const volumeSource = fc.oneof(
  fc.record({ emptyDir: some({ sizeLimit: fc.constantFrom('1Gi', '500M'), medium: fc.constant('Memory') }) }),
  fc.record({ configMap: fc.record({ name: subdomain, defaultMode: fc.constantFrom(292, 420) }) }),
  fc.record({ secret: fc.record({ secretName: subdomain, optional: fc.boolean() }) }),
  fc.record({ persistentVolumeClaim: fc.record({ claimName: subdomain, readOnly: fc.boolean() }) }),
);
const ownVolumes = ['config', 'tmp', 'metadata', 'content', 'cache', 'controlplane'];
const volumes = fc.uniqueArray(
  fc
    .tuple(
      label.filter((name) => !ownVolumes.includes(name)),
      volumeSource,
    )
    .map(([name, source]) => ({ name, ...source })),
  { maxLength: 3, selector: ({ name }) => name },
);
const folder = fc.array(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,6}$/), { minLength: 1, maxLength: 3 });
const mountPath = folder.map((parts) => `/mnt/${parts.join('/')}`);

/** Extra volumes, and mounts of them. */
const storageExtras = volumes.chain((extraVolumes) => {
  const [first, ...others] = extraVolumes.map(({ name }) => name);
  if (first === undefined) return fc.constant<JsonObject>({ extraVolumes });
  const mount = fc.record(
    { name: fc.constantFrom(first, ...others), mountPath, readOnly: fc.boolean() },
    { requiredKeys: ['name', 'mountPath'] },
  );
  return fc.record({
    extraVolumes: fc.constant(extraVolumes),
    extraVolumeMounts: fc.uniqueArray(mount, { maxLength: 3, selector: ({ mountPath: path }) => path }),
  });
});

const extraConfig = fc.dictionary(
  fc.constantFrom('gc', 'snapshot', 'flusher', 'x_y'),
  fc.oneof(
    anyText,
    fc.integer(),
    fc.boolean(),
    fc.dictionary(
      fc.stringMatching(/^[a-z_]{1,8}$/),
      fc.oneof(anyText, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.array(anyText, { maxLength: 2 })),
      { maxKeys: 3, noNullPrototype: true },
    ),
  ),
  { maxKeys: 3, noNullPrototype: true },
);

const serviceType = fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer');
const nodePorts = some({ nfs: fc.integer({ min: 30000, max: 31000 }), smb: fc.integer({ min: 31001, max: 32767 }) });
export const service = some({
  type: serviceType,
  annotations,
  loadBalancerClass: qualifiedName,
  loadBalancerIP: fc.oneof(fc.ipV4(), fc.constant('2001:db8::1')),
  loadBalancerSourceRanges: fc.array(fc.constantFrom('10.0.0.0/8', '192.0.2.0/24', '2001:db8::/32'), { maxLength: 3 }),
  externalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
  nodePorts,
  waitForAddress: fc.boolean(),
});

const nfsSettings = some({
  minVersion: fc.constantFrom('3', '4.0'),
  maxVersion: fc.constant('4.1'),
  leaseTime: fc.integer({ min: 10, max: 3600 }),
  maxReadSize: fc.integer({ min: 4096, max: 16_777_216 }),
  delegationsEnabled: fc.boolean(),
  blockedOperations: fc.uniqueArray(fc.constantFrom('READ', 'WRITE', 'MKNOD', 'OPEN'), { maxLength: 3 }),
});
const smbSettings = some({
  minDialect: fc.constantFrom('SMB2.0', 'SMB3.0'),
  maxDialect: fc.constantFrom('SMB3.0', 'SMB3.1.1'),
  sessionTimeout: fc.integer({ min: 60, max: 86_400 }),
  signing: fc.constantFrom('disabled', 'enabled', 'required'),
  enableEncryption: fc.boolean(),
});
const protocols = fc
  .tuple(
    some({ enabled: fc.boolean(), port, settings: nfsSettings }),
    some({ enabled: fc.boolean(), port, settings: smbSettings }),
  )
  .filter(([nfs, smb]) => (nfs.port ?? 2049) !== (smb.port ?? 445));

export const storage = some({
  metadataSize: size,
  contentSize: size,
  cacheSize: size,
  controlPlaneSize: size,
  storageClassName: subdomain,
  retentionPolicy: fc.constantFrom('Retain', 'Delete'),
});

const identity = some({
  type: fc.constant('memory'),
  jwt: some({ secretRef: secretKey, accessTokenDuration: duration, refreshTokenDuration: duration }),
  admin: some({ username: fc.constantFrom('admin', 'root'), passwordSecretRef: secretKey }),
});

/** A spec without the volumes that would be mounted by a protocol that is off. */
function withoutUnspoken(spec: JsonObject): JsonObject {
  const isSpoken = (share: Json): boolean =>
    at(spec, textAt(share, 'volume', 'protocol') ?? 'nfs', 'enabled') !== false || at(share, 'volume') === undefined;
  if (spec.shares === undefined) return spec;
  const shares = listAt(spec, 'shares').map((share) =>
    isSpoken(share) || !isObject(share) ? share : withValue(share, ['volume'], undefined),
  );
  return { ...spec, shares };
}

/** A valid spec of a DittoServer: any of its fields. */
export const arbitrarySpec: fc.Arbitrary<JsonObject> = fc
  .tuple(
    some({
      image: fc.constantFrom('marmos91c/dittofs:v0.29.0', 'registry.example.com:5000/a/b@sha256:0a', 'x'),
      imagePullPolicy: fc.constantFrom('Always', 'IfNotPresent', 'Never'),
      imagePullSecrets: fc.uniqueArray(fc.record({ name: subdomain }), { maxLength: 2, selector: ({ name }) => name }),
      replicas: fc.constantFrom(0, 1),
      resources,
      securityContext,
      podSecurityContext,
      nodeSelector: labels,
      tolerations: fc.array(toleration, { maxLength: 3 }),
      affinity,
      topologySpreadConstraints: fc.uniqueArray(spread, {
        maxLength: 2,
        selector: ({ topologyKey, whenUnsatisfiable }) => `${topologyKey} ${whenUnsatisfiable}`,
      }),
      priorityClassName: subdomain,
      podLabels,
      podAnnotations,
      extraEnv: env,
      terminationGracePeriodSeconds: fc.integer({ min: 36, max: 86_400 }),
      shutdownTimeout: duration,
      startupTimeoutSeconds: fc.integer({ min: 30, max: 3600 }),
      logging: some({
        level: fc.constantFrom('DEBUG', 'INFO', 'WARN', 'ERROR'),
        format: fc.constantFrom('text', 'json'),
        output: fc.constantFrom('stdout', 'stderr', '/tmp/log'),
      }),
      extraConfig,
      storage,
      database: some({
        type: fc.constant('sqlite'),
        sqlite: some({ path: folder.map((parts) => `/data/controlplane/${parts.join('/')}`) }),
      }),
      service,
      adapterServices: some({ type: serviceType, annotations }),
      adapterDiscovery: some({ pollingInterval: fc.constant('30s') }),
      controlPlane: some({
        port: port.filter((number) => ![12049, 1445].includes(number)),
        service: some({ type: serviceType, annotations }),
        tls: fc.boolean(),
      }),
      identity,
    }),
    fc.option(storageExtras, { nil: {} }),
    fc.option(protocols, { nil: undefined }),
    fc.option(arbitraryServing, { nil: {} }),
  )
  .map(([spec, extras, both, serving]) =>
    withoutUnspoken({
      ...spec,
      ...extras,
      ...(both === undefined ? {} : { nfs: both[0], smb: both[1] }),
      ...serving,
    }),
  );

/** A valid input of the Composition that limits nothing. */
export const arbitraryInput: fc.Arbitrary<JsonObject | undefined> = fc.option(
  some({
    images: some({
      server: fc.constant('registry.example.com/dittofs:1'),
      provisioner: fc.constant('registry.example.com/function:1'),
    }),
    imagePullSecrets: fc.uniqueArray(fc.record({ name: subdomain }), { maxLength: 2, selector: ({ name }) => name }),
    providerConfigRef: some({ kind: fc.constantFrom('ClusterProviderConfig', 'ProviderConfig'), name: subdomain }),
    storageClassName: subdomain,
    service: some({ type: serviceType, annotations }),
    labels,
    ttl: duration,
    allowedServiceTypes: fc.constant(['ClusterIP', 'NodePort', 'LoadBalancer']),
    mountOptions: fc.uniqueArray(fc.constantFrom('hard', 'soft', 'nconnect=4'), { maxLength: 2 }),
    maxSizes: some({ metadata: fc.constant('100E'), content: fc.constant('100E'), cache: fc.constant('100E') }),
    allow: some({ deleteWithServer: fc.boolean(), prune: fc.boolean() }),
  }).map((fields) => ({ apiVersion: 'dittofs.fn.crossplane.io/v1alpha1', kind: 'Input', ...fields })),
  { nil: undefined },
);

/** Names of any allowed length, the longest ones often, in both flavours. */
export const arbitraryIdentity: fc.Arbitrary<Required<Identity>> = fc.record({
  name: fc.oneof(
    fc.stringMatching(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/),
    fc.stringMatching(/^[a-z][a-z0-9-]{38}[a-z0-9]$/),
  ),
  namespace: fc.oneof(
    fc.stringMatching(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/),
    fc.stringMatching(/^[a-z][a-z0-9-]{61}[a-z0-9]$/),
  ),
  flavour: fc.constantFrom('namespaced', 'claim'),
});

/** Any JSON value that the wire can carry. */
export const anyJson = fc
  .jsonValue({ maxDepth: 4 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject[string]);
