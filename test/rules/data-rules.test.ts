import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commonKeys } from '../../src/components/keys.ts';
import { knownKinds } from '../../src/composition/immutable.ts';
import { RunFunctionRequest, RunFunctionResponse } from '../../src/crossplane/protocol.ts';
import { runFunction } from '../../src/function.ts';
import { at, objectAt, textAt, withValue, type JsonObject } from '../../src/lib/json.ts';
import { firstContainer } from '../support/api-server.ts';
import {
  call,
  conditionsOf,
  desiredOf,
  entropyOf,
  manifestOf,
  readyOf,
  requestOf,
  resultsOf,
} from '../support/call.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { clusterWith, example } from '../support/examples.ts';
import { base64, reversed, secret, type Mutable, without } from '../support/json.ts';
import { responseProblems } from '../support/schemas.ts';
import { conditions, content, desiredKeys, manifest, policies, ttl } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';
import { readYaml } from '../support/yaml.ts';

/*
 * The rules that keep users' data (docs/architecture.md), each with tests that fail when it is broken. Stories that
 * people meet are in test/scenarios, what holds in every order of events in test/properties; here is one place for each rule.
 */

const input: JsonObject = { apiVersion: 'dittofs.fn.crossplane.io/v1alpha1', kind: 'Input' };
const ownKey = { identity: { jwt: { secretRef: { name: 'my-keys', key: 'jwt' } } } };
const withVolume = { name: '/projects', quota: '1Gi', volume: {} };
const metadata = { kind: 'PersistentVolumeClaim', namespace: 'team-a', name: 'metadata-files-0' };

function storageClass(name: string): JsonObject {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'example.com/disk',
    allowVolumeExpansion: true,
  };
}

function running(spec: JsonObject = {}, withInput?: JsonObject): Cluster {
  const cluster = createCluster({ xr: dittoServer(spec), input: withInput });
  cluster.api.put(secret('team-a', 'my-keys', { jwt: 'k'.repeat(40) }));
  for (const name of ['silver', 'gold']) cluster.api.put(storageClass(name));
  cluster.bringUp();
  return cluster;
}

/** A server with a Percona cluster, both at work. */
function withCluster(percona: JsonObject = {}): Cluster {
  return running({ percona: { enabled: true, ...percona } });
}

/** What users cannot lose of a Percona cluster. */
function databaseOf(cluster: Cluster): readonly (JsonObject | undefined)[] {
  return [
    cluster.live('PerconaPGCluster', 'files-postgres'),
    cluster.live('PersistentVolumeClaim', 'files-postgres-instance1-pgdata'),
    cluster.live('Secret', 'files-postgres-pguser-dittofs'),
  ];
}

describe('rule 1: creation may be held back, existence never', () => {
  const obstacles: readonly (readonly [string, JsonObject, (cluster: Cluster) => void])[] = [
    [
      'a Secret is missing',
      ownKey,
      ({ api }) => {
        api.remove({ kind: 'Secret', namespace: 'team-a', name: 'my-keys' });
      },
    ],
    [
      'a volume is lost',
      {},
      ({ api }) => {
        api.remove(metadata);
      },
    ],
    [
      'a volume is somebody else’s now',
      {},
      ({ api }) => {
        api.patch(metadata, (object) => delete (object.metadata as Mutable).labels);
      },
    ],
    [
      'the ConfigMap is gone and cannot be made',
      {},
      (cluster) => {
        cluster.api.remove({ kind: 'ConfigMap', namespace: 'team-a', name: 'files-config' });
        cluster.fail('config', 'create failed: no');
      },
    ],
    [
      'the provider cannot look at the StatefulSet',
      {},
      (cluster) => {
        cluster.fail('server', 'observe failed: no');
      },
    ],
  ];

  it.each(obstacles)('%s: the StatefulSet that exists stays desired, and live', (_, spec, happens) => {
    const cluster = running(spec);
    happens(cluster);
    for (let round = 0; round < 3; round++) {
      cluster.provide();
      expect(desiredKeys(cluster.step())).toContain('server');
    }
    expect(cluster.live('StatefulSet', 'files')).toBeDefined();
    expect(cluster.events.filter(({ verb }) => verb === 'deleted')).toEqual([]);
  });

  it('a StatefulSet that does not exist is not created before what it mounts and reads is there', () => {
    const cluster = createCluster({ xr: dittoServer({ storage: { contentSize: '1Gi' } }) });
    for (const key of ['config', 'jwt-secret', 'admin-secret', 'volume-metadata', 'volume-content']) {
      cluster.step();
      cluster.provide([key]);
      expect(desiredKeys(cluster.step())).not.toContain('server');
    }
    cluster.provide(['volume-controlplane']);
    expect(desiredKeys(cluster.step())).toContain('server');
  });
});

