import { describe, expect, it } from 'vitest';
import { at, textAt, type JsonObject } from '../../src/lib/json.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import type { Mutable } from '../support/json.ts';
import { manifestProblems } from '../support/schemas.ts';
import { changedSince, conditions, manifest, picture, policies, specs, ttl } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';

const VOLUME = { kind: 'PersistentVolume', name: 'team-a.files.projects' };
const CLAIM = { kind: 'PersistentVolumeClaim', namespace: 'team-a', name: 'files.projects' };
const SERVICE = { kind: 'Service', namespace: 'team-a', name: 'files-file' };
const POD = { kind: 'Pod', namespace: 'team-a', name: 'app' };

const share = { name: '/projects', quota: '10Gi' };

function withVolume(volume: JsonObject = {}, quota = '10Gi', spec: JsonObject = {}): Cluster {
  return createCluster({ xr: dittoServer({ ...spec, shares: [{ ...share, quota, volume }] }) });
}

function running(volume: JsonObject = {}, quota?: string, spec?: JsonObject): Cluster {
  const cluster = withVolume(volume, quota, spec);
  cluster.bringUp();
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
  return cluster;
}

function setShares(cluster: Cluster, ...shares: readonly JsonObject[]): void {
  cluster.edit((spec) => (spec.shares = shares));
}

const volumeOf = ({ api }: Cluster): JsonObject | undefined => api.get(VOLUME);
const claimOf = ({ api }: Cluster): JsonObject | undefined => api.get(CLAIM);

/** Who is bound to whom, by uid; undefined is nobody. */
function bound(cluster: Cluster): readonly (string | undefined)[] {
  const [volume, claim] = [volumeOf(cluster), claimOf(cluster)];
  const isBound = [volume, claim].every((one) => textAt(one, 'status', 'phase') === 'Bound');
  const names = textAt(claim, 'spec', 'volumeName') === VOLUME.name;
  const claimant = textAt(volume, 'spec', 'claimRef', 'uid');
  const uid = textAt(claim, 'metadata', 'uid');
  return isBound && names && claimant === uid ? [textAt(volume, 'metadata', 'uid'), uid] : [];
}

/** What was done to the volume and the claim, in order. */
function done({ events }: Cluster, since = 0): readonly string[] {
  return events
    .slice(since)
    .filter(({ name }) => [VOLUME.name, CLAIM.name].includes(name))
    .map(({ verb, kind }) => `${verb} ${kind}`);
}

/** A pod that mounts the claim. */
function mount({ api }: Cluster): void {
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: CLAIM.name } }];
  api.put({ apiVersion: 'v1', metadata: { name: POD.name, namespace: POD.namespace }, kind: 'Pod', spec: { volumes } });
}

/** Somebody takes the finalizer away, because a deletion hangs. */
function tearOut({ api }: Cluster): void {
  api.patch(VOLUME, (object) => (object.status = {}));
  api.remove(VOLUME);
}

/** The Service is deleted by hand, and comes back with another address. */
function readdress(cluster: Cluster, address: string): void {
  cluster.api.patch(SERVICE, ({ spec }) => ((spec as Mutable).clusterIP = address));
}

