import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coreTypes, type TypeName } from '../../src/kubernetes/core-types.gen.ts';
import { checkCoreType, type CoreType } from '../../src/kubernetes/schema.ts';

const roots: CoreType[] = [
  'Affinity',
  'EnvVar',
  'PodSecurityContext',
  'ResourceRequirements',
  'SecurityContext',
  'Toleration',
  'TopologySpreadConstraint',
  'Volume',
  'VolumeMount',
];

/** The problems as users read them: `path: "value" message`. */
function problemsOf(type: CoreType, value: unknown): string[] {
  return checkCoreType(type, value).map(({ path, value: quoted, message }) => {
    const text = quoted === undefined ? message : `${JSON.stringify(quoted)} ${message}`;
    return path.length === 0 ? text : `${path.join('.')}: ${text}`;
  });
}

const term = { labelSelector: { matchLabels: { app: 'x' } }, topologyKey: 'kubernetes.io/hostname' };
const inZone = { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['a', 'b'] };

describe('checkCoreType accepts', () => {
  it.each<[string, CoreType, unknown]>([
    ['an empty affinity', 'Affinity', {}],
    [
      'all kinds of affinity',
      'Affinity',
      {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [inZone] }] },
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 100, preference: { matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['4'] }] } },
          ],
        },
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }] },
      },
    ],
    ['a variable with a value', 'EnvVar', { name: 'GOMEMLIMIT', value: '1GiB' }],
    ['a variable without any', 'EnvVar', { name: 'EMPTY' }],
    [
      'an empty value beside a source, as Kubernetes does',
      'EnvVar',
      { name: 'A', value: '', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    [
      'a variable from a Secret',
      'EnvVar',
      { name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
    ],
    [
      'a pod security context',
      'PodSecurityContext',
      { fsGroup: 65532, fsGroupChangePolicy: 'OnRootMismatch', sysctls: [{ name: 'a', value: '' }] },
    ],
    [
      'resources in texts and numbers',
      'ResourceRequirements',
      { limits: { cpu: 2, memory: '4Gi' }, requests: { cpu: '500m', memory: '4096Mi' } },
    ],
    [
      'resources of others',
      'ResourceRequirements',
      { limits: { 'example.com/gpu': 1, 'hugepages-2Mi': '4Mi', 'ephemeral-storage': '1Gi' } },
    ],
    ['claims of different names', 'ResourceRequirements', { claims: [{ name: 'a' }, { name: 'b', request: 'c' }] }],
    [
      'a security context',
      'SecurityContext',
      { capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' }, runAsUser: 0 },
    ],
    [
      'a profile of the node',
      'SecurityContext',
      { seccompProfile: { type: 'Localhost', localhostProfile: 'dfs.json' } },
    ],
    ['an empty toleration of everything', 'Toleration', { operator: 'Exists' }],
    [
      'a toleration in full',
      'Toleration',
      { key: 'a.b/c', operator: 'Equal', value: 'x', effect: 'NoExecute', tolerationSeconds: 60 },
    ],
    ['empty texts that mean a default', 'Toleration', { key: 'a', operator: '', effect: '' }],
    [
      'a spread constraint',
      'TopologySpreadConstraint',
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', minDomains: 2, nodeTaintsPolicy: 'Honor' },
    ],
    ['an emptyDir', 'Volume', { name: 'cache', emptyDir: {} }],
    ['an emptyDir of huge pages', 'Volume', { name: 'cache', emptyDir: { medium: 'HugePages-2Mi', sizeLimit: '1Gi' } }],
    [
      'a projected volume',
      'Volume',
      {
        name: 'all',
        projected: {
          sources: [{ secret: { name: 'a' } }, { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }],
        },
      },
    ],
    [
      'a volume with a claim of its own',
      'Volume',
      {
        name: 'scratch',
        ephemeral: {
          volumeClaimTemplate: {
            metadata: { labels: { a: 'b' } },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        },
      },
    ],
    [
      'a mount',
      'VolumeMount',
      { name: 'cache', mountPath: '/cache', mountPropagation: 'None', readOnly: true, recursiveReadOnly: 'IfPossible' },
    ],
  ])('%s', (_, type, value) => {
    expect(problemsOf(type, value)).toEqual([]);
  });
});

describe('checkCoreType refuses', () => {
  it.each<[string, CoreType, unknown, string[]]>([
    [
      'a misspelled field',
      'Toleration',
      { key: 'a', efect: 'x' },
      ['efect: is not a field of Toleration; did you mean "effect"?'],
    ],
    [
      'another case',
      'VolumeMount',
      { name: 'a', mountpath: '/', mountPath: '/' },
      ['mountpath: is not a field of VolumeMount; did you mean "mountPath"?'],
    ],
    [
      'a strange field, and lists the known ones if they are few',
      'Toleration',
      { operator: 'Exists', image: 'x' },
      ['image: is not a field of Toleration; the fields are effect, key, operator, tolerationSeconds, value'],
    ],
    [
      'a strange field of a type with many',
      'Volume',
      { name: 'a', emptyDir: {}, accessModes: [] },
      ['accessModes: is not a field of Volume'],
    ],
    [
      'fields of the prototype',
      'EnvVar',
      JSON.parse('{"name": "A", "__proto__": 1, "constructor": {}, "toString": "x"}'),
      ['__proto__', 'constructor', 'toString'].map(
        (field) => `${field}: is not a field of EnvVar; the fields are name, value, valueFrom`,
      ),
    ],
    [
      'a missing field',
      'Affinity',
      { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] } },
      ['podAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.topologyKey: is required'],
    ],
    [
      'an empty required field',
      'VolumeMount',
      { name: '', mountPath: '' },
      ['name: "" is empty', 'mountPath: "" is empty'],
    ],
    ['null', 'EnvVar', { name: 'A', value: null }, ['value: is null']],
    ['null instead of the whole', 'EnvVar', null, ['is null']],
    ['a list instead of an object', 'Affinity', { nodeAffinity: [] }, ['nodeAffinity: [] is not an object']],
    ['a text instead of an object', 'Volume', { name: 'a', emptyDir: 'x' }, ['emptyDir: "x" is not an object']],
    [
      'an object instead of a list',
      'Affinity',
      { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } },
      ['podAffinity.requiredDuringSchedulingIgnoredDuringExecution: {} is not a list'],
    ],
    [
      'a text instead of a list',
      'SecurityContext',
      { capabilities: { drop: 'ALL' } },
      ['capabilities.drop: "ALL" is not a list'],
    ],
    ['a list instead of a map', 'ResourceRequirements', { limits: [] }, ['limits: [] is not an object']],
    [
      'a number instead of a text',
      'EnvVar',
      { name: 'PORT', value: 8080 },
      ['value: 8080 is not a string; put it in quotes'],
    ],
    ['an object instead of a text', 'EnvVar', { name: 'PORT', value: {} }, ['value: {} is not a string']],
    [
      'a text instead of a boolean',
      'SecurityContext',
      { privileged: 'false' },
      ['privileged: "false" is not true or false'],
    ],
    [
      'a text instead of an integer',
      'PodSecurityContext',
      { supplementalGroups: ['100'] },
      ['supplementalGroups.0: "100" is not an integer'],
    ],
    [
      'a fraction',
      'Toleration',
      { key: 'a', effect: 'NoExecute', tolerationSeconds: 1.5 },
      ['tolerationSeconds: 1.5 is not an integer'],
    ],
    [
      'more than 32 bits',
      'Volume',
      { name: 'a', secret: { defaultMode: 2147483648 } },
      ['secret.defaultMode: 2147483648 is not an integer of 32 bits'],
    ],
    [
      'more than 64 bits',
      'Toleration',
      { key: 'a', effect: 'NoExecute', tolerationSeconds: 2 ** 63 },
      ['tolerationSeconds: 9223372036854776000 is not an integer of 64 bits'],
    ],
    [
      'a word that is none of the few',
      'Toleration',
      { key: 'a', operator: 'Equals' },
      ['operator: "Equals" is not Equal or Exists'],
    ],
    [
      'a word in another case',
      'SecurityContext',
      { seccompProfile: { type: 'runtimeDefault' } },
      ['seccompProfile.type: "runtimeDefault" is not Localhost, RuntimeDefault or Unconfined'],
    ],
    [
      'no word at all',
      'PodSecurityContext',
      { fsGroupChangePolicy: true },
      ['fsGroupChangePolicy: true is not Always or OnRootMismatch'],
    ],
    [
      'no quantity',
      'ResourceRequirements',
      { limits: { memory: '4Gii', cpu: true } },
      ['limits.memory: "4Gii" is not a quantity such as "10Gi"', 'limits.cpu: true is not a quantity such as "10Gi"'],
    ],
    [
      'a negative quantity',
      'Volume',
      { name: 'a', emptyDir: { sizeLimit: '-1Gi' } },
      ['emptyDir.sizeLimit: "-1Gi" is negative'],
    ],
    [
      'duplicates in a keyed list',
      'ResourceRequirements',
      { claims: [{ name: 'a' }, { name: 'b' }, { name: 'a' }, { name: 'a' }] },
      ['claims.2.name: "a" appears twice', 'claims.3.name: "a" appears twice'],
    ],
    [
      'another word list',
      'VolumeMount',
      { name: 'a', mountPath: '/a', mountPropagation: 'Both' },
      ['mountPropagation: "Both" is not Bidirectional, HostToContainer or None'],
    ],
    [
      'metadata that a claim template may not have',
      'Volume',
      { name: 'a', ephemeral: { volumeClaimTemplate: { metadata: { name: 'x' }, spec: {} } } },
      ['ephemeral.volumeClaimTemplate.metadata.name: is not a field of ObjectMeta; the fields are annotations, labels'],
    ],
  ])('%s', (_, type, value, problems) => {
    expect(problemsOf(type, value)).toEqual(problems);
  });

  it('everything at once', () => {
    expect(problemsOf('Toleration', { operator: 'Equals', effect: 1, Key: 'x', tolerationSeconds: 'y' })).toHaveLength(
      4,
    );
  });
});

