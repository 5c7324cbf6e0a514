import fc from 'fast-check';
import { expect, it } from 'vitest';
import { at, objectAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { service, storage } from '../support/arbitrary.ts';
import { statusOf } from '../support/call.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { base64, secret, type Mutable, texts } from '../support/json.ts';
import { acceptedPolicies } from '../support/provider.ts';
import { statusProblems } from '../support/schemas.ts';
import { content, desiredKeys } from '../support/see.ts';
import { dittoServer, type XrFlavour } from '../support/server.ts';

/*
 * What holds in every order of events: edits of the spec (valid and not), a provider that lags, fails and recovers, volumes
 * that bind, grow and get lost, Secrets that come and go, names that are taken, deletion and re-creation.
 */

/** Keys whose Objects hold data. */
const dataKey = /^volume-|-secret$|^user\./;
const dataKinds = ['PersistentVolumeClaim', 'Secret'];
/** A Secret that only tells where the server is: it goes with the DittoServer. */
const connection = 'files-connection';

interface World {
  readonly cluster: Cluster;
  /** Objects of somebody else, as they were made. */
  readonly foreign: Map<string, string>;
  /** What the spec of the last reconcile that was not refused says happens to data. */
  retention: 'Retain' | 'Delete';
  alive: boolean;
  /** Claims that were bound once and are to be kept since: nobody may make them again empty. */
  readonly settled: Set<string>;
  /** Data that a deletion with Delete condemned: it goes whenever the provider comes round to it. */
  readonly condemned: Set<string>;
}

/** Something that happens, by a name that a counterexample shows. */
interface Event {
  readonly name: string;
  readonly happens: (world: World) => void;
  readonly [fc.toStringMethod]: () => string;
}

function eventOf(name: string, happens: (world: World) => void): Event {
  return { name, happens, [fc.toStringMethod]: () => name };
}

function idOf(object: JsonObject): string {
  return `${textAt(object, 'kind') ?? ''} ${textAt(object, 'metadata', 'name') ?? ''}`;
}

function isData(kind = '', name = ''): boolean {
  return dataKinds.includes(kind) && name !== connection;
}

function dataOf({ cluster }: World): readonly JsonObject[] {
  return cluster.api.all().filter((object) => isData(textAt(object, 'kind'), textAt(object, 'metadata', 'name')));
}

/** A reconcile of the XR, and what must hold after every one. */
function reconcile(world: World): void {
  const { cluster } = world;
  if (!world.alive) return;
  const before = cluster.objects();
  const observed = Object.keys(before);
  const step = cluster.step();
  for (const { desired } of step.calls) {
    for (const [key, { resource }] of Object.entries(desired?.resources ?? {})) {
      const policies = at(resource, 'spec', 'managementPolicies') as readonly string[];
      expect(acceptedPolicies, key).toContain([...policies].sort().join());
    }
  }
  const status = statusOf(step.response);
  if (status !== undefined) expect(statusProblems(status)).toEqual([]);
  if (step.fatal) return;

  // Nothing observed and wanted is dropped. Only these are not wanted any more once the spec says so.
  const spec = cluster.xr().spec as JsonObject;
  const offered = at(spec, 'nfs', 'enabled') !== false || at(spec, 'smb', 'enabled') !== false;
  // A Secret that the spec brings, whose generated counterpart was never ours.
  const isTheirs = (key: string): boolean => {
    const live = objectAt(before[key], 'status', 'atProvider', 'manifest');
    return live !== undefined && at(live, 'metadata', 'labels', 'app.kubernetes.io/instance') !== 'files';
  };
  const brought = [
    ...(at(spec, 'identity', 'jwt', 'secretRef') === undefined ? [] : ['jwt-secret']),
    ...(at(spec, 'identity', 'admin', 'passwordSecretRef') === undefined ? [] : ['admin-secret']),
  ].filter(isTheirs);
  const unwanted = [...(offered ? [] : ['connection', 'file-service']), ...brought, 'storage-class'];
  for (const response of step.calls) {
    const keys = desiredKeys({ ...step, response });
    for (const key of observed.filter((known) => !unwanted.includes(known))) expect(keys, 'dropped').toContain(key);
  }

  world.retention = at(spec, 'storage', 'retentionPolicy') === 'Delete' ? 'Delete' : 'Retain';
  if (world.retention === 'Delete') {
    world.settled.clear();
    return;
  }
  // What is to be kept loses the right to be deleted at once, in the very response.
  for (const [key, object] of Object.entries(cluster.objects())) {
    const policies = texts(at(object, 'spec', 'managementPolicies')).join();
    if (dataKey.test(key)) expect(policies, key).not.toMatch(/Delete|\*/);
    const claim = textAt(object, 'spec', 'forProvider', 'manifest', 'metadata', 'name') ?? '';
    const live = objectAt(object, 'status', 'atProvider', 'manifest');
    const ours = at(live, 'metadata', 'labels', 'app.kubernetes.io/instance') === 'files';
    if (ours && textAt(live, 'status', 'phase') === 'Bound') world.settled.add(claim);
  }
}

function edit(change: (spec: Mutable) => void): (world: World) => void {
  return ({ cluster, alive }) => {
    if (alive) cluster.edit(change);
  };
}

const claimNames = ['metadata-files-0', 'content-files-0', 'controlplane-files-0'];
/** What is generated, and what somebody brings. */
const generatedNames = ['files-jwt-secret', 'files-admin-bootstrap-credentials', 'files.user.alice'];
const secretNames = [...generatedNames, connection, 'own'];
const keys = [
  'config',
  'server',
  'file-service',
  'jwt-secret',
  'admin-secret',
  'user.alice',
  'connection',
  'provisioner-status',
  'provisioner',
  'volume-metadata',
  'volume-content',
  'volume-controlplane',
];
const failures = [
  'observe failed: cannot get object: is forbidden: User "x" cannot get',
  'connect failed: cannot get provider config',
  'update failed: cannot apply object: the object has been modified; please apply your changes to the latest version',
];

function existing(cluster: Cluster, kind: string, name: string): boolean {
  return cluster.live(kind, name) !== undefined;
}

/** Somebody else’s object of a name that ours would have, where nobody has it yet. */
function squat(kind: string, name: string): (world: World) => void {
  return ({ cluster, foreign, condemned }) => {
    // Between the loss of an object and the next look at it, nobody can tell that its name has another bearer now.
    const rights = Object.values(cluster.objects())
      .filter((object) => at(object, 'spec', 'forProvider', 'manifest', 'metadata', 'name') === name)
      .map((object) => texts(at(object, 'spec', 'managementPolicies')).join());
    const proven = rights.some((policies) => /Update|Delete|\*/.test(policies));
    if (existing(cluster, kind, name) || proven || condemned.size > 0) return;
    const body = secret(
      'team-a',
      name,
      { 'jwt-secret': 'foreign'.repeat(6), password: 'foreign' },
      { labels: { app: 'x' } },
    );
    const claim = {
      apiVersion: 'v1',
      kind,
      metadata: body.metadata as JsonObject,
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '3Gi' } }, volumeName: 'theirs' },
      status: { phase: 'Bound', capacity: { storage: '3Gi' } },
    };
    cluster.api.put(kind === 'Secret' ? body : claim);
    foreign.set(`${kind} ${name}`, JSON.stringify(content(cluster.live(kind, name))));
  };
}