describe('rule 2: component keys are permanent', () => {
  /** Every key with the object behind it. A line may be added; one that changes deletes that object of everybody. */
  const permanent = {
    'admin-secret': 'Secret files-admin-bootstrap-credentials',
    'api-service': 'Service files-api',
    config: 'ConfigMap files-config',
    connection: 'Secret files-connection',
    database: 'PerconaPGCluster files-postgres',
    'file-service': 'Service files-file',
    'headless-service': 'Service files-headless',
    'jwt-secret': 'Secret files-jwt-secret',
    provisioner: 'Deployment files-provisioner',
    'provisioner-account': 'ServiceAccount files-provisioner',
    'provisioner-binding': 'RoleBinding files-provisioner',
    'provisioner-role': 'Role files-provisioner',
    'provisioner-status': 'ConfigMap files-provisioner-status',
    'pv.projects': 'PersistentVolume team-a.files.projects',
    'pvc.projects': 'PersistentVolumeClaim files.projects',
    server: 'StatefulSet files',
    'storage-class': 'StorageClass silver',
    'user.alice': 'Secret files.user.alice',
    'volume-cache': 'PersistentVolumeClaim cache-files-0',
    'volume-content': 'PersistentVolumeClaim content-files-0',
    'volume-controlplane': 'PersistentVolumeClaim controlplane-files-0',
    'volume-metadata': 'PersistentVolumeClaim metadata-files-0',
  };

  it('every key, and the kind and name of the object behind it, is as in all releases before', () => {
    const cluster = running({
      storage: { contentSize: '1Gi', cacheSize: '1Gi', storageClassName: 'silver' },
      percona: { enabled: true },
      users: [{ name: 'alice' }],
      shares: [withVolume],
    });
    const step = cluster.step();
    const identities = desiredKeys(step).map((key): [string, string] => {
      const object = manifestOf(step.response, key);
      const namespace = textAt(object, 'metadata', 'namespace');
      expect(namespace).toBe(['storage-class', 'pv.projects'].includes(key) ? undefined : 'team-a');
      return [key, `${textAt(object, 'kind') ?? ''} ${textAt(object, 'metadata', 'name') ?? ''}`];
    });
    expect(Object.fromEntries(identities)).toEqual(permanent);
    const named = ['user.alice', 'pv.projects', 'pvc.projects'];
    expect([...commonKeys, ...named].sort()).toEqual(Object.keys(permanent));
  });

  it('data of ours under a key that this version does not know is passed on as it is', () => {
    const cluster = running();
    const known = cluster.objects()['volume-metadata'] ?? {};
    const rest = without(known, 'metadata', 'status');
    const claim = {
      ...(manifest(cluster, 'volume-metadata') ?? {}),
      metadata: { name: 'archive-files-0', namespace: 'team-a' },
    };
    const newer = {
      ...rest,
      metadata: {
        name: 'files-volume-archive',
        namespace: 'team-a',
        labels: { 'app.kubernetes.io/instance': 'files', 'app.kubernetes.io/managed-by': 'function-dittofs' },
        annotations: { 'crossplane.io/external-name': 'files-volume-archive' },
      },
      spec: { ...(rest.spec as JsonObject), managementPolicies: ['*'], forProvider: { manifest: claim } },
    };
    cluster.inject('volume-archive', newer);
    for (const response of cluster.step().calls) expect(desiredOf(response)['volume-archive']).toEqual(newer);
  });
});

describe('rule 3: a refused spec or input changes nothing', () => {
  it.each<[string, JsonObject, JsonObject | undefined]>([
    ['spec', { storage: { metadataSize: 'a lot', retentionPolicy: 'Delete' } }, undefined],
    ['input', {}, { ...input, providerConfigRef: 5 }],
  ])('a refused %s is one fatal result, never cached, with every condition, and no object changes', (_, spec, bad) => {
    const cluster = running({}, input);
    const before = [cluster.api.all(), Object.values(cluster.objects()).map((object) => object.spec)];
    cluster.edit((edited) => Object.assign(edited, spec));
    if (bad !== undefined) cluster.setInput(bad);
    const { response } = cluster.step();
    cluster.provide();
    expect(resultsOf(response).map(({ severity }) => severity)).toEqual(['fatal']);
    expect(response.meta?.ttl?.seconds).toBe(0);
    expect(conditionsOf(response)).toHaveLength(8);
    expect([cluster.api.all(), Object.values(cluster.objects()).map((object) => object.spec)]).toEqual(before);
  });
});

describe('rule 4: while something is held back, the composite is not ready', () => {
  it('although every desired resource is', () => {
    // A provisioner of a server that is to run would not be ready either.
    const cluster = createCluster({ xr: dittoServer({ ...ownKey, replicas: 0 }) });
    cluster.settle();
    cluster.bind();
    const { response } = cluster.settle();
    const resources = Object.values(response.desired?.resources ?? {});
    expect(resources.map(readyOf)).toEqual(resources.map(() => 'ready'));
    expect(desiredOf(response)).not.toHaveProperty('server');
    expect(readyOf(response.desired?.composite ?? { ready: 0 })).toBe('not ready');
    expect(conditions(cluster).Ready).toBe('False Creating');
  });

  it('otherwise its flag is left unset, so that Crossplane names the unready resources itself', () => {
    const cluster = running();
    cluster.podFails();
    cluster.provide();
    const { response } = cluster.step();
    expect(readyOf(response.desired?.composite ?? { ready: 0 })).toBe('unspecified');
    expect(conditions(cluster).Ready).toBe('False Creating');
  });
});

