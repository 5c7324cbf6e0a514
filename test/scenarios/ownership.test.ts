import { describe, expect, it } from 'vitest';
import { at, textAt, type JsonObject } from '../../src/lib/json.ts';
import { firstContainer } from '../support/api-server.ts';
import { call, desiredOf, requestOf } from '../support/call.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { base64, secret } from '../support/json.ts';
import { conditions, content, desiredKeys, manifest, picture, policies } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';

const foreignClaim: JsonObject = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'metadata-files-0', namespace: 'team-a', labels: { app: 'another-database' } },
  spec: {
    accessModes: ['ReadWriteMany'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'standard',
    volumeName: 'pv-of-somebody',
  },
  status: { phase: 'Bound', capacity: { storage: '1Gi' } },
};

const foreignSecret = secret(
  'team-a',
  'files-jwt-secret',
  { 'jwt-secret': 's'.repeat(40) },
  { labels: { app: 'vault' } },
);

/** The labels with which a person hands an object over to DittoServer `files`. */
const handover = { 'app.kubernetes.io/instance': 'files', 'app.kubernetes.io/managed-by': 'function-dittofs' };

describe.each([
  ['PersistentVolumeClaim', 'metadata-files-0', 'volume-metadata', foreignClaim],
  ['Secret', 'files-jwt-secret', 'jwt-secret', foreignSecret],
])('a %s of that name is somebody else’s', (kind, name, key, object) => {
  it.each(['Retain', 'Delete'])(
    'with %s: it is never changed, copied or deleted, and the server is not created',
    (retentionPolicy) => {
      const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '50Gi', retentionPolicy } }) });
      cluster.api.put(object);
      const before = content(cluster.live(kind, name));
      cluster.settle();
      cluster.bind('controlplane-files-0');
      cluster.settle();

      expect(content(cluster.live(kind, name))).toEqual(before);
      expect(policies(cluster, key)).toBe('Observe, Create');
      expect(cluster.live('StatefulSet', 'files')).toBeUndefined();
      expect(cluster.status().phase).toBe('Pending');
      expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'False NameTaken', Ready: 'False Creating' });
      expect(cluster.status().blocked).toMatchObject([{ kind, name, reason: 'NameTaken' }]);
      expect(JSON.stringify(cluster.objects()[key]?.spec)).not.toContain(base64({ x: 's'.repeat(40) }).x ?? '');

      cluster.remove();
      cluster.provide();
      expect(content(cluster.live(kind, name))).toEqual(before);
    },
  );

  it('until it is labelled, as the message says: then it is taken as it is', () => {
    const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '1Gi' } }) });
    cluster.api.put(object);
    cluster.settle();
    const { message } = cluster.condition('ResourcesApplied');
    for (const [label, value] of Object.entries(handover)) expect(message).toContain(`${label}=${value}`);

    cluster.api.put({ ...object, metadata: { ...(object.metadata as JsonObject), labels: handover } });
    const data = at(cluster.live(kind, name), 'data');
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });
    expect(cluster.status().blocked).toBeUndefined();
    expect(at(cluster.live(kind, name), 'data')).toEqual(data);
  });
});