type Happens = (world: World) => void;

/** An event that is always the same. */
function plain(weight: number, name: string, happens: Happens): fc.WeightedArbitrary<Event> {
  return { weight, arbitrary: fc.constant(eventOf(name, happens)) };
}

/** An event with a value. */
function drawn<T>(
  weight: number,
  name: string,
  values: fc.Arbitrary<T>,
  happens: (value: T) => Happens,
): fc.WeightedArbitrary<Event> {
  return { weight, arbitrary: values.map((value) => eventOf(`${name} ${JSON.stringify(value)}`, happens(value))) };
}

function lose(kind: string): (name: string) => Happens {
  return (name) =>
    ({ cluster, foreign }) => {
      if (existing(cluster, kind, name)) cluster.api.remove({ kind, namespace: 'team-a', name });
      foreign.delete(`${kind} ${name}`);
    };
}

const event: fc.Arbitrary<Event> = fc.oneof(
  plain(9, 'round', (world) => {
    reconcile(world);
    world.cluster.provide();
    reconcile(world);
  }),
  plain(4, 'reconcile', reconcile),
  plain(4, 'provide', ({ cluster }) => {
    cluster.provide();
  }),
  drawn(2, 'provide', fc.subarray(keys, { minLength: 1 }), (some) => ({ cluster }) => {
    cluster.provide(some);
  }),
  plain(1, 'bind', ({ cluster }) => {
    cluster.bind();
  }),
  plain(1, 'pod ready', ({ cluster }) => {
    cluster.podReady();
  }),
  plain(1, 'pod fails', ({ cluster }) => {
    cluster.podFails();
  }),
  drawn(4, 'storage', storage, (wanted) => edit((spec) => (spec.storage = wanted))),
  drawn(2, 'retention', fc.constantFrom('Retain', 'Delete'), (retentionPolicy) =>
    edit((spec) => (spec.storage = { ...(spec.storage as JsonObject | undefined), retentionPolicy })),
  ),
  drawn(1, 'replicas', fc.constantFrom(0, 1, 7), (replicas) => edit((spec) => (spec.replicas = replicas))),
  drawn(1, 'protocols', fc.boolean(), (enabled) =>
    edit((spec) => {
      spec.nfs = { enabled };
      spec.smb = { enabled };
    }),
  ),
  drawn(2, 'users', fc.subarray(['alice', 'bob']), (names) =>
    edit((spec) => (spec.users = names.map((user) => ({ name: user })))),
  ),
  drawn(1, 'provisioned', fc.constantFrom('', 'once', 'twice'), (restart) => ({ cluster }) => {
    cluster.provisioned({ restart });
  }),
  drawn(2, 'service', service, (wanted) => edit((spec) => (spec.service = wanted))),
  drawn(
    1,
    'platform',
    fc.option(fc.constantFrom('silver', 'gold'), { nil: undefined }),
    (storageClassName) =>
      ({ cluster }) => {
        const input = { apiVersion: 'dittofs.fn.crossplane.io/v1alpha1', kind: 'Input' };
        cluster.setInput(storageClassName === undefined ? undefined : { ...input, storageClassName });
      },
  ),
  drawn(1, 'typo', fc.boolean(), (typo) =>
    edit((spec) => {
      if (typo) spec.imgae = 'x';
      else delete spec.imgae;
    }),
  ),
  drawn(1, 'own key', fc.boolean(), (own) =>
    edit((spec) => {
      if (own) spec.identity = { jwt: { secretRef: { name: 'own', key: 'jwt' } } };
      else delete spec.identity;
    }),
  ),
  plain(1, 'own Secret', ({ cluster }) => {
    cluster.api.put(secret('team-a', 'own', { jwt: 'o'.repeat(40) }));
  }),
  drawn(1, 'lose', fc.constantFrom(...claimNames), lose('PersistentVolumeClaim')),
  drawn(1, 'lose', fc.constantFrom(...secretNames), lose('Secret')),
  drawn(1, 'squat', fc.constantFrom(...claimNames), (name) => squat('PersistentVolumeClaim', name)),
  drawn(1, 'squat', fc.constantFrom(...generatedNames, connection), (name) => squat('Secret', name)),
  drawn(
    2,
    'fail',
    fc.tuple(fc.constantFrom(...keys), fc.constantFrom(...failures)),
    ([key, message]) =>
      ({ cluster }) => {
        cluster.fail(key, message);
      },
  ),
  plain(2, 'heal', ({ cluster }) => {
    for (const key of keys) cluster.heal(key);
  }),
  plain(1, 'delete', (world) => {
    if (!world.alive) return;
    if (world.retention === 'Delete') for (const object of dataOf(world)) world.condemned.add(idOf(object));
    world.settled.clear();
    world.cluster.remove();
    world.alive = false;
  }),
  plain(1, 'create again', (world) => {
    if (!world.alive) world.cluster.recreate();
    world.alive = true;
  }),
);