describe('rule 5: fields that cannot change come from what is observed', () => {
  const balanced = { type: 'LoadBalancer', loadBalancerClass: 'example.com/a' };
  const silver = { ...input, storageClassName: 'silver' };

  it('the fields of every kind that a component renders are known', () => {
    const cluster = running({
      storage: { contentSize: '1Gi', cacheSize: '1Gi', storageClassName: 'silver' },
      percona: { enabled: true },
      users: [{ name: 'alice' }],
      shares: [withVolume],
    });
    const { response } = cluster.step();
    for (const key of [...commonKeys, 'pv.projects', 'pvc.projects'])
      expect(knownKinds).toContain(textAt(manifestOf(response, key), 'kind'));
  });

  it.each<[string, { spec?: JsonObject; input?: JsonObject; to?: JsonObject; toInput?: JsonObject }]>([
    ['a size shrinks', { spec: { storage: { metadataSize: '8Gi' } }, to: { storage: { metadataSize: '5Gi' } } }],
    ['the StorageClass is another', { input: silver, toInput: { ...input, storageClassName: 'gold' } }],
    ['the StorageClass is left out', { input: silver, toInput: input }],
    ['a StorageClass is named later', { input, toInput: silver }],
    [
      'the load balancer’s class is another',
      { spec: { service: balanced }, to: { service: { ...balanced, loadBalancerClass: 'example.com/b' } } },
    ],
    [
      'the load balancer’s class is left out',
      { spec: { service: balanced }, to: { service: { type: 'LoadBalancer' } } },
    ],
    [
      'a load balancer’s class is named later',
      { spec: { service: { type: 'LoadBalancer' } }, to: { service: balanced } },
    ],
    ['the Service’s type is another', { spec: { service: balanced }, to: { service: { type: 'NodePort' } } }],
    [
      'the volume of a share is mounted in another way',
      {
        spec: { shares: [withVolume] },
        to: { shares: [{ ...withVolume, volume: { driver: 'inTree', accessModes: ['ReadOnlyMany'] } }] },
      },
    ],
  ])('%s: the API server refuses nothing, later changes get through, and deletion is not blocked', (_, change) => {
    const lasting = (spec: JsonObject = {}): JsonObject => ({
      ...spec,
      storage: { ...(spec.storage as JsonObject | undefined), retentionPolicy: 'Delete' },
    });
    const cluster = running(lasting(change.spec), change.input);
    cluster.edit((spec) => Object.assign(spec, lasting(change.to ?? change.spec)));
    if (change.toInput !== undefined) cluster.setInput(change.toInput);
    cluster.settle();
    expect(cluster.status().blocked).toBeUndefined();

    cluster.edit((spec) => (spec.controlPlane = { port: 9443 }));
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });

    cluster.remove();
    cluster.provide();
    cluster.control();
    cluster.provide();
    const left = cluster.api.all().map(({ kind }) => kind);
    expect([...new Set(left)].sort()).toEqual(['Secret', 'StorageClass']);
    expect(cluster.api.all().filter(({ kind }) => kind === 'Secret')).toHaveLength(1);
  });

  it('a claim that is not bound cannot grow: its size stays until it is, and deletion is not blocked', () => {
    const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '5Gi', retentionPolicy: 'Delete' } }) });
    cluster.settle();
    cluster.edit((spec) => (spec.storage = { metadataSize: '6Gi', retentionPolicy: 'Delete' }));
    cluster.settle();
    expect(cluster.status().blocked).toBeUndefined();
    cluster.remove();
    cluster.provide();
    expect(cluster.api.all()).toEqual([]);
  });

  it('an adopted StatefulSet, claim and Secret keep what only they can say', () => {
    const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '1Gi' } }) });
    const labels = { app: 'dittofs-server', instance: 'files' };
    cluster.api.put({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'files', namespace: 'team-a', labels },
      spec: {
        serviceName: 'another-service',
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'dittofs', image: 'x' }] } },
      },
    });
    cluster.api.put({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'metadata-files-0', namespace: 'team-a', labels },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '2Gi' } }, storageClassName: 'silver' },
    });
    cluster.api.put({
      ...secret('team-a', 'files-jwt-secret', { 'jwt-secret': 'o'.repeat(40) }, { labels }),
      type: 'example.com/keys',
    });
    cluster.bringUp();
    expect(cluster.status().blocked).toBeUndefined();
    expect(at(cluster.live('StatefulSet', 'files'), 'spec')).toMatchObject({
      serviceName: 'another-service',
      selector: { matchLabels: labels },
    });
    expect(at(cluster.live('PersistentVolumeClaim', 'metadata-files-0'), 'spec')).toMatchObject({
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: '2Gi' } },
    });
    expect(at(cluster.live('Secret', 'files-jwt-secret'), 'type')).toBe('example.com/keys');
  });

  it.each<[string, JsonObject, string]>([
    ['affinity', { affinity: { nodeAfinity: {} } }, 'spec.affinity.nodeAfinity'],
    ['resources', { resources: { limits: { memory: '1 GB' } } }, 'spec.resources.limits.memory'],
    ['extraEnv', { extraEnv: [{ name: 'A', valueForm: {} }] }, 'spec.extraEnv[0].valueForm'],
    [
      'extraVolumes',
      { extraVolumes: [{ name: 'a', emptyDir: { size: '1Gi' } }] },
      'spec.extraVolumes[0].emptyDir.size',
    ],
    ['tolerations', { tolerations: [{ key: 'a', effect: 'NoShedule' }] }, 'spec.tolerations[0].effect'],
    ['securityContext', { securityContext: { runAsUser: 'root' } }, 'spec.securityContext.runAsUser'],
    [
      'loadBalancerClass',
      { service: { type: 'LoadBalancer', loadBalancerClass: 'my class' } },
      'spec.service.loadBalancerClass',
    ],
  ])(
    'a typo in %s is refused by us, because the API server’s refusal would block the whole object',
    (_, spec, field) => {
      const response = call(requestOf({ xr: dittoServer(spec) }));
      expect(resultsOf(response)[0]).toMatchObject({ severity: 'fatal', reason: 'InvalidSpec' });
      expect(resultsOf(response)[0]?.message).toContain(field);
    },
  );

  it.each<[string, JsonObject]>([
    ['a privileged container', { securityContext: { privileged: true } }],
    [
      'CAP_SYS_ADMIN without escalation',
      { securityContext: { allowPrivilegeEscalation: false, capabilities: { add: ['CAP_SYS_ADMIN'] } } },
    ],
    ['CAP_SYS_ADMIN', { securityContext: { capabilities: { add: ['CAP_SYS_ADMIN'] } } }],
    [
      'a mount of the content volume, which is not there',
      { extraVolumeMounts: [{ name: 'content', mountPath: '/mnt/a' }] },
    ],
    [
      'a mount of the cache volume, which is not there',
      { extraVolumeMounts: [{ name: 'cache', mountPath: '/mnt/a' }] },
    ],
    [
      'a mount of the metadata volume in another place',
      { extraVolumeMounts: [{ name: 'metadata', mountPath: '/mnt/a' }] },
    ],
  ])('%s is refused by us, or composed as the API server takes it', (_, spec) => {
    const cluster = createCluster({ xr: dittoServer(spec) });
    const { response, fatal } = cluster.step();
    if (fatal) {
      expect(resultsOf(response)[0]?.reason).toBe('InvalidSpec');
      return;
    }
    expect(responseProblems(cluster.bringUp().response)).toEqual([]);
    expect(cluster.live('StatefulSet', 'files')).toBeDefined();
  });
});

