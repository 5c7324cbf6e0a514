import { describe, expect, it } from 'vitest';
import { ServingPlan } from '../../src/api/provisioning.ts';
import { at, listAt, objectAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { defaultBlockVolume } from '../../src/plan/volumes.ts';
import { firstContainer } from '../support/api-server.ts';
import { conditionsOf, statusOf } from '../support/call.ts';
import { createCluster, type Cluster, type ClusterOptions } from '../support/cluster.ts';
import { base64, secret } from '../support/json.ts';
import { changedSince, conditions, desiredKeys, manifest, picture, policies, specs, ttl, unready } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';

/** What plan.json says. */
function planOf(cluster: Cluster): ServingPlan {
  return ServingPlan.parse(JSON.parse(textAt(manifest(cluster, 'config'), 'data', 'plan.json') ?? ''));
}

function annotationsOf(cluster: Cluster, key: 'server' | 'provisioner'): JsonObject | undefined {
  return objectAt(manifest(cluster, key), 'spec', 'template', 'metadata', 'annotations');
}

/** The value of a key of a live Secret, decoded. */
function valueOf(cluster: Cluster, name: string, key: string): string | undefined {
  const value = textAt(cluster.live('Secret', name), 'data', key);
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
}

function running(spec: JsonObject, options: Partial<ClusterOptions> = {}): Cluster {
  const cluster = createCluster({ xr: dittoServer(spec), ...options });
  cluster.bringUp();
  return cluster;
}

describe('what the server serves', () => {
  it('is applied once the server is ready, and again whenever the spec says something else', async () => {
    const cluster = createCluster({ xr: dittoServer({ shares: [{ name: '/projects' }] }) });
    cluster.settle();
    cluster.bind();
    cluster.serverReady();
    const unreported = cluster.settle();
    expect(conditions(cluster)).toMatchObject({
      Available: 'True ServerReady',
      Provisioned: 'False Provisioning',
      Progressing: 'True Provisioning',
      Ready: 'False Creating',
    });
    expect(unready(unreported)).toEqual(['provisioner', 'provisioner-status']);
    expect(ttl(unreported)).toBe(5);
    await expect(picture(cluster, unreported)).toMatchFileSnapshot('provisioning/1-not-reported.yaml');

    cluster.provisioned();
    const reported = cluster.settle();
    expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Served', Ready: 'True Available' });
    expect(cluster.status().shares).toEqual([{ name: '/projects', ready: true }]);
    expect(ttl(reported)).toBe(60);
    await expect(picture(cluster, reported)).toMatchFileSnapshot('provisioning/2-reported.yaml');

    const [before, revision, statefulSet] = [specs(cluster), planOf(cluster).revision, cluster.live('StatefulSet', 'files')];
    expect(annotationsOf(cluster, 'provisioner')).toEqual({ 'checksum.dittofs.com/plan': revision });
    cluster.edit((spec) => (spec.shares = [{ name: '/projects' }, { name: '/archive', readOnly: true }]));
    cluster.step();
    // The plan first: a pod that starts before would read the former one.
    expect(changedSince(before, cluster)).toEqual(['config', 'provisioner-status']);
    const added = cluster.settle();
    expect(changedSince(before, cluster)).toEqual(['config', 'provisioner', 'provisioner-status']);
    expect(planOf(cluster).revision).not.toBe(revision);
    expect(annotationsOf(cluster, 'provisioner')).toEqual({ 'checksum.dittofs.com/plan': planOf(cluster).revision });
    // Whoever uses the other shares notices nothing.
    expect(cluster.live('StatefulSet', 'files')).toEqual(statefulSet);
    expect(conditions(cluster)).toMatchObject({ Provisioned: 'False Provisioning', Ready: 'False Creating' });
    expect(cluster.status().shares).toEqual([
      { name: '/projects', ready: true },
      { name: '/archive', ready: false, message: 'is not applied yet' },
    ]);
    expect(ttl(added)).toBe(5);

    cluster.provisioned();
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Served', Ready: 'True Available' });
    expect(cluster.live('StatefulSet', 'files')).toEqual(statefulSet);
  });

  it('is told where it cannot be applied, in the words of the provisioner, and only a person can help', async () => {
    const cluster = running({ shares: [{ name: '/projects' }] });
    cluster.edit((spec) => (spec.shares = [{ name: '/projects' }, { name: '/archive' }]));
    cluster.settle();
    const problem = { about: 'share "/archive"', message: 'a share of that name has another metadata store' };
    cluster.provisioned({
      shares: [
        { name: '/projects', ready: true, message: '' },
        { name: '/archive', ready: false, message: problem.message },
      ],
      problems: [problem],
    });
    const told = cluster.settle();
    expect(conditions(cluster)).toMatchObject({
      Provisioned: 'False NotApplied',
      Progressing: 'False Settled',
      Available: 'True ServerReady',
      Ready: 'False Creating',
    });
    expect(cluster.condition('Provisioned').message).toContain(`${problem.about}: ${problem.message}`);
    expect(at(cluster.status(), 'shares', 1)).toEqual({ name: '/archive', ready: false, message: problem.message });
    expect(cluster.status().phase).toBe('Degraded');
    expect(ttl(told)).toBe(60);
    await expect(picture(cluster, told)).toMatchFileSnapshot('provisioning/3-not-applied.yaml');

    // The report is about a former plan as soon as the spec changes.
    cluster.edit((spec) => (spec.shares = [{ name: '/projects' }]));
    expect(ttl(cluster.settle())).toBe(5);
    expect(conditions(cluster)).toMatchObject({ Provisioned: 'False Provisioning' });
    cluster.provisioned();
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Served', Ready: 'True Available' });
  });

  it('stays applied while the server is degraded: nothing is lost, and nothing restarts', () => {
    const cluster = running({ shares: [{ name: '/projects' }] });
    const before = specs(cluster);
    cluster.podFails();
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ Available: 'False ReplicasNotReady', Provisioned: 'True Applied' });
    const shares = [{ name: '/projects', ready: false, message: 'is not served: the server does not answer' }];
    expect(cluster.status()).toMatchObject({ phase: 'Degraded', shares });
    expect(changedSince(before, cluster)).toEqual([]);
  });

  it('is a share /export on default stores where the spec says nothing, and no share where it says none', () => {
    const silent = running({});
    expect(planOf(silent).shares).toMatchObject([{ name: '/export', fallback: true, metadata_store: 'default' }]);
    expect(silent.status().shares).toEqual([{ name: '/export', ready: true }]);
    const none = running({ shares: [] });
    expect(planOf(none).shares).toEqual([]);
    expect(none.status().shares).toBeUndefined();
    expect(conditions(none)).toMatchObject({ Provisioned: 'True Served', Ready: 'True Available' });
  });

  it('is not told of a share /export that a server with shares of its own does not get', () => {
    const cluster = running({});
    cluster.provisioned({ shares: [] });
    cluster.settle();
    expect(cluster.status().shares).toBeUndefined();
    expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Served', Ready: 'True Available' });
  });

  it('has protocols that are turned on and off, with signed SMB where nobody says otherwise', () => {
    const cluster = running({ nfs: { enabled: false } });
    expect(planOf(cluster).adapters).toEqual({
      nfs: { enabled: false, port: 12049, settings: {} },
      smb: { enabled: true, port: 1445, settings: { signing: 'required' } },
    });
    cluster.edit((spec) => (spec.smb = { settings: { signing: 'enabled' } }));
    cluster.settle();
    expect(planOf(cluster).adapters.smb.settings).toMatchObject({ signing: 'enabled' });
  });

  it('loses nothing that is no longer declared, unless the spec and the platform want it so', () => {
    const input = { apiVersion: 'dittofs.fn.crossplane.io/v1alpha1', kind: 'Input', allow: { prune: false } };
    const forbidden = running({ prune: true }, { input });
    expect(planOf(forbidden).prune).toBe(false);
    expect(conditions(forbidden)).toMatchObject({ ConfigReady: 'True ConfigValid', Ready: 'True Available' });
    expect(forbidden.condition('ConfigReady').message).toContain('spec.prune has no effect');

    const allowed = running({ prune: true });
    expect(planOf(allowed).prune).toBe(true);
    expect(allowed.condition('ConfigReady').message).not.toContain('prune');
    expect(planOf(running({})).prune).toBe(false);
  });
});