/** Everything that must hold after every event, whatever it was. */
function check(world: World, before: readonly JsonObject[], seen: number, name: string): void {
  const { cluster, foreign, condemned, settled } = world;
  for (const [id, was] of foreign) {
    const [kind = '', objectName = ''] = id.split(' ');
    expect(JSON.stringify(content(cluster.live(kind, objectName))), `${id} is somebody else's`).toBe(was);
  }
  const created = cluster.events.slice(seen).filter(({ verb }) => verb === 'created');
  const remade = created.filter((event) => settled.has(event.name));
  expect(remade, `${name} makes a volume again that held data`).toEqual([]);
  const deleted = cluster.events
    .slice(seen)
    .filter(({ verb, kind, name: what }) => verb === 'deleted' && isData(kind, what));
  const innocent = deleted.filter((event) => !condemned.has(`${event.kind} ${event.name}`));
  expect(innocent, `${name} deletes data`).toEqual([]);
  if (name.startsWith('lose')) return;
  const now = new Set(dataOf(world).map(idOf));
  const lost = before.map(idOf).filter((id) => !now.has(id) && !condemned.has(id));
  expect(lost, `${name} loses data`).toEqual([]);
  if (world.alive && cluster.dying() === 0) condemned.clear();
}

/** A world to begin with. */
function worldOf(spec: JsonObject, flavour: XrFlavour): World {
  const cluster = createCluster({ xr: dittoServer(spec, { flavour }) });
  return { cluster, foreign: new Map(), retention: 'Retain', alive: true, settled: new Set(), condemned: new Set() };
}