describe('the volume of a share', () => {
  it('is made once the server serves the share, and pods can use it at once', async () => {
    const cluster = withVolume();
    cluster.settle();
    cluster.bind();
    cluster.serverReady();
    const waiting = cluster.settle();
    expect([volumeOf(cluster), claimOf(cluster)]).toEqual([undefined, undefined]);
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'False Waiting', Ready: 'False Creating' });
    expect(ttl(waiting)).toBe(5);
    await expect(picture(cluster, waiting)).toMatchFileSnapshot('share-volumes/not-served.yaml');

    // Somebody has to do something about the share: nothing is on its way.
    cluster.provisioned({ shares: [{ name: '/projects', ready: false, message: 'has no store' }] });
    expect(ttl(cluster.settle())).toBe(60);
    expect(volumeOf(cluster)).toBeUndefined();
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'False ShareNotReady', Progressing: 'False Settled' });

    cluster.provisioned();
    const served = cluster.settle();
    expect(bound(cluster)).toHaveLength(2);
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
    expect(at(claimOf(cluster), 'status', 'capacity', 'storage')).toBe('10Gi');
    expect(done(cluster)).toEqual(['created PersistentVolume', 'created PersistentVolumeClaim']);
    expect(ttl(served)).toBe(60);
  });

  const host = 'files-file.team-a.svc';
  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    [
      'csi-driver-nfs',
      {},
      {},
      {
        mountOptions: ['nfsvers=4.1'],
        csi: {
          driver: 'nfs.csi.k8s.io',
          volumeHandle: 'team-a.files.projects',
          volumeAttributes: { server: host, share: '/projects' },
        },
      },
    ],
    [
      'csi-driver-nfs on another port, with other options',
      { mountOptions: ['nfsvers=3', 'hard'] },
      { nfs: { port: 12049 } },
      { mountOptions: ['port=12049', 'nfsvers=3', 'hard'] },
    ],
    [
      'csi-driver-smb',
      { protocol: 'smb', user: 'app' },
      { users: [{ name: 'app' }] },
      {
        mountOptions: ['dir_mode=0777', 'file_mode=0777'],
        csi: {
          driver: 'smb.csi.k8s.io',
          volumeHandle: 'team-a.files.projects',
          volumeAttributes: { source: `//${host}/projects` },
          nodeStageSecretRef: { name: 'files.user.app', namespace: 'team-a' },
        },
      },
    ],
    [
      'the in-tree nfs source',
      { driver: 'inTree', accessModes: ['ReadOnlyMany'] },
      {},
      {
        accessModes: ['ReadOnlyMany'],
        mountOptions: ['nfsvers=4.1'],
        nfs: { server: '10.96.0.10', path: '/projects' },
      },
    ],
  ])('is what %s needs', (_, volume, spec, expected) => {
    const cluster = running(volume, '10Gi', spec);
    expect(bound(cluster)).toHaveLength(2);
    const [wanted, claim] = [manifest(cluster, 'pv.projects') ?? {}, manifest(cluster, 'pvc.projects') ?? {}];
    expect([...manifestProblems(wanted), ...manifestProblems(claim)]).toEqual([]);
    expect(at(wanted, 'spec')).toMatchObject({
      capacity: { storage: '10Gi' },
      accessModes: ['ReadWriteMany'],
      persistentVolumeReclaimPolicy: 'Retain',
      ...expected,
    });
    expect(at(claim, 'spec')).toEqual({
      accessModes: at(wanted, 'spec', 'accessModes'),
      storageClassName: '',
      volumeName: 'team-a.files.projects',
      resources: { requests: { storage: '10Gi' } },
    });
    const written = cluster.events.length;
    cluster.settle();
    expect(cluster.events).toHaveLength(written);
  });

  it('has the options of the platform before those of the user', () => {
    const input = { apiVersion: 'dittofs.fn.crossplane.io/v1alpha1', kind: 'Input', mountOptions: ['hard', 'timeo=50'] };
    const cluster = createCluster({ xr: dittoServer({ shares: [{ ...share, volume: { mountOptions: ['soft'] } }] }), input });
    cluster.bringUp();
    expect(at(volumeOf(cluster), 'spec', 'mountOptions')).toEqual(['nfsvers=4.1', 'hard', 'timeo=50', 'soft']);
  });

  it('belongs to a claim’s DittoServer just so', () => {
    const xr = dittoServer({ shares: [{ ...share, volume: {} }] }, { flavour: 'claim' });
    const cluster = createCluster({ xr, crossplane: 'v1' });
    cluster.bringUp();
    expect(bound(cluster)).toHaveLength(2);
  });

  it('is called so that no two of any cluster collide', () => {
    const names = ['a', 'b', 'a-b'].flatMap((namespace) =>
      ['a', 'b', 'b-a'].flatMap((name) =>
        ['/a', '/b', '/a-b'].map((called) => {
          const cluster = createCluster({
            xr: dittoServer({ shares: [{ name: called, quota: '1Gi', volume: {} }] }, { namespace, name }),
          });
          cluster.bringUp();
          const volumes = cluster.api.all().filter(({ kind }) => kind === 'PersistentVolume');
          return textAt(volumes[0], 'metadata', 'name');
        }),
      ),
    );
    expect(new Set(names).size).toBe(27);
    expect(names).not.toContain(undefined);
  });

  it('grows with the quota, and nothing else changes', () => {
    const cluster = running();
    const [before, pair, claim] = [specs(cluster), bound(cluster), claimOf(cluster)];
    setShares(cluster, { ...share, quota: '20480Mi', volume: {} });
    cluster.bringUp();
    // The plan of what the server serves has the quota, too.
    const [plan, changed] = [['config', 'provisioner', 'provisioner-status'], changedSince(before, cluster)];
    expect(changed).toEqual([...plan, 'pv.projects'].sort());
    expect(at(volumeOf(cluster), 'spec', 'capacity', 'storage')).toBe('20Gi');
    expect(bound(cluster)).toEqual(pair);
    expect(claimOf(cluster)).toEqual(claim);
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
  });

  it('shrinks with the quota, and does not wait for the room that its claim once asked for', () => {
    const cluster = running();
    setShares(cluster, { ...share, quota: '5Gi', volume: {} });
    cluster.bringUp();
    cluster.api.remove(CLAIM);
    cluster.settle();
    expect(bound(cluster)).toHaveLength(2);
    expect(at(claimOf(cluster), 'status', 'capacity', 'storage')).toBe('5Gi');
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
  });

  it('stays when the server is stopped, and when the share is not served for a while', () => {
    const cluster = running();
    const pair = bound(cluster);
    cluster.provisioned({ shares: [{ name: '/projects', ready: false, message: 'its store is gone' }] });
    cluster.settle();
    cluster.edit((spec) => (spec.replicas = 0));
    cluster.settle();
    expect(bound(cluster)).toEqual(pair);
    expect(done(cluster)).not.toContain('deleted PersistentVolume');
  });

  it.each([{}, { driver: 'inTree' }])('stays when all that is known of it is lost, as %j', (volume) => {
    const cluster = running(volume);
    const [pair, before] = [bound(cluster), cluster.events.length];
    for (const key of Object.keys(cluster.objects())) cluster.forget(key);
    cluster.step();
    expect(at(manifest(cluster, 'pv.projects'), 'spec', 'claimRef', 'uid')).toBe(pair[1]);
    cluster.settle();
    expect(bound(cluster)).toEqual(pair);
    expect(done(cluster, before)).toEqual([]);
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
  });
});

