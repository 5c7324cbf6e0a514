import fc from 'fast-check';
import { expect, it } from 'vitest';
import { at, listAt, objectAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { desiredOf } from '../support/call.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { secret, texts } from '../support/json.ts';
import { reported, type ClusterReport } from '../support/percona-simulated.ts';
import { acceptedPolicies } from '../support/provider.ts';
import { dittoServer } from '../support/server.ts';

/*
 * What holds for a Percona cluster in every order of events: it is wanted and not, kept and not, its operator says this
 * and that, the provider lags and fails, its Secret comes and goes, and the DittoServer is deleted and made again.
 */

const cluster = { kind: 'PerconaPGCluster', namespace: 'team-a', name: 'files-postgres' };
const volume = { kind: 'PersistentVolumeClaim', namespace: 'team-a', name: 'files-postgres-instance1-pgdata' };
const user = { kind: 'Secret', namespace: 'team-a', name: 'files-postgres-pguser-dittofs' };

interface World {
  readonly cluster: Cluster;
  /** Whether the last spec that was not refused lets the cluster go with its DittoServer. */
  goes: boolean;
  alive: boolean;
  /** Whether a deletion of the DittoServer may still take the cluster. */
  condemned: boolean;
}

interface Event {
  readonly name: string;
  readonly happens: (world: World) => void;
  readonly [fc.toStringMethod]: () => string;
}

function eventOf(name: string, happens: (world: World) => void): Event {
  return { name, happens, [fc.toStringMethod]: () => name };
}

/** A reconcile of the XR, and what must hold after every one. */
function reconcile(world: World): void {
  if (!world.alive) return;
  const observed = Object.keys(world.cluster.objects());
  const step = world.cluster.step();
  if (step.fatal) return;
  const percona = at(world.cluster.xr(), 'spec', 'percona');
  const isWanted = at(percona, 'enabled') === true;
  world.goes = at(percona, 'deleteWithServer') === true;

  for (const response of step.calls) {
    const desired = desiredOf(response);
    if (observed.includes('server')) expect(desired, 'the server is dropped').toHaveProperty('server');
    const object = desired.database;
    if (isWanted && observed.includes('database')) expect(object, 'a wanted cluster is dropped').toBeDefined();
    if (object === undefined) continue;
    const policies = texts(at(object, 'spec', 'managementPolicies'));
    expect(acceptedPolicies).toContain([...policies].sort().join());
  }
  const [last] = step.calls.slice(-1);
  const object = last && desiredOf(last).database;
  if (object === undefined || world.goes) return;
  expect(texts(at(object, 'spec', 'managementPolicies')).join(), 'what is kept may be deleted').not.toMatch(
    /Delete|\*/,
  );
  const finalizers = listAt(objectAt(object, 'spec', 'forProvider', 'manifest'), 'metadata', 'finalizers');
  expect(finalizers, 'what is kept would take its data along').toEqual([]);
}

const percona = fc.record(
  {
    enabled: fc.boolean(),
    deleteWithServer: fc.boolean(),
    replicas: fc.constantFrom(1, 3, 9),
    paused: fc.boolean(),
    storageSize: fc.constantFrom('10Gi', '20Gi', '1Gi', 'much'),
    backup: fc.constantFrom<JsonObject[]>(
      {},
      { enabled: true, bucket: 'backups', endpoint: 's3.example.com', credentialsSecretRef: { name: 's3' } },
    ),
  },
  { requiredKeys: [] },
);

const report: fc.Arbitrary<ClusterReport> = fc.record({
  state: fc.constantFrom('initializing', 'ready', 'paused', 'stopping'),
  ready: fc.constantFrom(0, 1, 3),
  conditions: fc.subarray([
    reported('PostgresDataInitialized', 'True'),
    reported('ReadyForBackup', 'False', 'NotReady'),
    reported('Progressing', 'False', 'Paused', 'add the authorizeBackupRemoval annotation'),
  ]),
});

function edit(change: (spec: Record<string, unknown>) => void): (world: World) => void {
  return ({ cluster: simulated, alive }) => {
    if (alive) simulated.edit(change);
  };
}

function lose(ref: typeof cluster): (world: World) => void {
  return ({ cluster: { api } }) => {
    if (api.get(ref) !== undefined) api.remove(ref);
  };
}

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constant(
      eventOf('round', (world) => {
        reconcile(world);
        world.cluster.provide();
        reconcile(world);
      }),
    ),
  },
  { weight: 3, arbitrary: fc.constant(eventOf('reconcile', reconcile)) },
  {
    weight: 3,
    arbitrary: fc.constant(
      eventOf('provide', (world) => {
        world.cluster.provide();
      }),
    ),
  },
  {
    weight: 5,
    arbitrary: percona.map((wanted) =>
      eventOf(
        `percona ${JSON.stringify(wanted)}`,
        edit((spec) => (spec.percona = wanted)),
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant(
      eventOf(
        'another database',
        edit((spec) => (spec.database = { postgresSecretRef: { name: 'other' } })),
      ),
    ),
  },
  {
    weight: 5,
    arbitrary: report.map((says) =>
      eventOf(`the operator says ${JSON.stringify(says)}`, (world) => {
        world.cluster.percona(says);
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant(
      eventOf('pod ready', (world) => {
        world.cluster.podReady();
      }),
    ),
  },
  { weight: 1, arbitrary: fc.constant(eventOf('lose the cluster', lose(cluster))) },
  { weight: 1, arbitrary: fc.constant(eventOf('lose its Secret', lose(user))) },
  {
    weight: 1,
    arbitrary: fc.constant(
      eventOf('fail', (world) => {
        world.cluster.fail('database', 'observe failed: cannot get object: no matches for kind "PerconaPGCluster"');
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constant(
      eventOf('heal', (world) => {
        world.cluster.heal('database');
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant(
      eventOf('delete', (world) => {
        if (!world.alive) return;
        world.condemned ||= world.goes;
        world.cluster.remove();
        world.alive = false;
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant(
      eventOf('create again', (world) => {
        if (!world.alive) world.cluster.recreate();
        world.alive = true;
      }),
    ),
  },
);

function worldOf(): World {
  const simulated = createCluster({ xr: dittoServer({ percona: { enabled: true } }) });
  simulated.api.put(secret('team-a', 'other', { host: 'h', user: 'u', password: 'p', database: 'd' }));
  return { cluster: simulated, goes: false, alive: true, condemned: false };
}

it('in every order of events a cluster is never dropped while wanted, and never deleted while kept', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(event, { minLength: 3, maxLength: 30 }), (up, events) => {
      const world = worldOf();
      if (up) {
        world.cluster.bringUp();
        reconcile(world);
      }
      for (const { name, happens } of events) {
        const { api, events: log } = world.cluster;
        const seen = log.length;
        const before = [volume, user].filter((ref) => api.get(ref) !== undefined);
        happens(world);
        if (world.condemned) {
          if (world.alive && world.cluster.dying() === 0) world.condemned = false;
          continue;
        }
        const deleted = log.slice(seen).filter(({ verb, kind }) => verb === 'deleted' && kind === 'PerconaPGCluster');
        expect(deleted, `${name} deletes the cluster`).toEqual([]);
        if (name.startsWith('lose')) continue;
        for (const ref of before)
          expect(api.get(ref), `${name} loses ${textAt({ ...ref }, 'name') ?? ''}`).toBeDefined();
      }
    }),
    { numRuns: 40 },
  );
}, 120_000);

it('whatever happened, once it stops the server is Ready on the database that it asks for', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 5, maxLength: 25 }), (events) => {
      const world = worldOf();
      for (const { happens } of events) happens(world);
      world.cluster.heal('database');
      if (!world.alive) world.cluster.recreate();
      world.cluster.edit((spec) => {
        spec.percona = { enabled: true, storageSize: '30Gi' };
        delete spec.database;
      });
      world.cluster.bringUp();
      expect(world.cluster.condition('DatabaseReady')).toMatchObject({ status: 'True', reason: 'ClusterReady' });
      expect(world.cluster.condition('Ready')).toMatchObject({ status: 'True' });
      expect(listAt(world.cluster.live('PerconaPGCluster', 'files-postgres'), 'metadata', 'finalizers')).toEqual([]);
    }),
    { numRuns: 20 },
  );
}, 120_000);
