import { expect, it } from 'vitest';
import { at, textAt } from '../../src/lib/json.ts';
import { firstContainer } from '../support/api-server.ts';
import { readyOf, secretsAskedFor } from '../support/call.ts';
import { createCluster } from '../support/cluster.ts';
import { changedSince, conditions, desiredKeys, manifest, picture, specs, ttl, unready } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';

/** Everything that the smallest DittoServer composes before its StatefulSet. */
const beforeTheServer = [
  'admin-secret',
  'api-service',
  'config',
  'file-service',
  'headless-service',
  'jwt-secret',
  'provisioner-account',
  'provisioner-role',
  'provisioner-status',
  'volume-controlplane',
  'volume-metadata',
];

/** What needs some of that. */
const withTheServer = ['connection', 'provisioner', 'provisioner-binding', 'server'];

it('a DittoServer is created, pending, ready, degraded, and recovers', async () => {
  const cluster = createCluster({ xr: dittoServer() });

  const created = cluster.step();
  expect(created.calls).toHaveLength(2);
  expect(secretsAskedFor(created.response)).toEqual(['files-admin-bootstrap-credentials', 'files-jwt-secret']);
  expect(desiredKeys(created)).toEqual(beforeTheServer);
  // The StatefulSet is held back, so the composite must not turn Ready when all the others are.
  expect(readyOf(created.response.desired?.composite ?? { ready: 0 })).toBe('not ready');
  expect(conditions(cluster)).toMatchObject({ Ready: 'False Creating', Available: 'False Waiting' });
  expect(cluster.status().phase).toBe('Pending');
  expect(ttl(created)).toBe(5);
  await expect(picture(cluster, created)).toMatchFileSnapshot('life/1-created.yaml');

  cluster.provide();
  const applied = cluster.step();
  // The provisioner starts beside the server.
  expect(desiredKeys(applied)).toEqual([...beforeTheServer, ...withTheServer].sort());
  expect(unready(applied)).toEqual(
    [...withTheServer, 'provisioner-status', 'volume-controlplane', 'volume-metadata'].sort(),
  );
  expect(cluster.status().phase).toBe('Pending');

  const pending = cluster.settle();
  expect(conditions(cluster)).toMatchObject({
    ConfigReady: 'True ConfigValid',
    ResourcesApplied: 'True Applied',
    StorageReady: 'False VolumePending',
    Available: 'False ReplicasNotReady',
    EndpointReady: 'True EndpointReady',
    Provisioned: 'False Provisioning',
    Ready: 'False Creating',
  });
  expect(ttl(pending)).toBe(5);
  await expect(picture(cluster, pending)).toMatchFileSnapshot('life/2-pending.yaml');

  cluster.bind();
  cluster.podReady();
  const ready = cluster.settle();
  expect(conditions(cluster)).toEqual({
    Ready: 'True Available',
    Synced: 'True ReconcileSuccess',
    Responsive: 'True WatchCircuitClosed',
    ConfigReady: 'True ConfigValid',
    ResourcesApplied: 'True Applied',
    DatabaseReady: 'True SQLite',
    StorageReady: 'True VolumesReady',
    Available: 'True ServerReady',
    Progressing: 'False Settled',
    EndpointReady: 'True EndpointReady',
    Provisioned: 'True Served',
  });
  expect(cluster.status().phase).toBe('Running');
  expect(unready(ready)).toEqual([]);
  expect(ttl(ready)).toBe(60);
  await expect(picture(cluster, ready)).toMatchFileSnapshot('life/3-ready.yaml');

  cluster.podFails();
  cluster.provide();
  const running = specs(cluster);
  const degraded = cluster.step();
  expect(cluster.status()).toMatchObject({ phase: 'Degraded', readyReplicas: 0 });
  expect(conditions(cluster)).toMatchObject({ Ready: 'False Creating', Available: 'False ReplicasNotReady' });
  expect(changedSince(running, cluster)).toEqual([]);
  expect(unready(degraded)).toEqual(['server']);
  expect(ttl(degraded)).toBe(5);
  await expect(picture(cluster, degraded)).toMatchFileSnapshot('life/4-degraded.yaml');

  cluster.podReady();
  cluster.provide();
  const recovered = cluster.step();
  expect(cluster.status().phase).toBe('Running');
  expect(changedSince(running, cluster)).toEqual([]);
  expect(ttl(recovered)).toBe(60);
  await expect(picture(cluster, recovered)).toMatchFileSnapshot('life/5-recovered.yaml');
});

it('events tell what changed, once, and nothing while nothing changes', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const reasons = (): readonly string[] => cluster.results.map(({ severity, reason }) => `${severity} ${reason}`);
  expect(reasons()).toEqual([
    'normal EndpointReady',
    'normal Applied',
    'normal VolumesReady',
    'normal ServerReady',
    'normal Served',
  ]);
  expect(cluster.results.at(1)?.message).toBe('Every object is applied');
  expect(cluster.results.at(4)?.message).toBe('The server serves everything that is declared');

  cluster.settle();
  expect(cluster.results).toHaveLength(5);

  cluster.podFails();
  cluster.settle();
  expect(reasons().slice(5)).toEqual(['warning ReplicasNotReady']);
});

