import { expect, it } from 'vitest';
import { at, objectAt, listAt, textAt } from '../../src/lib/json.ts';
import { firstContainer } from '../support/api-server.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { changedSince, conditions, content, manifest, picture, policies, specs, ttl } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';

const metadata = { kind: 'PersistentVolumeClaim', namespace: 'team-a', name: 'metadata-files-0' };

function requested(cluster: Cluster, claim: string): string | undefined {
  return textAt(cluster.live('PersistentVolumeClaim', claim), 'spec', 'resources', 'requests', 'storage');
}

function mounts(cluster: Cluster): readonly (string | undefined)[] {
  return listAt(firstContainer(manifest(cluster, 'server')), 'volumeMounts').map((mount) => textAt(mount, 'mountPath'));
}

it('a volume grows: only its claim changes, and the condition follows the real capacity', async () => {
  const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '5Gi' } }) });
  cluster.bringUp();
  const before = specs(cluster);

  cluster.edit((spec) => (spec.storage = { metadataSize: '8Gi' }));
  const growing = cluster.settle();
  expect(changedSince(before, cluster)).toEqual(['volume-metadata']);
  expect(requested(cluster, 'metadata-files-0')).toBe('8Gi');
  expect(conditions(cluster)).toMatchObject({
    StorageReady: 'False VolumeResizing',
    Available: 'True ServerReady',
    Ready: 'False Creating',
  });
  expect(at(cluster.status(), 'volumes', 0)).toMatchObject({ requested: '8Gi', capacity: '5Gi' });
  expect(ttl(growing)).toBe(5);
  await expect(picture(cluster, growing)).toMatchFileSnapshot('volumes/growing.yaml');

  cluster.resizeDone();
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
  expect(at(cluster.status(), 'volumes', 0)).toMatchObject({ requested: '8Gi', capacity: '8Gi' });
});

it('a size is written in another way: nothing is resized', () => {
  const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '5Gi' } }) });
  cluster.bringUp();
  const before = content(cluster.live('PersistentVolumeClaim', 'metadata-files-0'));
  cluster.edit((spec) => (spec.storage = { metadataSize: '5120Mi' }));
  cluster.settle();
  expect(content(cluster.live('PersistentVolumeClaim', 'metadata-files-0'))).toEqual(before);
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', ResourcesApplied: 'True Applied' });
});

it('a size that the API server writes in another way is still the same, also before its claim is bound', () => {
  const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '5120Mi' } }) });
  cluster.step();
  const before = specs(cluster);
  cluster.settle();
  expect(requested(cluster, 'metadata-files-0')).toBe('5Gi');
  expect(cluster.condition('ResourcesApplied').message).not.toContain('cannot change');
  // And the Object is not written again for it: every write costs (rule 15). What changed is new.
  expect(changedSince(before, cluster)).toEqual(['connection', 'provisioner', 'provisioner-binding', 'provisioner-status', 'server']);
  expect([...before.keys()]).not.toContain('server');
});

it('a size shrinks on a way around the API server’s rule: the claim keeps its size, and a condition says so', () => {
  const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '8Gi' } }) });
  cluster.bringUp();
  cluster.edit((spec) => (spec.storage = { metadataSize: '5Gi' }));
  cluster.settle();
  expect(requested(cluster, 'metadata-files-0')).toBe('8Gi');
  expect(cluster.condition('ResourcesApplied')).toMatchObject({ status: 'True', reason: 'Applied' });
  expect(cluster.condition('ResourcesApplied').message).toContain('"metadata-files-0" keeps storage "8Gi"');
  expect(conditions(cluster).Synced).toBe('True ReconcileSuccess');
});

it('a StorageClass without expansion: the claim is not asked to grow, and a condition says so', () => {
  const cluster = createCluster({
    xr: dittoServer({ storage: { metadataSize: '5Gi', storageClassName: 'fixed' } }),
  });
  cluster.api.put({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'fixed' },
    provisioner: 'example.com/disk',
  });
  cluster.bringUp();
  cluster.edit((spec) => (spec.storage = { metadataSize: '6Gi', storageClassName: 'fixed' }));
  cluster.settle();
  expect(requested(cluster, 'metadata-files-0')).toBe('5Gi');
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
  expect(cluster.condition('ConfigReady').message).toContain('"metadata-files-0" stays at 5Gi');
});