describe('what is deleted by hand comes back', () => {
  it('a claim: the same volume is given to the new one', () => {
    const cluster = running();
    const [volume, claim] = bound(cluster);
    cluster.api.remove(CLAIM);
    cluster.control();
    cluster.provide(['pv.projects']);
    cluster.step();
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'False VolumeReleased', Ready: 'False Creating' });
    // The new claim is another object, to which the volume does not belong.
    cluster.provide();
    cluster.control();
    expect(textAt(claimOf(cluster), 'status', 'phase')).toBe('Pending');

    cluster.settle();
    const [same, another] = bound(cluster);
    expect(same).toBe(volume);
    expect(another).not.toBe(claim);
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
    expect(done(cluster)).not.toContain('deleted PersistentVolume');
  });

  it('a claim that a pod uses: the pod works on, and the claim is made again when no pod does', () => {
    const cluster = running();
    const pair = bound(cluster);
    mount(cluster);
    cluster.api.remove(CLAIM);
    cluster.settle();
    expect(bound(cluster)).toEqual(pair);
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'False Deleting', Ready: 'False Creating' });
    expect(cluster.condition('StorageReady').message).toContain('is made again once no pod uses it');

    cluster.api.remove(POD);
    cluster.settle();
    expect(bound(cluster)[0]).toBe(pair[0]);
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
  });

  it('a volume: pods work on, nobody’s claim is deleted, and a person says when both are made again', async () => {
    const cluster = running();
    const pair = bound(cluster);
    cluster.api.remove(VOLUME);
    const deleted = cluster.settle();
    expect(bound(cluster)).toEqual(pair);
    expect(at(claimOf(cluster), 'metadata', 'deletionTimestamp')).toBeUndefined();
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'False VolumeDeleted', Progressing: 'False Settled' });
    expect(ttl(deleted)).toBe(60);
    await expect(picture(cluster, deleted)).toMatchFileSnapshot('share-volumes/volume-deleted.yaml');

    cluster.api.remove(CLAIM);
    cluster.settle();
    const made = bound(cluster);
    expect(made).toHaveLength(2);
    for (const uid of pair) expect(made).not.toContain(uid);
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
  });

  it('a volume that is being deleted is not bound to the claim that comes after: it would never go', () => {
    const cluster = running();
    cluster.api.remove(VOLUME);
    cluster.provide();
    cluster.api.remove(CLAIM);
    // The claim is there again before the controller has looked at the volume.
    cluster.provide();
    cluster.step();
    cluster.provide();
    cluster.settle();
    expect(bound(cluster)).toHaveLength(2);
    expect(at(volumeOf(cluster), 'metadata', 'deletionTimestamp')).toBeUndefined();
  });

  it('a volume whose protection was torn out: its claim, Lost, is bound to the one that is made again', () => {
    const cluster = running();
    const [volume, claim] = bound(cluster);
    tearOut(cluster);
    cluster.control();
    expect(textAt(claimOf(cluster), 'status', 'phase')).toBe('Lost');
    cluster.settle();
    const [another, same] = bound(cluster);
    expect(same).toBe(claim);
    expect(another).not.toBe(volume);
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
  });

  it('a claim that lost its volume is on its way, and said so', () => {
    const cluster = running();
    tearOut(cluster);
    cluster.control();
    cluster.provide(['pvc.projects']);
    cluster.step();
    expect(cluster.condition('StorageReady')).toMatchObject({ status: 'False', reason: 'VolumeLost' });
    expect(cluster.condition('StorageReady').message).toContain('is made again');
    expect(conditions(cluster).Progressing).toBe('True VolumeLost');
  });

  it('both', () => {
    const cluster = running();
    const pair = bound(cluster);
    cluster.api.remove(VOLUME);
    cluster.api.remove(CLAIM);
    cluster.settle();
    const made = bound(cluster);
    expect(made).toHaveLength(2);
    for (const uid of pair) expect(made).not.toContain(uid);
  });
});