describe('a server that has to start again for what was applied', () => {
  const stores = 'checksum.dittofs.com/stores';

  it('does so once, by one annotation of its pod template', () => {
    const cluster = running({});
    const [before, template] = [specs(cluster), manifest(cluster, 'server')];
    expect(annotationsOf(cluster, 'server')).not.toHaveProperty([stores]);

    cluster.provisioned({ restart: 'keys of store "cubbit", second version' });
    cluster.provide(['provisioner-status']);
    cluster.step();
    expect(changedSince(before, cluster)).toEqual(['server']);
    const { [stores]: checksum, ...others } = annotationsOf(cluster, 'server') ?? {};
    expect(checksum).toMatch(/^[0-9a-f]{64}$/);
    expect(others).toEqual(objectAt(template, 'spec', 'template', 'metadata', 'annotations'));
    expect(at(manifest(cluster, 'server'), 'spec', 'template', 'spec')).toEqual(at(template, 'spec', 'template', 'spec'));

    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ Available: 'False ReplicasNotReady', Provisioned: 'True Applied' });
    cluster.serverReady();
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
  });

  it('does not so again because nothing is known of it any more', () => {
    const cluster = running({});
    cluster.provisioned({ restart: 'once' });
    cluster.bringUp();
    const [before, live] = [specs(cluster), cluster.live('StatefulSet', 'files')];
    const checksum = annotationsOf(cluster, 'server')?.[stores];
    expect(checksum).toMatch(/^[0-9a-f]{64}$/);

    // The provider lost what it had seen.
    cluster.forget('provisioner-status');
    cluster.step();
    // What it sees next might be somebody else's, so that may not be deleted for now.
    expect(changedSince(before, cluster)).toEqual(['provisioner-status']);
    expect(annotationsOf(cluster, 'server')?.[stores]).toBe(checksum);
    cluster.settle();

    // Somebody deleted the report, and the provisioner wrote another one.
    cluster.api.remove({ kind: 'ConfigMap', namespace: 'team-a', name: 'files-provisioner-status' });
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ Provisioned: 'False Provisioning' });
    cluster.provisioned();
    cluster.settle();
    expect(changedSince(before, cluster)).toEqual([]);
    expect(cluster.live('StatefulSet', 'files')).toEqual(live);
    expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Served', Ready: 'True Available' });
  });
});