describe('a generated Secret whose name is taken is in nobody’s way', () => {
  it('once the spec names a Secret of the user', () => {
    const cluster = createCluster({ xr: dittoServer() });
    cluster.api.put(foreignSecret);
    const before = content(cluster.live('Secret', 'files-jwt-secret'));
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'False NameTaken' });

    cluster.edit((spec) => {
      spec.identity = { jwt: { secretRef: { name: 'files-jwt-secret', key: 'jwt-secret' } } };
    });
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });
    expect(content(cluster.live('Secret', 'files-jwt-secret'))).toEqual(before);
    expect(Object.keys(cluster.objects())).not.toContain('jwt-secret');
  });

  it('once the user has left the spec, or brings a password', () => {
    for (const users of [[], [{ name: 'alice', passwordSecretRef: { name: 'passwords', key: 'alice' } }]]) {
      const cluster = createCluster({ xr: dittoServer({ users: [{ name: 'alice' }] }) });
      cluster.api.put(secret('team-a', 'files.user.alice', { password: 'of-another-alice' }));
      const before = content(cluster.live('Secret', 'files.user.alice'));
      cluster.api.put(secret('team-a', 'passwords', { alice: 'alice-password' }));
      cluster.settle();
      expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'False NameTaken' });

      cluster.edit((spec) => (spec.users = users));
      cluster.bringUp();
      expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });
      expect(content(cluster.live('Secret', 'files.user.alice'))).toEqual(before);
      expect(Object.keys(cluster.objects())).not.toContain('user.alice');
    }
  });

  it('is not deleted with the DittoServer, although ours was to be, and its user has left the spec', () => {
    const storage = { retentionPolicy: 'Delete' };
    const cluster = createCluster({ xr: dittoServer({ storage, users: [{ name: 'alice' }] }) });
    cluster.bringUp();
    expect(policies(cluster, 'user.alice')).toBe('Observe, Create, Delete');
    cluster.api.remove({ kind: 'Secret', namespace: 'team-a', name: 'files.user.alice' });
    cluster.api.put(secret('team-a', 'files.user.alice', { password: 'of-another-alice' }));
    cluster.edit((spec) => (spec.users = []));
    cluster.settle();
    expect(policies(cluster, 'user.alice')).not.toContain('Delete');
    cluster.remove();
    cluster.provide();
    expect(cluster.live('Secret', 'files.user.alice')?.data).toEqual(base64({ password: 'of-another-alice' }));
  });
});

it('a StatefulSet that somebody else made for pods like ours is refused by the API server, and left as it is', () => {
  const cluster = createCluster({ xr: dittoServer() });
  // As a Helm chart called dittofs makes it for a release of that name.
  const labels = { 'app.kubernetes.io/name': 'dittofs', 'app.kubernetes.io/instance': 'files' };
  cluster.api.put({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'files', namespace: 'team-a', labels },
    spec: {
      serviceName: 'files',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'theirs', image: 'theirs:v1' }] } },
    },
  });
  const before = cluster.live('StatefulSet', 'files')?.spec;
  cluster.bringUp();
  expect(cluster.live('StatefulSet', 'files')?.spec).toEqual(before);
  expect(cluster.status().blocked).toMatchObject([{ kind: 'StatefulSet', name: 'files', reason: 'Invalid' }]);

  // Nor does it go with the DittoServer, whose deletion waits until somebody moves it.
  cluster.remove();
  cluster.provide();
  cluster.provide();
  expect(cluster.live('StatefulSet', 'files')?.spec).toEqual(before);
});

it('a volume that is lost after somebody else’s had its name is told as lost', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const claim = { kind: 'PersistentVolumeClaim', namespace: 'team-a', name: 'metadata-files-0' };
  cluster.api.remove(claim);
  cluster.settle();
  cluster.api.put(foreignClaim);
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'False NameTaken' });
  cluster.api.remove(claim);
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'False VolumeLost' });
  expect(cluster.live('PersistentVolumeClaim', 'metadata-files-0')).toBeUndefined();
});

it('a name that is taken is told as people see it', async () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.api.put(foreignClaim);
  const step = cluster.settle();
  await expect(picture(cluster, step)).toMatchFileSnapshot('ownership/name-taken.yaml');
});