describe('rule 6: keeping is done before letting go', () => {
  it('data that is turned off leaves only after its observed policies hold no Delete', () => {
    const cluster = withCluster({ deleteWithServer: true });
    expect(policies(cluster, 'database')).toBe('*');
    const before = manifest(cluster, 'database');
    expect(at(before, 'metadata', 'finalizers')).toEqual(['percona.com/delete-pvc', 'percona.com/delete-ssl']);

    // Both switches in one edit: the Object may still delete, so it stays, without that right and with its manifest.
    cluster.edit((spec) => (spec.percona = { enabled: false, deleteWithServer: false, storageSize: '90Gi' }));
    cluster.step();
    expect(cluster.objects()).toHaveProperty('database');
    expect(policies(cluster, 'database')).not.toMatch(/Delete|\*/);
    expect(manifest(cluster, 'database')).toEqual(withValue(before ?? {}, ['metadata', 'finalizers'], undefined));

    cluster.settle();
    expect(cluster.objects()).not.toHaveProperty('database');
    const [live, ...rest] = databaseOf(cluster);
    expect(at(live, 'metadata', 'finalizers')).toBeUndefined();
    for (const object of rest) expect(object).toBeDefined();
  });

  it.each<[string, JsonObject]>([
    ['is to go with the DittoServer', { enabled: false, deleteWithServer: true }],
    ['is wanted again, and to go with the DittoServer', { enabled: true, deleteWithServer: true }],
  ])('data whose Object is on its way out stays, although the spec says now that it %s', (_, percona) => {
    const cluster = withCluster();
    const before = databaseOf(cluster).map((object) => at(object, 'metadata', 'uid'));
    cluster.edit((spec) => (spec.percona = { enabled: false }));
    cluster.step();
    expect(cluster.dying()).toBe(1);
    cluster.edit((spec) => (spec.percona = percona));
    cluster.step();
    for (let round = 0; round < 3; round++) cluster.settle();
    expect(databaseOf(cluster).map((object) => at(object, 'metadata', 'uid'))).toEqual(before);
  });

  it('an edit that keeps data takes the right to delete away in the same response', () => {
    const cluster = running({ storage: { retentionPolicy: 'Delete' } });
    cluster.edit((spec) => (spec.storage = { retentionPolicy: 'Retain' }));
    cluster.step();
    for (const key of ['volume-metadata', 'volume-controlplane', 'jwt-secret', 'admin-secret']) {
      expect(policies(cluster, key)).not.toMatch(/Delete|\*/);
    }
  });
});