describe('checkCoreType refuses, beyond the types,', () => {
  const expression = (requirement: object) => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] },
    },
  });
  const expressionPath =
    'nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.0.matchExpressions.0';
  const spread = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' };

  it.each<[string, CoreType, unknown, string[]]>([
    ['a volume without a source', 'Volume', { name: 'a' }, ['has no source such as emptyDir']],
    [
      'a volume with two',
      'Volume',
      { name: 'a', emptyDir: {}, configMap: {} },
      ['has more than one source: configMap, emptyDir'],
    ],
    [
      'only the typo in the name of a source',
      'Volume',
      { name: 'a', persistentVolumeClam: {} },
      ['persistentVolumeClam: is not a field of Volume; did you mean "persistentVolumeClaim"?'],
    ],
    [
      'a volume name with an underscore',
      'Volume',
      { name: 'a_b', emptyDir: {} },
      ['name: "a_b" is not a volume name such as "my-data"'],
    ],
    [
      'a projection of nothing',
      'Volume',
      { name: 'a', projected: { sources: [{}] } },
      ['projected.sources.0: has no source such as secret'],
    ],
    [
      'a value beside a source',
      'EnvVar',
      { name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ['valueFrom: cannot be set beside value'],
    ],
    [
      'a variable from nowhere',
      'EnvVar',
      { name: 'A', valueFrom: {} },
      ['valueFrom: has no source such as secretKeyRef'],
    ],
    ['a variable without a name', 'EnvVar', { name: '' }, ['name: "" is empty']],
    ['a name with "="', 'EnvVar', { name: 'A=1' }, ['name: "A=1" contains "="']],
    [
      'a request above its limit',
      'ResourceRequirements',
      { limits: { cpu: 1, memory: '1Gi' }, requests: { cpu: '1001m', memory: '1025Mi' } },
      [
        'requests.cpu: "1001m" is more than the limit of 1',
        'requests.memory: "1025Mi" is more than the limit of "1Gi"',
      ],
    ],
    [
      'a misspelled resource',
      'ResourceRequirements',
      { limits: { memroy: '1Gi' } },
      ['limits.memroy: is not a resource of a container; did you mean "memory"?'],
    ],
    [
      'a resource that no container has',
      'ResourceRequirements',
      { requests: { storage: '1Gi' } },
      ['requests.storage: is not a resource of a container; the resources are cpu, memory, ephemeral-storage'],
    ],
    [
      'a toleration of no key',
      'Toleration',
      { effect: 'NoSchedule' },
      ['key: is required unless the operator is Exists'],
    ],
    [
      'a value beside Exists',
      'Toleration',
      { key: 'a', operator: 'Exists', value: 'x' },
      ['value: "x" cannot be set when the operator is Exists'],
    ],
    [
      'seconds beside an effect that does not evict',
      'Toleration',
      { key: 'a', effect: 'NoSchedule', tolerationSeconds: 5 },
      ['tolerationSeconds: 5 can be set only when the effect is NoExecute'],
    ],
    [
      'keys and values that no taint has',
      'Toleration',
      { key: 'a b', value: 'c d' },
      [
        'key: "a b" is not a taint key such as "example.com/dedicated"',
        'value: "c d" is not a taint value such as "storage"',
      ],
    ],
    [
      'In without values',
      'Affinity',
      expression({ key: 'a', operator: 'In' }),
      [`${expressionPath}.values: is required when the operator is In`],
    ],
    [
      'Exists with values',
      'Affinity',
      expression({ key: 'a', operator: 'Exists', values: ['x'] }),
      [`${expressionPath}.values: cannot be set when the operator is Exists`],
    ],
    [
      'Gt with two values',
      'Affinity',
      expression({ key: 'a', operator: 'Gt', values: ['1', '2'] }),
      [`${expressionPath}.values: must have one item when the operator is Gt`],
    ],
    [
      'a key that no label has',
      'Affinity',
      expression({ key: 'a b', operator: 'Exists' }),
      [`${expressionPath}.key: "a b" is not a label key such as "kubernetes.io/hostname"`],
    ],
    [
      'labels that nothing has',
      'TopologySpreadConstraint',
      { ...spread, labelSelector: { matchLabels: { 'a b': 'x', c: 'd e' } } },
      [
        'labelSelector.matchLabels.a b: is not a label key such as "example.com/app"',
        'labelSelector.matchLabels.c: "d e" is not a label value such as "my-app"',
      ],
    ],
    ['a skew of nothing', 'TopologySpreadConstraint', { ...spread, maxSkew: 0 }, ['maxSkew: 0 is less than 1']],
    [
      'domains that bind nobody',
      'TopologySpreadConstraint',
      { ...spread, minDomains: 2 },
      ['minDomains: 2 can be set only when whenUnsatisfiable is DoNotSchedule'],
    ],
    [
      'a weight out of range',
      'Affinity',
      { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, podAffinityTerm: term }] } },
      ['podAffinity.preferredDuringSchedulingIgnoredDuringExecution.0.weight: 101 is not from 1 to 100'],
    ],
    [
      'ids that no process has',
      'PodSecurityContext',
      { runAsUser: -1, fsGroup: 2 ** 31 },
      ['runAsUser: -1 is not from 0 to 2147483647', 'fsGroup: 2147483648 is not from 0 to 2147483647'],
    ],
    [
      'a profile without its file',
      'SecurityContext',
      { seccompProfile: { type: 'Localhost' } },
      ['seccompProfile.localhostProfile: is required when the type is Localhost'],
    ],
    [
      'a file without its profile',
      'SecurityContext',
      { appArmorProfile: { type: 'Unconfined', localhostProfile: 'x' } },
      ['appArmorProfile.localhostProfile: "x" can be set only when the type is Localhost'],
    ],
    [
      'a privileged container that must not escalate',
      'SecurityContext',
      { privileged: true, allowPrivilegeEscalation: false },
      ['allowPrivilegeEscalation: false cannot be set when privileged is true'],
    ],
  ])('%s', (_, type, value, problems) => {
    expect(problemsOf(type, value)).toEqual(problems);
  });
});