it('an image is changed: only the StatefulSet changes, and the old pod counts until the new one is ready', () => {
  const cluster = createCluster({ xr: dittoServer({ image: 'example.com/dittofs:1' }) });
  cluster.bringUp();
  const before = specs(cluster);

  cluster.edit((spec) => (spec.image = 'example.com/dittofs:2'));
  const asked = cluster.step();
  expect(changedSince(before, cluster)).toEqual(['server']);
  expect(textAt(firstContainer(manifest(cluster, 'server')), 'image')).toBe('example.com/dittofs:2');
  // The live StatefulSet is still the former one, and its pod answers.
  expect(conditions(cluster)).toMatchObject({ Available: 'True ServerReady', Ready: 'False Creating' });
  expect(cluster.status().version).toBe('example.com/dittofs:1');
  expect(ttl(asked)).toBe(5);

  cluster.provide();
  cluster.step();
  // The provider applied it, its controller has not seen it: the status of the former pod says nothing about the new.
  expect(conditions(cluster)).toMatchObject({ Progressing: 'True RollingOut', Ready: 'False Creating' });

  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ Available: 'False ReplicasNotReady', Ready: 'False Creating' });
  cluster.podReady();
  cluster.settle();
  expect(cluster.status()).toMatchObject({ phase: 'Running', version: 'example.com/dittofs:2' });
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', Progressing: 'False Settled' });
});

it('a setting of config.yaml is changed: first the ConfigMap, then the StatefulSet with its checksum', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const checksum = (): unknown =>
    at(manifest(cluster, 'server'), 'spec', 'template', 'metadata', 'annotations', 'checksum.dittofs.com/config');
  const [before, former] = [specs(cluster), checksum()];

  cluster.edit((spec) => (spec.logging = { level: 'DEBUG' }));
  cluster.step();
  expect(changedSince(before, cluster)).toEqual(['config']);
  expect(checksum()).toBe(former);

  cluster.step();
  // As long as the provider has not applied the ConfigMap, a new pod would start with the former one.
  expect(checksum()).toBe(former);

  cluster.provide(['config']);
  cluster.step();
  expect(changedSince(before, cluster)).toEqual(['config', 'server']);
  expect(checksum()).not.toBe(former);
  expect(checksum()).toBe(cluster.status().configHash);
});

it('a server is stopped and started: it keeps everything, and stopped is Ready', async () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const before = specs(cluster);

  cluster.edit((spec) => (spec.replicas = 0));
  const stopped = cluster.settle();
  // The claims' readiness also follows: a claim that waits for its first consumer is fine while there is none.
  // And without a server its provisioner could only knock in vain.
  expect(changedSince(before, cluster)).toEqual(['provisioner', 'server', 'volume-controlplane', 'volume-metadata']);
  expect(at(manifest(cluster, 'server'), 'spec', 'replicas')).toBe(0);
  expect(at(manifest(cluster, 'provisioner'), 'spec', 'replicas')).toBe(0);
  expect(cluster.status()).toMatchObject({ phase: 'Stopped', replicas: 0, readyReplicas: 0 });
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', Available: 'True Stopped' });
  expect(ttl(stopped)).toBe(60);
  expect(cluster.events.filter(({ verb }) => verb === 'deleted')).toEqual([]);
  await expect(picture(cluster, stopped)).toMatchFileSnapshot('life/6-stopped.yaml');

  cluster.edit((spec) => (spec.replicas = 1));
  cluster.settle();
  expect(cluster.status().phase).toBe('Pending');
  cluster.podReady();
  cluster.settle();
  expect(cluster.status().phase).toBe('Running');
  expect(changedSince(before, cluster)).toEqual([]);
});

it('a server that starts stopped is Ready with claims that wait for their first consumer', () => {
  const cluster = createCluster({ xr: dittoServer({ replicas: 0 }) });
  cluster.settle();
  expect(cluster.status()).toMatchObject({ phase: 'Stopped' });
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', StorageReady: 'True VolumesReady' });
  expect(at(cluster.live('PersistentVolumeClaim', 'metadata-files-0'), 'status', 'phase')).toBe('Pending');
});

it('protocols are turned off: a port goes, then the file Service, and clients are told', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();

  cluster.edit((spec) => (spec.nfs = { enabled: false }));
  cluster.settle();
  // A listener is not turned off before the provisioner says so.
  expect(conditions(cluster)).toMatchObject({ Provisioned: 'False Provisioning', Ready: 'False Creating' });
  cluster.provisioned();
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Served', Ready: 'True Available' });
  const ports = at(cluster.live('Service', 'files-file'), 'spec', 'ports') as readonly { name: string }[];
  expect(ports.map(({ name }) => name)).toEqual(['smb']);
  expect(cluster.status()).toMatchObject({ endpoint: 'files-file.team-a.svc:445' });
  expect(at(cluster.status(), 'endpoints', 'nfs')).toBeUndefined();

  cluster.edit((spec) => (spec.smb = { enabled: false }));
  cluster.settle();
  cluster.provisioned();
  cluster.settle();
  expect(cluster.live('Service', 'files-file')).toBeUndefined();
  expect(conditions(cluster)).toMatchObject({ EndpointReady: 'True NotOffered', Ready: 'True Available' });
  expect(cluster.status().endpoint).toBeUndefined();
});