describe('rule 7: nothing of somebody else’s', () => {
  const handover = { 'app.kubernetes.io/instance': 'files', 'app.kubernetes.io/managed-by': 'function-dittofs' };
  const owner = (kind: string, name: string): JsonObject => ({
    ownerReferences: [{ apiVersion: 'dittofs.dittofs.com/v1alpha1', kind, name, uid: 'u' }],
  });
  const claim = (marks: JsonObject): JsonObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'metadata-files-0', namespace: 'team-a', ...marks },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: 'pv-1' },
    status: { phase: 'Bound', capacity: { storage: '1Gi' } },
  });

  it.each(['Retain', 'Delete'])('with %s every data Object starts as [Observe, Create]', (retentionPolicy) => {
    const storage = { contentSize: '1Gi', cacheSize: '1Gi', retentionPolicy };
    const cluster = createCluster({ xr: dittoServer({ storage, users: [{ name: 'alice' }] }) });
    cluster.step();
    const volumes = ['volume-metadata', 'volume-content', 'volume-cache', 'volume-controlplane'];
    for (const key of [...volumes, 'jwt-secret', 'admin-secret', 'user.alice', 'provisioner-status']) {
      expect(policies(cluster, key)).toBe('Observe, Create');
    }
    cluster.provide(['file-service']);
    cluster.step();
    expect(policies(cluster, 'connection')).toBe('Observe, Create');
  });

  it.each(['pv.projects', 'pvc.projects'])(
    '%s starts as [Observe, Create], and has all policies once it is ours',
    (key) => {
      const cluster = createCluster({ xr: dittoServer({ shares: [withVolume] }) });
      for (let round = 0; !Object.hasOwn(cluster.objects(), key); round++) {
        if (round > 20) throw new Error(`there is no ${key}`);
        cluster.provide();
        cluster.bind();
        cluster.podReady();
        cluster.step();
      }
      expect(policies(cluster, key)).toBe('Observe, Create');
      cluster.bringUp();
      expect(policies(cluster, key)).toBe('*');
    },
  );

  it.each<[string, JsonObject]>([
    ['our labels', { labels: { ...handover, more: 'x' } }],
    ['the labels of the Go operator’s server of that name', { labels: { app: 'dittofs-server', instance: 'files' } }],
    ['an ownerReference to the DittoServer of that name', owner('DittoServer', 'files')],
  ])('%s: ours, with Update and Delete where the spec says so', (_, marks) => {
    const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '1Gi', retentionPolicy: 'Delete' } }) });
    cluster.api.put(claim(marks));
    cluster.bringUp();
    expect(policies(cluster, 'volume-metadata')).toBe('*');
    expect(cluster.status().blocked).toBeUndefined();
  });

  it.each<[string, JsonObject]>([
    ['no marks', {}],
    ['our labels of another server', { labels: { ...handover, 'app.kubernetes.io/instance': 'other' } }],
    ['only one of our labels', { labels: { 'app.kubernetes.io/instance': 'files' } }],
    ['the other one of our labels', { labels: { 'app.kubernetes.io/managed-by': 'function-dittofs' } }],
    ['the Go operator’s labels of another server', { labels: { app: 'dittofs-server', instance: 'other' } }],
    ['an ownerReference to another DittoServer', owner('DittoServer', 'other')],
    ['an ownerReference to another kind of that name', owner('StatefulSet', 'files')],
  ])('%s: not ours, never changed or deleted, and told as NameTaken', (_, marks) => {
    const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '1Gi', retentionPolicy: 'Delete' } }) });
    cluster.api.put(claim(marks));
    const before = content(cluster.live('PersistentVolumeClaim', 'metadata-files-0'));
    cluster.settle();
    expect(policies(cluster, 'volume-metadata')).toBe('Observe, Create');
    expect(cluster.status().blocked).toMatchObject([{ reason: 'NameTaken', name: 'metadata-files-0' }]);
    expect(cluster.live('StatefulSet', 'files')).toBeUndefined();
    cluster.remove();
    cluster.provide();
    expect(content(cluster.live('PersistentVolumeClaim', 'metadata-files-0'))).toEqual(before);
  });

  const foreignReport = { revision: 'x', restart: 'now', 'report.json': '{"revision":"x","shares":[],"problems":[]}' };

  it.each<[string, string, JsonObject]>([
    ['provisioner-status', 'ConfigMap', { metadata: { name: 'files-provisioner-status' }, data: foreignReport }],
    [
      'user.alice',
      'Secret',
      { metadata: { name: 'files.user.alice' }, data: base64({ password: 'of-another-alice' }) },
    ],
    [
      'connection',
      'Secret',
      { metadata: { name: 'files-connection' }, data: base64({ password: 'of-an-application' }) },
    ],
  ])('%s: somebody else’s is neither read, changed nor deleted, and told as NameTaken', (key, kind, body) => {
    const cluster = createCluster({ xr: dittoServer({ users: [{ name: 'alice' }] }) });
    const name = textAt(body, 'metadata', 'name') ?? '';
    cluster.api.put({ apiVersion: 'v1', kind, ...body, metadata: { name, namespace: 'team-a' } });
    const before = content(cluster.live(kind, name));
    cluster.settle();
    cluster.bind();
    cluster.serverReady();
    const settled = cluster.settle();
    expect(policies(cluster, key)).toBe('Observe, Create');
    expect(cluster.status().blocked).toMatchObject([{ reason: 'NameTaken', name }]);
    expect(conditions(cluster)).toMatchObject({ Available: 'True ServerReady', Ready: 'False Creating' });
    // The provisioner would use what is not its own, and a report of somebody else restarts no server.
    expect(desiredKeys(settled).includes('provisioner')).toBe(key === 'connection');
    if (key !== 'connection') expect([conditions(cluster).Provisioned, ttl(settled)]).toEqual(['False NameTaken', 60]);
    expect(JSON.stringify(desiredOf(settled.response))).not.toContain(textAt(body, 'data', 'password') ?? 'nothing');
    const annotations = at(manifest(cluster, 'server'), 'spec', 'template', 'metadata', 'annotations');
    expect(annotations).not.toHaveProperty(['checksum.dittofs.com/stores']);
    cluster.remove();
    cluster.provide();
    expect(content(cluster.live(kind, name))).toEqual(before);
  });
});

describe('rule 8: upgrading the function restarts nobody', () => {
  it('the pod template of an unchanged spec is the one of the last release', () => {
    const golden = readFileSync(new URL('../golden/pod-template.yaml', import.meta.url), 'utf8');
    const { response } = clusterWith(example('quickstart')).bringUp();
    const template = at(manifestOf(response, 'server'), 'spec', 'template');
    expect(template).toEqual(readYaml(golden));
  });

  it('the image comes from the user, then from the Composition, and only then from the function', () => {
    const images = { images: { server: 'registry.example.com/dittofs:platform' } };
    const imageOf = (spec: JsonObject, withInput?: JsonObject): unknown =>
      textAt(firstContainer(manifest(running(spec, withInput), 'server')), 'image');
    expect(imageOf({ image: 'user:1' }, { ...input, ...images })).toBe('user:1');
    expect(imageOf({}, { ...input, ...images })).toBe('registry.example.com/dittofs:platform');
    expect(imageOf({})).toBe('marmos91c/dittofs:v0.29.0');
  });
});

describe('rule 9: the first call of a reconcile judges nothing', () => {
  it('it asks for the Secrets in the server’s namespace, keeps every Object as observed, and says nothing', () => {
    const cluster = running({ storage: { contentSize: '1Gi' } });
    cluster.api.remove(metadata);
    cluster.provide();
    const [asking, judging] = cluster.step().calls;
    if (asking === undefined || judging === undefined) throw new Error('fewer than two calls');

    expect(Object.values(asking.requirements?.resources ?? {})).toEqual([
      { apiVersion: 'v1', kind: 'Secret', matchName: 'files-admin-bootstrap-credentials', namespace: 'team-a' },
      { apiVersion: 'v1', kind: 'Secret', matchName: 'files-jwt-secret', namespace: 'team-a' },
    ]);
    expect(asking.requirements).toEqual(judging.requirements);
    expect(Object.keys(desiredOf(asking)).sort()).toEqual(Object.keys(cluster.objects()));
    for (const [key, object] of Object.entries(desiredOf(asking)))
      expect(object.spec).toEqual(cluster.objects()[key]?.spec);
    expect(asking.results).toEqual([]);
    expect(conditionsOf(asking).find(({ type }) => type === 'StorageReady')?.status).toBe('True');
    expect(conditionsOf(judging).find(({ type }) => type === 'StorageReady')?.status).toBe('False');
  });

  it('a call that got only some of what it asked for asks again', () => {
    const required = { 'secret/files-jwt-secret': [] };
    const response = call(requestOf({ xr: dittoServer(), required }));
    expect(desiredOf(response)).toEqual({});
    expect(conditionsOf(response)).toEqual([]);
    expect(Object.keys(response.requirements?.resources ?? {})).toHaveLength(2);
  });

  it('a Secret that does not exist is one that was asked for and not found', () => {
    const cluster = createCluster({ xr: dittoServer(ownKey) });
    const [asking, judging] = cluster
      .step()
      .calls.map((response) => conditionsOf(response).map(({ reason }) => reason));
    expect(asking).toEqual([]);
    expect(judging).toContain('SecretNotFound');
  });
});