describe('the Go operator’s server of that name', () => {
  /** What the operator and the StatefulSet controller leave behind, as far as it matters here. */
  function operatorLeftovers(cluster: Cluster): void {
    const selector = { app: 'dittofs-server', instance: 'files' };
    const owned = {
      ownerReferences: [
        { apiVersion: 'dittofs.dittofs.com/v1alpha1', kind: 'DittoServer', name: 'files', uid: 'gone' },
      ],
    };
    for (const volume of ['metadata', 'controlplane']) {
      cluster.api.put({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        // A StatefulSet's claims carry its selector, and nothing of the operator's.
        metadata: { name: `${volume}-files-0`, namespace: 'team-a', labels: selector },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '10Gi' } },
          storageClassName: 'standard',
          volumeName: `pv-${volume}`,
        },
        status: { phase: 'Bound', capacity: { storage: '10Gi' } },
      });
    }
    cluster.api.put(secret('team-a', 'files-jwt-secret', { 'jwt-secret': 'o'.repeat(44) }, owned));
    cluster.api.put(
      secret('team-a', 'files-admin-bootstrap-credentials', { username: 'admin', password: 'of-the-operator' }, owned),
    );
    cluster.api.put({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'files', namespace: 'team-a', labels: selector },
      spec: {
        replicas: 1,
        serviceName: 'files-headless',
        selector: { matchLabels: selector },
        template: {
          metadata: { labels: selector },
          spec: {
            containers: [
              {
                name: 'dittofs',
                image: 'marmos91c/dittofs:v0.28.0',
                env: [{ name: 'LEFT_BY_OPERATOR', value: '1' }],
                volumeMounts: [{ name: 'metadata', mountPath: '/data/store/metadata' }],
              },
            ],
          },
        },
        volumeClaimTemplates: [{ metadata: { name: 'metadata' }, spec: { accessModes: ['ReadWriteOnce'] } }],
      },
    });
  }

  it('is taken over in place: its volumes, Secrets and StatefulSet stay the same objects', () => {
    const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '10Gi', controlPlaneSize: '10Gi' } }) });
    operatorLeftovers(cluster);
    const kept = [
      ['PersistentVolumeClaim', 'metadata-files-0'],
      ['PersistentVolumeClaim', 'controlplane-files-0'],
      ['Secret', 'files-jwt-secret'],
      ['Secret', 'files-admin-bootstrap-credentials'],
      ['StatefulSet', 'files'],
    ] as const;
    const uids = (): readonly unknown[] => kept.map(([kind, name]) => at(cluster.live(kind, name), 'metadata', 'uid'));
    const secrets = (): readonly unknown[] =>
      kept.slice(2, 4).map(([kind, name]) => at(cluster.live(kind, name), 'data'));
    const [uidsBefore, secretsBefore] = [uids(), secrets()];

    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });
    expect(uids()).toEqual(uidsBefore);
    expect(secrets()).toEqual(secretsBefore);
    const server = cluster.live('StatefulSet', 'files');
    expect(textAt(firstContainer(server), 'image')).toBe('marmos91c/dittofs:v0.29.0');
    expect(at(server, 'spec', 'volumeClaimTemplates', 0, 'metadata', 'name')).toBe('metadata');
    expect(policies(cluster, 'volume-metadata')).toBe('Observe, Update');
    expect(cluster.events.filter(({ verb }) => verb === 'deleted')).toEqual([]);
    // The generated Secrets of the Objects are the operator's, not new ones.
    expect(at(manifest(cluster, 'jwt-secret'), 'data')).toEqual(base64({ 'jwt-secret': 'o'.repeat(44) }));
  });

  it('says that Kubernetes deletes its Secrets with the DittoServer, and how they stay', () => {
    const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '10Gi', controlPlaneSize: '10Gi' } }) });
    operatorLeftovers(cluster);
    cluster.bringUp();
    const { message } = cluster.condition('ResourcesApplied');
    const labels = { 'app.kubernetes.io/instance': 'files', 'app.kubernetes.io/managed-by': 'function-dittofs' };
    const patch = JSON.stringify({ metadata: { ownerReferences: null, labels } });
    expect(message).toBe(
      `Every object is applied; to be kept, but deleted with the DittoServer, because it names that as its owner: Secret "files-jwt-secret", Secret "files-admin-bootstrap-credentials"; kubectl patch KIND NAME --type=merge -p '${patch}' keeps each`,
    );
    for (const name of ['files-jwt-secret', 'files-admin-bootstrap-credentials']) {
      cluster.api.patch({ kind: 'Secret', namespace: 'team-a', name }, ({ metadata }) => {
        Object.assign(metadata as JsonObject, { labels, ownerReferences: [] });
      });
    }
    cluster.settle();
    expect(cluster.condition('ResourcesApplied')).toMatchObject({ status: 'True', message: 'Every object is applied' });
  });

  it('says nothing of that where they are to go', () => {
    const storage = { metadataSize: '10Gi', controlPlaneSize: '10Gi', retentionPolicy: 'Delete' };
    const cluster = createCluster({ xr: dittoServer({ storage }) });
    operatorLeftovers(cluster);
    cluster.bringUp();
    expect(cluster.condition('ResourcesApplied').message).toBe('Every object is applied');
  });

  it('keeps its smaller volume names and larger sizes: nothing immutable is refused', () => {
    const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '5Gi', controlPlaneSize: '5Gi' } }) });
    operatorLeftovers(cluster);
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });
    expect(at(cluster.live('PersistentVolumeClaim', 'metadata-files-0'), 'spec', 'resources', 'requests')).toEqual({
      storage: '10Gi',
    });
  });
});