it('a stopped server has no provisioner, is Ready, and is provisioned again when it runs', () => {
  const cluster = running({ shares: [{ name: '/projects' }] });
  cluster.edit((spec) => {
    spec.replicas = 0;
    spec.shares = [{ name: '/projects' }, { name: '/archive' }];
  });
  const stopped = cluster.settle();
  expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Stopped', Ready: 'True Available' });
  expect(at(cluster.live('Deployment', 'files-provisioner'), 'spec', 'replicas')).toBe(0);
  expect(ttl(stopped)).toBe(60);

  cluster.edit((spec) => (spec.replicas = 1));
  cluster.settle();
  expect(at(cluster.live('Deployment', 'files-provisioner'), 'spec', 'replicas')).toBe(1);
  cluster.serverReady();
  cluster.settle();
  // What was declared meanwhile is not served yet.
  expect(conditions(cluster)).toMatchObject({ Provisioned: 'False Provisioning', Ready: 'False Creating' });
  cluster.provisioned();
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Served', Ready: 'True Available' });
});

it('a server that starts stopped is Ready, and a volume for pods comes once its share is served', () => {
  const cluster = createCluster({
    xr: dittoServer({ replicas: 0, shares: [{ name: '/projects', quota: '1Gi', volume: {} }] }),
  });
  const stopped = cluster.settle();
  expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Stopped', Ready: 'True Available' });
  expect(ttl(stopped)).toBe(60);
  expect(cluster.live('PersistentVolumeClaim', 'files.projects')).toBeUndefined();

  cluster.edit((spec) => (spec.replicas = 1));
  cluster.bringUp();
  expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Served', Ready: 'True Available' });
  expect(at(cluster.live('PersistentVolumeClaim', 'files.projects'), 'status', 'phase')).toBe('Bound');

  cluster.edit((spec) => (spec.replicas = 0));
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Stopped', Ready: 'True Available' });
  expect(cluster.live('PersistentVolume', 'team-a.files.projects')).toBeDefined();
});