describe('rule 10: the database outlives the DittoServer unless deleteWithServer', () => {
  it.each<[string, (cluster: Cluster) => void]>([
    [
      'its field is turned off',
      (cluster) => {
        cluster.edit((spec) => (spec.percona = { enabled: false }));
      },
    ],
    [
      'its whole block is taken out of the spec',
      (cluster) => {
        cluster.edit((spec) => delete spec.percona);
      },
    ],
    [
      'another database is chosen',
      (cluster) => {
        cluster.api.put(secret('team-a', 'other', { host: 'h', user: 'u', password: 'p', database: 'd' }));
        cluster.edit((spec) =>
          Object.assign(spec, { percona: {}, database: { postgresSecretRef: { name: 'other' } } }),
        );
      },
    ],
    [
      'it was to be deleted once, and is not any more',
      (cluster) => {
        cluster.edit((spec) => (spec.percona = { enabled: true, deleteWithServer: true }));
        cluster.settle();
        cluster.edit((spec) => (spec.percona = { enabled: true, deleteWithServer: false }));
        cluster.settle();
        cluster.remove();
        cluster.provide();
        cluster.recreate();
      },
    ],
    [
      'the DittoServer is deleted',
      (cluster) => {
        cluster.remove();
        cluster.provide();
        cluster.recreate();
      },
    ],
    [
      'the spec is made invalid',
      (cluster) => {
        cluster.edit((spec) => (spec.percona = { enabled: true, storageSize: 'large' }));
      },
    ],
  ])('%s: it stays', (_, happens) => {
    const cluster = withCluster();
    const before = databaseOf(cluster).map((object) => at(object, 'metadata', 'uid'));
    for (const uid of before) expect(uid).toBeDefined();
    expect(policies(cluster, 'database')).toBe('Observe, Create, Update');
    happens(cluster);
    cluster.settle();
    cluster.settle();
    expect(databaseOf(cluster).map((object) => at(object, 'metadata', 'uid'))).toEqual(before);
    expect(at(databaseOf(cluster)[0], 'metadata', 'finalizers')).toBeUndefined();
    expect(cluster.events.filter(({ kind, verb }) => kind === 'PerconaPGCluster' && verb === 'deleted')).toEqual([]);
  });

  it('one that was kept is adopted when it is wanted again', () => {
    const cluster = withCluster();
    const [before] = databaseOf(cluster);
    cluster.edit((spec) => (spec.percona = { enabled: false }));
    cluster.settle();
    expect(cluster.objects()).not.toHaveProperty('database');
    cluster.edit((spec) => (spec.percona = { enabled: true, replicas: 3 }));
    cluster.bringUp();
    const [after] = databaseOf(cluster);
    expect(at(after, 'metadata', 'uid')).toBe(at(before, 'metadata', 'uid'));
    expect(at(after, 'spec', 'instances', 0, 'replicas')).toBe(3);
  });

  it('with deleteWithServer it goes with the DittoServer', () => {
    const cluster = withCluster({ deleteWithServer: true });
    cluster.remove();
    cluster.provide();
    expect(databaseOf(cluster)).toEqual([undefined, undefined, undefined]);
  });

  it('with deleteWithServer it goes with the DittoServer also after it was turned off, and not before', () => {
    const cluster = withCluster();
    const before = manifest(cluster, 'database');
    cluster.edit((spec) => (spec.percona = { enabled: false, deleteWithServer: true, replicas: 5 }));
    for (let round = 0; round < 3; round++) cluster.settle();
    expect(withValue(manifest(cluster, 'database') ?? {}, ['metadata', 'finalizers'], undefined)).toEqual(before);
    for (const object of databaseOf(cluster)) expect(object).toBeDefined();
    cluster.remove();
    cluster.provide();
    expect(databaseOf(cluster)).toEqual([undefined, undefined, undefined]);
  });

  it('where the platform keeps databases it stays whatever the spec says, and a condition tells', () => {
    const cluster = withCluster({ deleteWithServer: true });
    const before = databaseOf(cluster).map((object) => at(object, 'metadata', 'uid'));
    cluster.setInput({ ...input, allow: { deleteWithServer: false } });
    cluster.settle();
    expect(cluster.condition('ConfigReady').message).toContain('the platform keeps databases');
    cluster.remove();
    cluster.provide();
    expect(databaseOf(cluster).map((object) => at(object, 'metadata', 'uid'))).toEqual(before);
  });

  it('with deleteWithServer somebody else’s cluster of that name is not touched', () => {
    const cluster = createCluster({ xr: dittoServer({ percona: { enabled: true, deleteWithServer: true } }) });
    const theirs = {
      apiVersion: 'pgv2.percona.com/v2',
      kind: 'PerconaPGCluster',
      metadata: { name: 'files-postgres', namespace: 'team-a', labels: { team: 'b' } },
      spec: { postgresVersion: 16 },
    };
    cluster.api.put(theirs);
    cluster.settle();
    expect(conditions(cluster).DatabaseReady).toBe('False NameTaken');
    cluster.edit((spec) => (spec.percona = { enabled: false, deleteWithServer: true }));
    cluster.settle();
    cluster.remove();
    cluster.provide();
    expect(databaseOf(cluster)[0]).toMatchObject(theirs);
  });

  it('the SQLite database lives on a volume that outlives the DittoServer', () => {
    const cluster = running();
    cluster.remove();
    cluster.provide();
    expect(cluster.live('PersistentVolumeClaim', 'controlplane-files-0')).toBeDefined();
  });
});