describe('the function is rolled back to this version', () => {
  /** An Object as a newer version composed it. */
  function composed(key: string, of: JsonObject, managementPolicies: readonly string[]): JsonObject {
    return {
      apiVersion: 'kubernetes.m.crossplane.io/v1alpha1',
      kind: 'Object',
      metadata: {
        name: `files-${key}`,
        namespace: 'team-a',
        labels: { ...handover, 'app.kubernetes.io/component': 'object', 'example.com/newer': 'yes' },
        annotations: { 'crossplane.io/external-name': `files-${key}` },
      },
      spec: {
        managementPolicies,
        providerConfigRef: { kind: 'ClusterProviderConfig', name: 'default' },
        readiness: { policy: 'SuccessfulCreate' },
        watch: true,
        forProvider: { manifest: of },
      },
    };
  }

  const archive: JsonObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'archive-files-0', namespace: 'team-a', labels: handover },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '7Gi' } } },
  };
  const keytab = secret('team-a', 'files.keytab', { keytab: 'generated-once' }, { labels: handover });
  const database: JsonObject = {
    apiVersion: 'pgv2.percona.com/v2',
    kind: 'PerconaPGCluster',
    metadata: { name: 'files-postgres-replica', namespace: 'team-a', labels: handover },
    spec: { postgresVersion: 16 },
  };
  const volume: JsonObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'team-a.files.export', labels: handover },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteMany'],
      nfs: { server: '192.0.2.1', path: '/export' },
    },
  };
  const metrics: JsonObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'files-metrics', namespace: 'team-a', labels: handover },
    spec: { ports: [{ name: 'metrics', port: 9090 }] },
  };
  const newer: readonly [key: string, object: JsonObject][] = [
    ['volume-archive', composed('volume-archive', archive, ['Observe', 'Update'])],
    ['keytab', composed('keytab', keytab, ['Observe', 'Create', 'Delete'])],
    ['database-replica', composed('database-replica', database, ['*'])],
    ['mirror-export', composed('mirror-export', volume, ['Observe', 'Create', 'Update'])],
  ];

  it('data under keys that it does not know is passed on as it is, byte for byte, on every call', () => {
    const cluster = createCluster({ xr: dittoServer() });
    cluster.bringUp();
    for (const [key, object] of newer) cluster.inject(key, object);
    const { calls } = cluster.step();
    expect(calls).toHaveLength(2);
    for (const response of calls) {
      for (const [key, object] of newer) expect(desiredOf(response)[key]).toEqual(object);
    }
    expect(cluster.events.filter(({ verb }) => verb === 'deleted')).toEqual([]);
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
  });

  it('what holds no data and is unknown is left to Crossplane, which deletes it', () => {
    const cluster = createCluster({ xr: dittoServer() });
    cluster.bringUp();
    cluster.inject('metrics-service', composed('metrics-service', metrics, ['*']));
    cluster.provide();
    expect(cluster.live('Service', 'files-metrics')).toBeDefined();
    expect(desiredKeys(cluster.step())).not.toContain('metrics-service');
    cluster.provide();
    expect(cluster.live('Service', 'files-metrics')).toBeUndefined();
  });

  it('data that is not ours is left to whoever composed it', () => {
    const theirs = composed('their-volume', archive, ['*']);
    const unlabelled = { ...theirs, metadata: { ...(theirs.metadata as JsonObject), labels: { app: 'x' } } };
    const response = call(requestOf({ xr: dittoServer(), observed: { 'their-volume': unlabelled }, crossplane: 'v1' }));
    expect(Object.keys(desiredOf(response))).not.toContain('their-volume');
    expect(Object.keys(desiredOf(response))).toContain('config');
  });
});