describe('users without a password of their own', () => {
  const alice = 'files.user.alice';

  it.each([
    ['v2', 'namespaced'],
    ['v1', 'claim'],
  ] as const)('get one that is generated once and never changes (Crossplane %s, %s)', (crossplane, flavour) => {
    const spec = { users: [{ name: 'alice' }, { name: 'bob' }] };
    const cluster = createCluster({ xr: dittoServer(spec, { flavour }), crossplane });
    cluster.bringUp();
    expect(cluster.live('Secret', alice)).toMatchObject({
      type: 'kubernetes.io/basic-auth',
      data: { username: base64({ username: 'alice' }).username },
    });
    const password = valueOf(cluster, alice, 'password') ?? '';
    expect(password).toMatch(/^[-_0-9A-Za-z]{24}$/);
    expect(valueOf(cluster, 'files.user.bob', 'password')).not.toBe(password);
    expect(planOf(cluster).users).toMatchObject([
      { name: 'alice', password: { secret: alice, key: 'password' } },
      { name: 'bob', password: { secret: 'files.user.bob', key: 'password' } },
    ]);

    // Every call has other entropy.
    const before = specs(cluster);
    for (let round = 0; round < 3; round++) cluster.settle();
    expect(changedSince(before, cluster)).toEqual([]);
    expect(valueOf(cluster, alice, 'password')).toBe(password);

    cluster.remove();
    cluster.provide();
    expect(valueOf(cluster, alice, 'password')).toBe(password);
    cluster.recreate();
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
    expect(valueOf(cluster, alice, 'password')).toBe(password);
    expect(at(manifest(cluster, 'user.alice'), 'data', 'password')).toBe(base64({ password }).password);
  });

  it('lose it with the DittoServer only where its data goes too', () => {
    const kept = running({ users: [{ name: 'alice' }] });
    expect(policies(kept, 'user.alice')).toBe('Observe, Create');
    kept.remove();
    kept.provide();
    expect(kept.live('Secret', alice)).toBeDefined();

    const deleted = running({ users: [{ name: 'alice' }], storage: { retentionPolicy: 'Delete' } });
    expect(policies(deleted, 'user.alice')).toBe('Observe, Create, Delete');
    deleted.remove();
    deleted.provide();
    expect(deleted.api.all()).toEqual([]);
  });

  it.each(['leave the spec', 'bring one'])('keep the generated one when they %s, by the fate of the data', (what) => {
    const cluster = running({ users: [{ name: 'alice' }], storage: { retentionPolicy: 'Delete' } });
    const password = valueOf(cluster, alice, 'password');
    cluster.api.put(secret('team-a', 'own', { password: 'brought-by-alice' }));
    const passwordSecretRef = { name: 'own', key: 'password' };
    cluster.edit((spec) => (spec.users = what === 'bring one' ? [{ name: 'alice', passwordSecretRef }] : []));
    cluster.bringUp();
    expect(valueOf(cluster, alice, 'password')).toBe(password);
    expect(policies(cluster, 'user.alice')).toBe('Observe, Create, Delete');
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
    expect(planOf(cluster).users.map((user) => user.password)).toEqual(
      what === 'bring one' ? [{ secret: 'own', key: 'password' }] : [],
    );

    // Keeping it is done at once, as for any data.
    cluster.edit((spec) => (spec.storage = { retentionPolicy: 'Retain' }));
    cluster.step();
    expect(policies(cluster, 'user.alice')).toBe('Observe, Create');
    cluster.remove();
    cluster.provide();
    expect(valueOf(cluster, alice, 'password')).toBe(password);
  });
});