describe('rule 11: a volume, once made, stays until the DittoServer goes', () => {
  it.each(['Retain', 'Delete'])('with %s also when the spec no longer asks for it', (retentionPolicy) => {
    const cluster = running({ storage: { contentSize: '3Gi', retentionPolicy } });
    cluster.edit((spec) => (spec.storage = { retentionPolicy }));
    cluster.settle();
    cluster.settle();
    expect(cluster.objects()).toHaveProperty('volume-content');
    expect(at(cluster.live('PersistentVolumeClaim', 'content-files-0'), 'spec', 'resources', 'requests')).toEqual({
      storage: '3Gi',
    });
  });

  it('with Retain: [Observe, Create] until bound, then [Observe, Update], and never made again', () => {
    const cluster = createCluster({ xr: dittoServer() });
    cluster.settle();
    expect(policies(cluster, 'volume-metadata')).toBe('Observe, Create');
    cluster.bind();
    cluster.settle();
    expect(policies(cluster, 'volume-metadata')).toBe('Observe, Update');
    cluster.api.remove(metadata);
    for (let round = 0; round < 3; round++) cluster.settle();
    expect(cluster.live('PersistentVolumeClaim', 'metadata-files-0')).toBeUndefined();
    expect(conditions(cluster).StorageReady).toBe('False VolumeLost');
  });

  it('with Retain never made again, although the Object’s status is gone too: its policies remember that it was bound', () => {
    const cluster = running();
    cluster.api.remove(metadata);
    cluster.forget('volume-metadata');
    cluster.step();
    expect(policies(cluster, 'volume-metadata')).toBe('Observe, Update');
    cluster.settle();
    expect(cluster.live('PersistentVolumeClaim', 'metadata-files-0')).toBeUndefined();
    expect(conditions(cluster).StorageReady).toBe('False VolumeLost');
  });

  it('with Delete it has all policies', () => {
    expect(policies(running({ storage: { retentionPolicy: 'Delete' } }), 'volume-metadata')).toBe('*');
  });
});

describe('rule 12: credentials share the fate of the data that they open', () => {
  it.each([
    ['Retain', 'Observe, Create'],
    ['Delete', 'Observe, Create, Delete'],
  ])('with %s generated Secrets are [%s], and never updated', (retentionPolicy, expected) => {
    const cluster = running({ storage: { retentionPolicy }, users: [{ name: 'alice' }] });
    const generated = ['jwt-secret', 'admin-secret', 'user.alice'];
    for (const key of generated) expect(policies(cluster, key)).toBe(expected);
    expect(cluster.events.filter(({ kind, verb }) => kind === 'Secret' && verb !== 'created')).toEqual([]);
  });

  it.each<[string, JsonObject, string]>([
    ['a Percona cluster that stays', { percona: { enabled: true } }, 'Observe, Create'],
    ['a Percona cluster that goes', { percona: { enabled: true, deleteWithServer: true } }, 'Observe, Create, Delete'],
    ['a PostgreSQL of the user’s', { database: { postgresSecretRef: { name: 'other' } } }, 'Observe, Create'],
  ])('with Delete and %s generated Secrets are its companions, also after it', (_, spec, expected) => {
    const storage = { retentionPolicy: 'Delete' };
    const cluster = createCluster({ xr: dittoServer({ ...spec, storage, users: [{ name: 'alice' }] }) });
    cluster.api.put(secret('team-a', 'other', { host: 'h', user: 'u', password: 'p', database: 'd' }));
    cluster.bringUp();
    for (const key of ['admin-secret', 'user.alice']) expect(policies(cluster, key)).toBe(expected);
    cluster.edit((wanted) =>
      Object.assign(wanted, { database: {}, users: [], percona: { ...objectAt(spec, 'percona'), enabled: false } }),
    );
    cluster.bringUp();
    for (const key of ['admin-secret', 'user.alice']) expect(policies(cluster, key)).toBe(expected);
  });

  it.each([
    ['jwt-secret', 'files-jwt-secret', { 'jwt-secret': 'l'.repeat(40) }],
    ['user.alice', 'files.user.alice', { username: 'alice', password: 'rotated-by-hand' }],
  ])('%s: its data is that of the live Secret, else of the observed Object, else new', (key, name, other) => {
    const cluster = createCluster({ xr: dittoServer({ users: [{ name: 'alice' }] }) });
    const data = (): unknown => at(manifest(cluster, key), 'data');
    cluster.step();
    const fresh = data();
    // Not created yet: the Object's own data, although the entropy of this call is another.
    cluster.step();
    expect(data()).toEqual(fresh);

    cluster.bringUp();
    const ref = { kind: 'Secret', namespace: 'team-a', name };
    cluster.api.patch(ref, (object) => (object.data = base64(other)));
    cluster.settle();
    expect(data()).toEqual(base64(other));

    cluster.api.remove(ref);
    cluster.settle();
    expect(at(cluster.live('Secret', name), 'data')).toEqual(base64(other));
  });

  it('the checksum uses the same', () => {
    const cluster = running();
    const checksum = (): unknown =>
      at(manifest(cluster, 'server'), 'spec', 'template', 'metadata', 'annotations', 'checksum.dittofs.com/jwt');
    const before = checksum();
    cluster.api.remove({ kind: 'Secret', namespace: 'team-a', name: 'files-jwt-secret' });
    cluster.step();
    expect(checksum()).toBe(before);
  });
});