describe('a source that is another', () => {
  it('cannot change: the claim goes, then the volume, then both are made for it', () => {
    const cluster = running({ driver: 'inTree' });
    const [pair, before] = [bound(cluster), cluster.events.length];
    readdress(cluster, '10.96.0.77');
    let ready = 0;
    for (let round = 0; round < 12; round++) {
      cluster.provide();
      cluster.control();
      cluster.step();
      if (at(volumeOf(cluster), 'spec', 'nfs', 'server') !== '10.96.0.77' && round > 0)
        ready += conditions(cluster).Ready === 'True Available' ? 1 : 0;
    }
    expect(ready).toBe(0);
    expect(done(cluster, before).slice(0, 4)).toEqual([
      'deleted PersistentVolumeClaim',
      'deleted PersistentVolume',
      'created PersistentVolume',
      'created PersistentVolumeClaim',
    ]);
    cluster.settle();
    expect(at(volumeOf(cluster), 'spec', 'nfs', 'server')).toBe('10.96.0.77');
    const made = bound(cluster);
    expect(made).toHaveLength(2);
    for (const uid of pair) expect(made).not.toContain(uid);
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
    expect(cluster.status().blocked).toBeUndefined();
  });

  it('waits for the pods that use the claim, and says so', () => {
    const cluster = running({ driver: 'inTree' });
    const pair = bound(cluster);
    mount(cluster);
    readdress(cluster, '10.96.0.77');
    cluster.settle();
    expect(bound(cluster)).toEqual(pair);
    expect(at(volumeOf(cluster), 'metadata', 'deletionTimestamp')).toBeUndefined();
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'False Replacing', Ready: 'False Creating' });
    expect(cluster.condition('StorageReady').message).toContain('once no pod uses PersistentVolumeClaim "files.projects"');

    cluster.api.remove(POD);
    cluster.settle();
    expect(at(volumeOf(cluster), 'spec', 'nfs', 'server')).toBe('10.96.0.77');
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'True VolumesReady', Ready: 'True Available' });
  });

  it('is taken when the volume leaves the spec and comes back at once', () => {
    const cluster = running({ driver: 'inTree' });
    setShares(cluster, share);
    cluster.step();
    setShares(cluster, { ...share, volume: {} });
    cluster.settle();
    expect(at(volumeOf(cluster), 'spec', 'csi', 'driver')).toBe('nfs.csi.k8s.io');
    expect(bound(cluster)).toHaveLength(2);
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available', ResourcesApplied: 'True Applied' });
  });
});