describe('a store in S3', () => {
  const s3 = {
    bucket: 'team-a-projects',
    endpoint: 'https://s3.cubbit.eu',
    credentialsSecretRef: { name: 'cubbit-credentials' },
  };
  const spec = {
    storage: { cacheSize: '20Gi' },
    blockStores: { remote: [{ name: 'cubbit', type: 's3', s3 }] },
    shares: [{ name: '/projects', remoteBlockStore: 'cubbit' }, { name: '/scratch' }],
  };
  const keys = { 'access-key-id': 'AKIA-OF-TEAM-A', 'secret-access-key': 'the-secret-of-team-a' };

  function withKeys(xr = dittoServer(spec)): Cluster {
    const cluster = createCluster({ xr });
    cluster.api.put(secret('team-a', 'cubbit-credentials', keys));
    cluster.bringUp();
    return cluster;
  }

  it('whose Secret is missing is named, with its key, while nothing else is held back', async () => {
    const cluster = createCluster({ xr: dittoServer(spec) });
    cluster.settle();
    cluster.bind();
    cluster.serverReady();
    const missing = cluster.settle();
    expect(conditions(cluster)).toMatchObject({
      ConfigReady: 'True ConfigValid',
      ResourcesApplied: 'True Applied',
      Available: 'True ServerReady',
      Provisioned: 'False SecretNotFound',
      Progressing: 'False Settled',
      Ready: 'False Creating',
    });
    expect(cluster.condition('Provisioned').message).toBe(
      'Secret "cubbit-credentials" does not exist; it needs keys "access-key-id" and "secret-access-key"',
    );
    // The provisioner applies all the rest meanwhile.
    expect(cluster.live('Deployment', 'files-provisioner')).toBeDefined();
    expect(ttl(missing)).toBe(60);
    await expect(picture(cluster, missing)).toMatchFileSnapshot('provisioning/4-secret-missing.yaml');

    cluster.api.put(secret('team-a', 'cubbit-credentials', { 'access-key-id': 'AKIA' }));
    cluster.settle();
    expect(conditions(cluster).Provisioned).toBe('False SecretKeyMissing');
    cluster.api.put(secret('team-a', 'cubbit-credentials', keys));
    cluster.settle();
    expect(conditions(cluster).Provisioned).toBe('False Provisioning');
    cluster.provisioned();
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ Provisioned: 'True Served', Ready: 'True Available' });
  });

  it('gives the server time to start while S3 does not answer: 180 seconds for each share, in steps that a few more do not leave', () => {
    const budget = (cluster: Cluster): number => {
      const probe = objectAt(firstContainer(manifest(cluster, 'server')), 'startupProbe');
      return Number(probe?.periodSeconds) * Number(probe?.failureThreshold);
    };
    const remote = (name: string): JsonObject => ({ name, remoteBlockStore: 'cubbit' });
    const shares = [remote('/a'), remote('/b'), remote('/c'), { name: '/local' }];
    expect(budget(withKeys(dittoServer({ ...spec, shares })))).toBe(4 * 180);
    // The next share leaves the pod as it is.
    expect(budget(withKeys(dittoServer({ ...spec, shares: [...shares, remote('/d')] })))).toBe(4 * 180);
    expect(budget(withKeys(dittoServer({ ...spec, shares: [...shares, remote('/d'), remote('/e')] })))).toBe(8 * 180);
    expect(budget(withKeys(dittoServer({ ...spec, shares, startupTimeoutSeconds: 900 })))).toBe(900);
    expect(budget(running({}))).toBe(300);
  });

  it('has its keys nowhere but in the Secret', () => {
    const cluster = withKeys(dittoServer({ ...spec, users: [{ name: 'alice' }] }));
    const { response } = cluster.settle();
    const secrets = [...Object.values(keys), valueOf(cluster, 'files.user.alice', 'password') ?? 'none'];
    const shown = JSON.stringify([
      manifest(cluster, 'config'),
      manifest(cluster, 'provisioner'),
      statusOf(response),
      conditionsOf(response),
    ]);
    expect(planOf(cluster).remote_block_stores).toMatchObject([
      { name: 'cubbit', secrets: { access_key_id: { secret: 'cubbit-credentials', key: 'access-key-id' } } },
    ]);
    for (const one of secrets) {
      expect(shown).not.toContain(one);
      expect(shown).not.toContain(Buffer.from(one).toString('base64'));
    }
  });

  it('has its cache on a volume of its own', () => {
    const cluster = withKeys();
    expect(at(cluster.live('PersistentVolumeClaim', 'cache-files-0'), 'spec', 'resources', 'requests', 'storage')).toBe(
      '20Gi',
    );
    expect(listAt(firstContainer(manifest(cluster, 'server')), 'volumeMounts')).toContainEqual({
      name: 'cache',
      mountPath: '/data/store/cache',
    });
    expect(planOf(cluster).local_block_stores).toMatchObject([{ config: { path: '/data/store/cache/default' } }]);
  });
});