const begin = fc.record({
  flavour: fc.constantFrom('namespaced', 'claim'),
  spec: fc.constantFrom<JsonObject[]>(
    {},
    { storage: { contentSize: '5Gi' } },
    { storage: { contentSize: '5Gi', retentionPolicy: 'Delete' } },
  ),
  squatted: fc.option(fc.constantFrom(...claimNames, ...generatedNames, connection), { nil: undefined }),
  up: fc.boolean(),
});

it('in every order of events data is kept as the spec says, and what is somebody else’s is left alone', () => {
  fc.assert(
    fc.property(begin, fc.array(event, { minLength: 3, maxLength: 30 }), ({ flavour, spec, squatted, up }, events) => {
      const world = worldOf(spec, flavour);
      if (squatted !== undefined) {
        squat(claimNames.includes(squatted) ? 'PersistentVolumeClaim' : 'Secret', squatted)(world);
      }
      if (up) {
        world.cluster.bringUp();
        reconcile(world);
      }
      for (const { name, happens } of events) {
        const [before, seen] = [dataOf(world), world.cluster.events.length];
        happens(world);
        check(world, before, seen, name);
      }
    }),
    { numRuns: 80 },
  );
}, 120_000);

it('whatever happened, once it stops the cluster settles, nothing is refused, and generated Secrets never changed', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 5, maxLength: 25 }), (events) => {
      const world = worldOf({}, 'namespaced');
      const { cluster } = world;
      cluster.bringUp();
      const passwords = new Set<string>([
        JSON.stringify(at(cluster.live('Secret', 'files-admin-bootstrap-credentials'), 'data')),
      ]);
      const theirs = JSON.stringify(base64({ 'jwt-secret': 'foreign'.repeat(6), password: 'foreign' }));
      // Only the loss of the Secret together with its Object makes a new one.
      const lossless = events.filter(({ name }) => !name.startsWith('delete') && !name.startsWith('create'));
      for (const { happens } of lossless) {
        happens(world);
        const data = at(cluster.live('Secret', 'files-admin-bootstrap-credentials'), 'data');
        if (data !== undefined && JSON.stringify(data) !== theirs) passwords.add(JSON.stringify(data));
      }
      for (const key of keys) cluster.heal(key);
      cluster.edit((spec) => {
        delete spec.imgae;
        spec.replicas = 1;
      });
      cluster.settle();
      expect([...passwords]).toHaveLength(1);
      // Names that are taken are told; but the API server never refuses a change, because we never ask for a forbidden one.
      const blocked = (cluster.status().blocked ?? []) as readonly { reason: string; message: string }[];
      expect(blocked.filter(({ reason }) => reason !== 'NameTaken')).toEqual([]);
    }),
    { numRuns: 15 },
  );
}, 120_000);