describe('a volume that is not wanted any more', () => {
  it.each<[string, JsonObject[]]>([
    ['its share asks for none', [share]],
    ['its share leaves the spec', []],
  ])('goes after its claim, because %s', (_, shares) => {
    const cluster = running();
    const before = cluster.events.length;
    setShares(cluster, ...shares);
    cluster.bringUp();
    expect([volumeOf(cluster), claimOf(cluster)]).toEqual([undefined, undefined]);
    expect(Object.keys(cluster.objects()).filter((key) => /^pvc?-/.test(key))).toEqual([]);
    expect([...done(cluster, before)].sort()).toEqual(['deleted PersistentVolume', 'deleted PersistentVolumeClaim']);
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
  });

  it.each(['pv.projects', 'pvc.projects'])('goes although it was made a moment ago: %s', (key) => {
    const cluster = withVolume();
    cluster.settle();
    cluster.bind();
    cluster.podReady();
    for (let round = 0; round < 9 && !Object.hasOwn(cluster.objects(), key); round++) {
      cluster.provide();
      cluster.step();
    }
    cluster.provide();
    expect(policies(cluster, key)).toBe('Observe, Create');
    expect(cluster.api.get(key === 'pv.projects' ? VOLUME : CLAIM)).toBeDefined();
    setShares(cluster, share);
    cluster.bringUp();
    expect([volumeOf(cluster), claimOf(cluster)]).toEqual([undefined, undefined]);
    expect(Object.keys(cluster.objects()).filter((one) => /^pvc?-/.test(one))).toEqual([]);
  });

  it('stays, with its claim, as long as a pod uses it', () => {
    const cluster = running();
    const pair = bound(cluster);
    mount(cluster);
    setShares(cluster, share);
    cluster.bringUp();
    expect(bound(cluster)).toEqual(pair);
    cluster.api.remove(POD);
    cluster.settle();
    expect([volumeOf(cluster), claimOf(cluster)]).toEqual([undefined, undefined]);
  });

  it.each(['Retain', 'Delete'])('goes with the DittoServer, with %s', (retentionPolicy) => {
    const cluster = running({}, '10Gi', { storage: { retentionPolicy } });
    cluster.remove();
    for (let round = 0; round < 3; round++) {
      cluster.provide();
      cluster.control();
    }
    expect([volumeOf(cluster), claimOf(cluster)]).toEqual([undefined, undefined]);
    expect(cluster.dying()).toBe(0);
  });

  it('is made again with a DittoServer that comes again', () => {
    const cluster = running();
    cluster.remove();
    cluster.recreate();
    cluster.bringUp();
    expect(bound(cluster)).toHaveLength(2);
    expect(policies(cluster, 'pv.projects')).toBe('*');
  });
});