describe('stores and volumes', () => {
  it('the default block store stays where it was first put, whatever volumes come later', () => {
    const cluster = running({});
    const path = '/data/store/metadata/_blocks/default';
    expect(planOf(cluster).local_block_stores).toMatchObject([{ name: 'default', config: { path } }]);
    cluster.edit((spec) => (spec.storage = { contentSize: '20Gi' }));
    cluster.bringUp();
    expect(cluster.live('PersistentVolumeClaim', 'content-files-0')).toBeDefined();
    expect(planOf(cluster).local_block_stores).toMatchObject([{ name: 'default', config: { path } }]);
    // Nor does it move when somebody takes away the mark by which the claim remembers it.
    cluster.api.patch({ kind: 'PersistentVolumeClaim', namespace: 'team-a', name: 'metadata-files-0' }, (claim) => {
      delete (claim.metadata as { annotations?: unknown }).annotations;
    });
    cluster.bringUp();
    expect(planOf(cluster).local_block_stores).toMatchObject([{ name: 'default', config: { path } }]);
    expect(at(cluster.live('PersistentVolumeClaim', 'content-files-0'), 'metadata', 'annotations')).toBeUndefined();
    // What remembers it is kept with the data: the claim, not the server's configuration.
    cluster.remove();
    cluster.provide();
    cluster.recreate();
    cluster.bringUp();
    expect(planOf(cluster).local_block_stores).toMatchObject([{ name: 'default', config: { path } }]);
    expect(at(cluster.live('PersistentVolumeClaim', 'content-files-0'), 'metadata', 'annotations')).toBeUndefined();
    // Where it is there from the beginning, it is used.
    expect(planOf(running({ storage: { contentSize: '20Gi' } })).local_block_stores).toMatchObject([
      { config: { path: '/data/store/block/default' } },
    ]);
  });

  it('is remembered by what was asked for, too, while the claim cannot be mended', () => {
    const claim = (mark: boolean): JsonObject => ({
      metadata: mark ? { annotations: { 'dittofs.dittofs.com/default-block-store': 'true' } } : {},
    });
    const cluster = running({ storage: { contentSize: '20Gi' } });
    const { storage } = at(cluster.xr(), 'spec') as { storage: JsonObject };
    const volumeWith = (live: boolean, asked: boolean): string =>
      defaultBlockVolume(
        { storage } as never,
        new Map([['volume-metadata', { live: claim(live), manifest: claim(asked) }]]) as never,
      );
    expect(volumeWith(false, true)).toBe('metadata');
    expect(volumeWith(true, false)).toBe('metadata');
    expect(volumeWith(false, false)).toBe('content');
  });

  const postgres = { host: 'postgres', database: 'files', user: 'files', passwordSecretRef: { name: 'pg', key: 'pw' } };
  const local = { local: [{ name: 'blocks', type: 'fs', volume: 'content' }] };

  it.each<[string, boolean, JsonObject]>([
    ['nothing is declared', true, {}],
    ['a store of type badger is', true, { metadataStores: [{ name: 'fast', type: 'badger' }], blockStores: local }],
    ['a store of type sqlite is', true, { metadataStores: [{ name: 'small', type: 'sqlite' }], blockStores: local }],
    ['all metadata is in memory', false, { metadataStores: [{ name: 'none', type: 'memory' }], blockStores: local }],
    ['all metadata is in a PostgreSQL', false, { metadataStores: [{ name: 'pg', type: 'postgres', postgres }], blockStores: local }],
    [
      'blocks lie on it',
      true,
      {
        metadataStores: [{ name: 'none', type: 'memory' }],
        blockStores: { local: [{ name: 'blocks', type: 'fs', volume: 'metadata' }] },
      },
    ],
    ['a size is given', true, { metadataStores: [{ name: 'none', type: 'memory' }], blockStores: local, storage: { metadataSize: '1Gi' } }],
  ])('there is a metadata volume only where something lives on it: %s', (_, made, spec) => {
    const cluster = createCluster({
      xr: dittoServer({ ...spec, storage: { contentSize: '5Gi', ...objectAt(spec, 'storage') } }),
    });
    cluster.api.put(secret('team-a', 'pg', { pw: 'secret' }));
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
    expect(cluster.live('PersistentVolumeClaim', 'metadata-files-0') !== undefined).toBe(made);
  });
});