describe('checkCoreType', () => {
  it('refuses an unknown field everywhere', () => {
    fc.assert(
      fc.property(fc.constantFrom(...roots), fc.string(), (type, field) => {
        fc.pre(!Object.hasOwn(coreTypes[type].fields, field));
        const value: unknown = JSON.parse(`{${JSON.stringify(field)}: 1}`);
        const problem = checkCoreType(type, value).find(({ path }) => path.length === 1 && path[0] === field);
        expect(problem?.message).toMatch(/^is not a field of /);
      }),
    );
  });

  it('never throws, and always says what is wrong, whatever the JSON', () => {
    const known = [...new Set(Object.values(coreTypes).flatMap(({ fields }) => Object.keys(fields)))];
    const json = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom<unknown>(null, '', 'a', '1Gi', 'Exists', true, 0, 1.5, -1, 2 ** 40),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...known), tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(fc.constantFrom(...roots), json, (type, value) => {
        for (const { message } of checkCoreType(type, value))
          expect(message).toMatch(/^(is|has|contains|appears|can|cannot|must) /);
      }),
      { numRuns: 300 },
    );
  });

  it('does not follow data deeper than the types go', () => {
    const deep: unknown = JSON.parse(`${'{"podAffinity":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
    expect(checkCoreType('Affinity', deep)).toHaveLength(1);
    const list: unknown = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    expect(
      checkCoreType('ResourceRequirements', {
        limits: { cpu: list },
        requests: { cpu: list },
        claims: [{ name: list }],
      }),
    ).toHaveLength(3);
  });

  it('finishes on a long list in which everything is wrong', () => {
    const claims = Array.from({ length: 100_000 }, () => ({ name: 'a' }));
    expect(checkCoreType('ResourceRequirements', { claims })).toHaveLength(99_999);
  });
});

describe('core-types.gen.ts', () => {
  it('is current', () => {
    execFileSync(process.execPath, ['scripts/generate-core-types.ts', '--check'], { stdio: 'pipe' });
  });

  it('has the same fields and required fields as the OpenAPI, apart from the metadata of claim templates', () => {
    const openapi = JSON.parse(readFileSync('test/crds/kubernetes-v1.33.13.openapi.json', 'utf8')) as {
      definitions: Record<string, { properties?: object; required?: string[] } | undefined>;
    };
    for (const [name, { fields, required }] of Object.entries(coreTypes)) {
      if (name === 'ObjectMeta') continue;
      const definition =
        openapi.definitions[`io.k8s.api.core.v1.${name}`] ??
        openapi.definitions[`io.k8s.apimachinery.pkg.apis.meta.v1.${name}`];
      expect([Object.keys(fields), required], name).toEqual([
        Object.keys(definition?.properties ?? {}),
        definition?.required ?? [],
      ]);
    }
  });

  it('has no type that refers back to itself, so that checking ends', () => {
    const visit = (name: TypeName, above: readonly TypeName[]): void => {
      expect(above).not.toContain(name);
      for (const [, ref] of JSON.stringify(coreTypes[name]).matchAll(/"ref":"(\w+)"/g))
        visit(ref as TypeName, [...above, name]);
    };
    for (const root of roots) visit(root, []);
  });
});