it('a claim that is not bound yet cannot change its size: it keeps the one that it has until it is bound', () => {
  const cluster = createCluster({ xr: dittoServer({ storage: { metadataSize: '5Gi', retentionPolicy: 'Delete' } }) });
  cluster.settle();
  cluster.edit((spec) => (spec.storage = { metadataSize: '8Gi', retentionPolicy: 'Delete' }));
  cluster.settle();
  // The API server would refuse: "spec is immutable after creation except resources.requests … for bound claims", and
  // a refused dry run blocks every other change of that object, and its deletion too (rule 5).
  expect(cluster.status().blocked).toBeUndefined();
  expect(requested(cluster, 'metadata-files-0')).toBe('5Gi');

  cluster.bind();
  cluster.settle();
  cluster.settle();
  expect(requested(cluster, 'metadata-files-0')).toBe('8Gi');
});

it('a volume is added later: its claim first, then one restart that mounts it', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const before = specs(cluster);

  cluster.edit((spec) => (spec.storage = { contentSize: '20Gi' }));
  cluster.step();
  expect(changedSince(before, cluster)).toEqual(['volume-content']);
  expect(mounts(cluster)).not.toContain('/data/store/block');

  cluster.provide();
  cluster.step();
  expect(changedSince(before, cluster)).toEqual(['server', 'volume-content']);
  expect(mounts(cluster)).toContain('/data/store/block');

  cluster.bringUp();
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
  expect(policies(cluster, 'volume-content')).toBe('Observe, Update');
});

it('contentSize is removed again: the volume stays, mounted, with the size that it has', () => {
  const cluster = createCluster({ xr: dittoServer({ storage: { contentSize: '20Gi' } }) });
  cluster.bringUp();
  const [before, claim] = [specs(cluster), content(cluster.live('PersistentVolumeClaim', 'content-files-0'))];

  cluster.edit((spec) => delete spec.storage);
  cluster.settle();
  expect(changedSince(before, cluster)).toEqual([]);
  expect(content(cluster.live('PersistentVolumeClaim', 'content-files-0'))).toEqual(claim);
  expect(mounts(cluster)).toContain('/data/store/block');
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
});

it('config.yaml stays with the pod that reads it: while the StatefulSet is held for a volume, so is the file', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  cluster.api.put({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'content-files-0', namespace: 'team-a', labels: { app: 'of-somebody-else' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } } },
  });
  const before = cluster.live('ConfigMap', 'files-config')?.data;
  const server = manifest(cluster, 'server');
  cluster.edit((spec) => Object.assign(spec, { storage: { contentSize: '5Gi' }, controlPlane: { port: 8085 } }));
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'False NameTaken' });
  expect(manifest(cluster, 'server')).toEqual(server);
  expect(cluster.live('ConfigMap', 'files-config')?.data).toEqual(before);

  cluster.api.remove({ kind: 'PersistentVolumeClaim', namespace: 'team-a', name: 'content-files-0' });
  cluster.bringUp();
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
  expect(textAt(cluster.live('ConfigMap', 'files-config'), 'data', 'config.yaml')).toContain('port: 8085');
});

it('a bound claim is lost with Retain: it is reported, never made again empty, and taken back when restored', async () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const [before, server] = [cluster.live('PersistentVolumeClaim', 'metadata-files-0'), manifest(cluster, 'server')];

  cluster.api.remove(metadata);
  const lost = cluster.settle();
  expect(cluster.live('PersistentVolumeClaim', 'metadata-files-0')).toBeUndefined();
  expect(policies(cluster, 'volume-metadata')).toBe('Observe, Update');
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'False VolumeLost', Ready: 'False Creating' });
  expect(cluster.condition('StorageReady').message).toContain('"metadata-files-0"');
  expect(cluster.status().phase).toBe('Degraded');
  expect(manifest(cluster, 'server')).toEqual(server);
  expect(ttl(lost)).toBe(60);
  await expect(picture(cluster, lost)).toMatchFileSnapshot('volumes/lost.yaml');

  // What is restored from a backup is another object under the same name.
  cluster.api.put({ ...before, metadata: { ...objectAt(before, 'metadata'), uid: 'restored' } });
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
  expect(at(manifest(cluster, 'volume-metadata'), 'metadata', 'uid')).toBe('restored');
});