describe('the Secret with which an application finds the server', () => {
  const name = 'files-connection';

  function entriesOf(cluster: Cluster): Readonly<Record<string, string | undefined>> {
    const data = objectAt(cluster.live('Secret', name), 'data') ?? {};
    return Object.fromEntries(Object.keys(data).map((key) => [key, valueOf(cluster, name, key)]));
  }

  it('names the first share behind a ClusterIP', () => {
    const cluster = running({ shares: [{ name: '/projects' }, { name: '/archive' }] });
    expect(entriesOf(cluster)).toEqual({
      type: 'nfs',
      provider: 'dittofs',
      host: 'files-file.team-a.svc',
      port: '2049',
      share: '/projects',
      uri: 'nfs://files-file.team-a.svc:2049/projects',
    });
    expect(cluster.status().binding).toEqual({ name });
    cluster.remove();
    cluster.provide();
    expect(cluster.live('Secret', name)).toBeUndefined();
  });

  it('comes with the address of a load balancer, and stays when that is lost', () => {
    const cluster = createCluster({ xr: dittoServer({ service: { type: 'LoadBalancer' } }) });
    cluster.settle();
    cluster.bind();
    cluster.podReady();
    const pending = cluster.settle();
    expect(desiredKeys(pending)).not.toContain('connection');
    expect(cluster.status().binding).toBeUndefined();
    // Only the Service itself is waited for.
    expect(unready(pending)).toEqual(['file-service']);

    cluster.assignAddress('203.0.113.9');
    cluster.settle();
    expect(entriesOf(cluster)).toMatchObject({ host: '203.0.113.9', uri: 'nfs://203.0.113.9:2049/export' });
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
    const [before, live] = [specs(cluster), cluster.live('Secret', name)];

    cluster.api.patch({ kind: 'Service', namespace: 'team-a', name: 'files-file' }, (service) => {
      service.status = { loadBalancer: {} };
    });
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ EndpointReady: 'False LoadBalancerPending', Ready: 'False Creating' });
    expect(changedSince(before, cluster)).toEqual([]);
    expect(cluster.live('Secret', name)).toEqual(live);
    expect(cluster.status().binding).toEqual({ name });
  });

  it('does not hold Ready back where the address is not waited for', () => {
    const cluster = running({ service: { type: 'NodePort' } });
    const waiting = createCluster({ xr: dittoServer({ service: { type: 'LoadBalancer', waitForAddress: false } }) });
    waiting.settle();
    waiting.bind();
    waiting.podReady();
    waiting.settle();
    expect(conditions(waiting)).toMatchObject({ Ready: 'True Available' });
    expect(waiting.live('Secret', name)).toBeUndefined();
    // Every node has a node port, so there is no host to name.
    expect(Object.keys(entriesOf(cluster)).sort()).toEqual(['port', 'provider', 'share', 'type']);
  });
});

describe('the Secret with which an application finds the server, where there is less to find', () => {
  const name = 'files-connection';
  const shareIn = (cluster: Cluster): string | undefined => valueOf(cluster, name, 'share');

  it('names a share that is enabled', () => {
    expect(shareIn(running({ shares: [{ name: '/off', enabled: false }, { name: '/on' }] }))).toBe('/on');
    expect(shareIn(running({ shares: [{ name: '/off', enabled: false }] }))).toBeUndefined();
  });

  it('names the share that goes without saying only where it was made', () => {
    const cluster = running({});
    expect(shareIn(cluster)).toBe('/export');
    cluster.provisioned({ shares: [] });
    cluster.settle();
    expect(shareIn(cluster)).toBeUndefined();
    expect(valueOf(cluster, name, 'uri')).toBe('nfs://files-file.team-a.svc:2049/');
  });

  it('goes when no protocol is spoken any more', () => {
    const cluster = running({});
    cluster.edit((spec) => Object.assign(spec, { nfs: { enabled: false }, smb: { enabled: false } }));
    cluster.bringUp();
    expect(cluster.live('Secret', name)).toBeUndefined();
    expect(cluster.status().binding).toBeUndefined();
  });

  it('is not told of where another has its name', () => {
    const cluster = createCluster({ xr: dittoServer({}) });
    cluster.api.put(secret('team-a', name, { uri: 'theirs' }));
    cluster.bringUp();
    expect(cluster.condition('ResourcesApplied').reason).toBe('NameTaken');
    expect(cluster.status().binding).toBeUndefined();
    expect(valueOf(cluster, name, 'uri')).toBe('theirs');
  });
});