describe('what is somebody else’s', () => {
  const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany'] };
  const labels = { team: 'b' };

  it.each<[string, JsonObject]>([
    ['a folder', { hostPath: { path: '/data' } }],
    ['NFS', { nfs: { server: '192.0.2.1', path: '/data' } }],
    ['CSI', { csi: { driver: 'nfs.csi.k8s.io', volumeHandle: 'x' } }],
  ])('a PersistentVolume of %s with our name is left alone, and no claim is bound to it', (_, source) => {
    const cluster = withVolume();
    const { name } = VOLUME;
    cluster.api.put({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name, labels }, spec: { ...spec, ...source } });
    cluster.control();
    const theirs = volumeOf(cluster);
    cluster.bringUp();
    expect(volumeOf(cluster)).toEqual(theirs);
    expect(claimOf(cluster)).toBeUndefined();
    expect(policies(cluster, 'pv.projects')).toBe('Observe, Create');
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'False NameTaken', Ready: 'False Creating' });
    expect(at(cluster.status(), 'blocked', 0)).toMatchObject({ kind: 'PersistentVolume', name, reason: 'NameTaken' });

    setShares(cluster, share);
    cluster.bringUp();
    cluster.remove();
    cluster.provide();
    cluster.provide();
    expect(volumeOf(cluster)).toEqual(theirs);
    expect(done(cluster)).toEqual([]);
  });

  it('a PersistentVolumeClaim with our name is left alone, and our volume is not written into its hands', () => {
    const cluster = withVolume();
    cluster.api.put({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: CLAIM.name, namespace: CLAIM.namespace, labels },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    });
    cluster.bind();
    const theirs = claimOf(cluster);
    cluster.bringUp();
    expect(claimOf(cluster)).toEqual(theirs);
    expect(at(volumeOf(cluster), 'spec', 'claimRef', 'uid')).toBeUndefined();
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'False NameTaken', Ready: 'False Creating' });
    cluster.remove();
    cluster.provide();
    cluster.provide();
    expect(claimOf(cluster)).toEqual(theirs);
    expect(volumeOf(cluster)).toBeUndefined();
  });

  it('a volume that somebody put in the place of ours does not cost our claim', () => {
    const cluster = running();
    const uid = textAt(claimOf(cluster), 'metadata', 'uid');
    tearOut(cluster);
    const nfs = { server: '192.0.2.1', path: '/data' };
    const theirs = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: VOLUME.name, labels } };
    cluster.api.put({ ...theirs, spec: { ...spec, nfs, claimRef: { ...CLAIM, uid: 'another' } } });
    cluster.settle();
    expect(at(volumeOf(cluster), 'spec', 'nfs')).toEqual(nfs);
    expect(textAt(claimOf(cluster), 'metadata', 'uid')).toBe(uid);
    expect(conditions(cluster)).toMatchObject({ StorageReady: 'False NameTaken' });
  });

  it('a volume in the place of ours stays when ours is not wanted any more in the same moment', () => {
    const cluster = running();
    tearOut(cluster);
    const nfs = { server: '192.0.2.1', path: '/data' };
    const theirs = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: VOLUME.name, labels } };
    cluster.api.put({ ...theirs, spec: { ...spec, nfs } });
    cluster.provide();
    setShares(cluster, share);
    cluster.bringUp();
    expect(at(volumeOf(cluster), 'spec', 'nfs')).toEqual(nfs);
    expect(Object.keys(cluster.objects())).not.toContain('pv.projects');
  });
});