it('a lost volume comes back only by a person: nothing is on its way, and status does not call it Bound', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  cluster.api.remove(metadata);
  cluster.settle();
  expect(conditions(cluster).Progressing).toBe('False Settled');
  expect(at(cluster.status(), 'volumes', 0, 'phase')).not.toBe('Bound');
});

it('a claim that was never bound is lost: it held nothing, and is made again', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.settle();
  cluster.api.remove(metadata);
  cluster.settle();
  expect(cluster.live('PersistentVolumeClaim', 'metadata-files-0')).toBeDefined();
});

it('a bound claim is lost with Delete: it is made again', () => {
  const cluster = createCluster({ xr: dittoServer({ storage: { retentionPolicy: 'Delete' } }) });
  cluster.bringUp();
  expect(policies(cluster, 'volume-metadata')).toBe('*');
  cluster.api.remove(metadata);
  cluster.settle();
  expect(at(cluster.live('PersistentVolumeClaim', 'metadata-files-0'), 'status', 'phase')).toBe('Pending');
  cluster.bringUp();
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
});

it('a claim loses its volume (phase Lost): reported, the claim stays as it is', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  cluster.api.patch(metadata, (object) => (object.status = { phase: 'Lost' }));
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'False VolumeLost' });
  expect(at(cluster.status(), 'volumes', 0)).toMatchObject({ name: 'metadata-files-0', phase: 'Lost' });
  expect(cluster.live('PersistentVolumeClaim', 'metadata-files-0')).toBeDefined();
});

it('a StorageClass does not exist: StorageReady says so at once, and all is well once somebody makes it', async () => {
  const cluster = createCluster({ xr: dittoServer({ storage: { storageClassName: 'gold' } }) });
  cluster.settle();
  const missing = cluster.settle();
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'False StorageClassNotFound', Ready: 'False Creating' });
  expect(cluster.condition('StorageReady').message).toContain('"gold"');
  expect(policies(cluster, 'storage-class')).toBe('Observe');
  expect(cluster.live('StorageClass', 'gold')).toBeUndefined();
  await expect(picture(cluster, missing)).toMatchFileSnapshot('volumes/storage-class-missing.yaml');

  cluster.api.put({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'gold' },
    provisioner: 'example.com/disk',
    allowVolumeExpansion: true,
  });
  cluster.bringUp();
  expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
  expect(at(cluster.live('StorageClass', 'gold'), 'metadata', 'labels')).toBeUndefined();
});

it('the platform’s default StorageClass changes: existing claims keep theirs, and a condition says so', () => {
  const input = { apiVersion: 'dittofs.fn.crossplane.io/v1alpha1', kind: 'Input' };
  const cluster = createCluster({ xr: dittoServer(), input: { ...input, storageClassName: 'silver' } });
  for (const name of ['silver', 'gold']) {
    cluster.api.put({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'example.com/disk',
      allowVolumeExpansion: true,
    });
  }
  cluster.bringUp();
  cluster.setInput({ ...input, storageClassName: 'gold' });
  cluster.settle();
  expect(at(cluster.live('PersistentVolumeClaim', 'metadata-files-0'), 'spec', 'storageClassName')).toBe('silver');
  expect(cluster.condition('ResourcesApplied').message).toContain('keeps storageClassName "silver" (wanted "gold")');
  expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });
});

it('the platform takes its default StorageClass back: existing claims keep theirs, and nothing is refused', () => {
  const input = { apiVersion: 'dittofs.fn.crossplane.io/v1alpha1', kind: 'Input' };
  const cluster = createCluster({ xr: dittoServer(), input: { ...input, storageClassName: 'silver' } });
  cluster.api.put({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'silver' },
    provisioner: 'example.com/disk',
    allowVolumeExpansion: true,
  });
  cluster.bringUp();
  cluster.setInput(input);
  cluster.settle();
  // A manifest without the class would take our field away from the claim, which the API server refuses.
  expect(cluster.status().blocked).toBeUndefined();
  expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });
});