describe('what is legal and unwise', () => {
  const noteOf = (spec: JsonObject): string => running(spec).condition('ConfigReady').message;

  it('is said of shares', () => {
    expect(noteOf({ shares: [{ name: '/a', defaultPermission: 'read-write' }] })).not.toContain('note that');
    expect(
      noteOf({
        smb: { settings: { signing: 'enabled' } },
        users: [{ name: 'alice', groups: ['users'] }],
        shares: [
          { name: '/a', defaultPermission: 'read-write' },
          { name: '/b', enabled: false, quota: '1Gi', volume: {} },
          { name: '/c', quota: '1Gi', volume: { protocol: 'smb', user: 'alice' } },
          {
            name: '/d',
            quota: '1Gi',
            volume: { protocol: 'smb', user: 'alice' },
            permissions: [{ type: 'group', name: 'users', level: 'read' }],
          },
        ],
      }),
    ).toContain(
      'note that spec.smb.settings.signing "enabled" lets clients without a name write to share "/a"; spec.shares[1].volume has no effect: the share is not enabled; spec.shares[2].volume.user "alice" has no permission on the share',
    );
  });
});

describe('a share in S3', () => {
  it('on a server that began without is told where its local tier is', () => {
    const remote = [{ name: 's3', type: 'memory' }];
    const cluster = running({});
    cluster.edit((spec) =>
      Object.assign(spec, {
        storage: { cacheSize: '10Gi' },
        blockStores: { remote },
        shares: [{ name: '/a', remoteBlockStore: 's3' }],
      }),
    );
    cluster.settle();
    expect(cluster.condition('ConfigReady').message).toContain(
      'note that spec.shares[0] keeps what is not in S3 yet on the metadata volume',
    );
  });
});

describe('a report', () => {
  it('of a newer provisioner, which says more, is understood', () => {
    const cluster = running({ shares: [{ name: '/a' }] });
    cluster.api.patch({ kind: 'ConfigMap', namespace: 'team-a', name: 'files-provisioner-status' }, (object) => {
      const report = JSON.parse(textAt(object as JsonObject, 'data', 'report.json') ?? '') as JsonObject;
      const shares = listAt(report, 'shares').map((share) => ({ ...(share as JsonObject), bytes: 1 }));
      object.data = { ...(object.data as JsonObject), 'report.json': JSON.stringify({ ...report, shares, took: '1s' }) };
    });
    cluster.settle();
    expect(cluster.status().shares).toEqual([{ name: '/a', ready: true }]);
  });

  it('of many words is cut, and not left out', () => {
    const cluster = running({ shares: [{ name: '/a' }] });
    cluster.provisioned({ shares: [{ name: '/a', ready: false, message: 'x'.repeat(2000) }] });
    cluster.settle();
    expect(textAt(cluster.status(), 'shares', 0, 'message')).toMatch(/^x{1023}…$/);
  });
});

describe('a share that was made by hand, and is declared now', () => {
  const settingsOf = (share: JsonObject): JsonObject =>
    planOf(running({ shares: [{ name: '/old', ...share }] })).shares[0]?.settings ?? {};

  it('keeps its recycle bin, which the server empties when it is turned off', () => {
    expect(Object.keys(settingsOf({})).filter((field) => field.startsWith('trash_'))).toEqual([]);
    expect(settingsOf({ trash: { enabled: false } })).toMatchObject({ trash_enabled: false });
    expect(settingsOf({ trash: { enabled: true } })).toMatchObject({ trash_enabled: true, trash_retention_days: 0 });
  });

  it('keeps what of it stays in the local store', () => {
    expect(settingsOf({})).not.toHaveProperty('retention_policy');
    expect(settingsOf({ retention: { policy: 'pin' } })).toMatchObject({ retention_policy: 'pin' });
  });
});