describe('rule 13: the same request, the same response, byte for byte', () => {
  it.each(['namespaced', 'claim'] as const)('whatever the order of maps and fields (%s)', (flavour) => {
    const spec = {
      storage: { contentSize: '1Gi' },
      extraConfig: { b: { d: 1, c: 2 }, a: 'x' },
      podLabels: { z: '1', a: '2' },
    };
    const cluster = createCluster({ xr: dittoServer(spec, { flavour }) });
    cluster.bringUp();
    const required = Object.fromEntries(
      ['files-jwt-secret', 'files-admin-bootstrap-credentials'].map((name) => [
        `secret/${name}`,
        [cluster.live('Secret', name) ?? {}],
      ]),
    );
    const request = requestOf({ xr: cluster.xr(), observed: cluster.objects(), required, context: { b: 1, a: 2 } });
    const bytes = (asked: RunFunctionRequest): string =>
      RunFunctionResponse.encode(runFunction(asked, { ttl: 60, entropy: entropyOf(1) })).toString('hex');
    expect(bytes(reversed(request))).toBe(bytes(request));
    expect(bytes(request)).toBe(bytes(request));
  });

  it('entropy only makes Secrets that do not exist yet', () => {
    const cluster = running();
    const before = cluster.snapshot();
    cluster.settle();
    expect(cluster.snapshot()).toBe(before);
  });
});

describe('rule 14: Objects are named after the DittoServer and the key', () => {
  it('`<name>-<key>` for a namespaced XR', () => {
    const { response } = running().step();
    for (const [key, object] of Object.entries(desiredOf(response))) {
      expect(textAt(object, 'metadata', 'name')).toBe(`files-${key}`);
    }
  });

  it('different for any two DittoServers of one namespace, whatever their users and shares are called', () => {
    const volume = { quota: '1Gi', volume: {} };
    const namesOf = (name: string, spec: JsonObject): readonly string[] => {
      const cluster = createCluster({ xr: dittoServer(spec, { name }) });
      cluster.bringUp();
      return Object.values(cluster.objects()).map((object) => textAt(object, 'metadata', 'name') ?? '');
    };
    const users = ['server', 'config', 'database', 'pv-x', 'user-server'].map((name) => ({ name }));
    const shares = ['/x', '/server', '/provisioner'].map((name) => ({ name, ...volume }));
    const all = ['a', 'a-user', 'a-pv', 'a-pvc'].flatMap((name) => namesOf(name, { users, shares }));
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([]);
  });

  it('with namespace and hash under a claim: the same each time, different for every claim, at most 108 characters', () => {
    const namesOf = (name: string, namespace: string): readonly string[] => {
      const xr = dittoServer({}, { name, namespace, flavour: 'claim' });
      const objects = Object.entries(desiredOf(call(requestOf({ xr, crossplane: 'v1' }))));
      return objects.map(([key, object]) => {
        const objectName = textAt(object, 'metadata', 'name') ?? '';
        expect(objectName).toMatch(new RegExp(`-${name}-${key}-[0-9a-f]{8}$`));
        return objectName;
      });
    };
    const all = [
      ...namesOf('c', 'a-b'),
      ...namesOf('b-c', 'a'),
      ...namesOf('n'.repeat(40), 's'.repeat(63)),
      ...namesOf('n'.repeat(40), `${'s'.repeat(62)}t`),
    ];
    expect(namesOf('c', 'a-b')).toEqual(namesOf('c', 'a-b'));
    expect(new Set(all).size).toBe(all.length);
    for (const objectName of all) expect(objectName.length).toBeLessThanOrEqual(108);
  });

  it('a re-created DittoServer waits for the dying one’s Objects instead of racing them', () => {
    const cluster = running();
    cluster.remove();
    cluster.recreate();
    const step = cluster.step();
    expect([...step.unsynced].sort()).toEqual(desiredKeys(step));
  });
});

describe('rule 15: every Object costs', () => {
  it('the smallest DittoServer has 15, a full one 17, each with its external name from the start', () => {
    const [small, full] = [running(), running({ storage: { contentSize: '1Gi', storageClassName: 'silver' } })];
    expect(Object.keys(small.objects())).toHaveLength(15);
    expect(Object.keys(full.objects())).toHaveLength(17);
    for (const object of Object.values(desiredOf(full.step().response))) {
      expect(at(object, 'metadata', 'annotations', 'crossplane.io/external-name')).toBe(at(object, 'metadata', 'name'));
    }
  });

  it('5 seconds while something comes up', () => {
    const cluster = createCluster({ xr: dittoServer() });
    for (const response of cluster.step().calls) expect(response.meta?.ttl?.seconds).toBe(5);
    expect(ttl(cluster.settle())).toBe(5);
    const up = running();
    up.podFails();
    up.provide();
    expect(ttl(up.step())).toBe(5);
  });

  it('60 seconds when all is settled, or only a person can change what is not', () => {
    expect(ttl(running().step())).toBe(60);
    const lost = running();
    lost.api.remove(metadata);
    expect(ttl(lost.settle())).toBe(60);
    const missing = createCluster({ xr: dittoServer(ownKey) });
    missing.settle();
    missing.bind();
    expect(ttl(missing.settle())).toBe(60);
  });

  it('5 seconds while something comes up, although something else waits for a person', () => {
    const cluster = createCluster({ xr: dittoServer({ ...ownKey, service: { type: 'LoadBalancer' } }) });
    // A dozen Objects are being made: the circuit breaker may open, and then only the ttl brings the function back.
    expect(ttl(cluster.step())).toBe(5);
  });

  it('a settled server is not written to any more', () => {
    const cluster = running();
    const written = cluster.events.length;
    for (let round = 0; round < 3; round++) cluster.settle();
    expect(cluster.events).toHaveLength(written);
  });
});
