import { componentsOf } from '../components/registry.ts';
import { isMissing, readObject } from '../kubernetes/object.ts';
import { mergeObjects, objectAt, type JsonObject } from '../lib/json.ts';
import { reconcile, type Reconciled, type Situation } from './reconcile.ts';

/** A resource that a later call composes. */
export interface Foreseen {
  /** Left out where no call got that far: the manifest alone is known. */
  readonly object: JsonObject | undefined;
  readonly manifest: JsonObject;
}

/** What comes after the first call. */
export interface Future {
  /** Resources that later calls add, by key, in the order in which they come. */
  readonly later: ReadonlyMap<string, Foreseen>;
  /** The last call of all: everything is there. */
  readonly last: Reconciled;
}

/** More calls than there are resources that wait for one another. */
const MOST_PASSES = 10;

/** The manifest that a composed resource puts into the cluster. */
export function manifestOf(resource: JsonObject): JsonObject {
  return readObject(resource)?.manifest ?? resource;
}

/** A desired resource as the provider reports it once it is applied: what is live is the manifest, nothing more. */
function applied(desired: JsonObject, before: JsonObject | undefined): JsonObject {
  const object = readObject(desired);
  if (object === undefined) return desired;
  const former = before === undefined ? undefined : readObject(before);
  const live = former === undefined || isMissing(former) ? {} : (former.live ?? {});
  return {
    ...desired,
    metadata: mergeObjects(objectAt(before, 'metadata') ?? {}, objectAt(desired, 'metadata') ?? {}),
    status: {
      atProvider: { manifest: mergeObjects(live, object.manifest) },
      conditions: [
        { type: 'Synced', status: 'True', reason: 'ReconcileSuccess' },
        { type: 'Ready', status: 'True', reason: 'Available' },
      ],
    },
  };
}

function desiredOf({ response }: Reconciled): ReadonlyMap<string, JsonObject> {
  return new Map(
    Object.entries(response.desired?.resources ?? {}).flatMap(([key, { resource }]) =>
      resource === undefined ? [] : [[key, resource] as const],
    ),
  );
}

/**
 * Finds out what later calls compose, by telling the function that everything it desires has been applied, until
 * nothing new comes. Purely to learn what comes: nothing of it says how things are.
 */
export function foresee(first: Reconciled, situation: Situation): Future {
  const known = new Set(desiredOf(first).keys());
  const later = new Map<string, Foreseen>();
  let { observed } = situation;
  let last = reconcile({ ...situation, observed });
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const desired = desiredOf(last);
    const fresh = [...desired].filter(([key]) => !known.has(key) && !later.has(key));
    for (const [key, object] of fresh) later.set(key, { object, manifest: manifestOf(object) });
    if (pass > 0 && fresh.length === 0) break;
    observed = new Map([
      ...observed,
      ...[...desired].map(([key, object]) => [key, applied(object, observed.get(key))] as const),
    ]);
    last = reconcile({ ...situation, observed });
  }
  return { later: new Map([...later, ...neverReached(last, known, later)]), last };
}

/** What is wanted and did not come, because it waits for more than being applied. */
function neverReached(
  { decision }: Reconciled,
  known: ReadonlySet<string>,
  later: ReadonlyMap<string, Foreseen>,
): readonly (readonly [string, Foreseen])[] {
  if (decision.kind !== 'composed') return [];
  const { plan, composition } = decision;
  return componentsOf(plan)
    .filter(({ key }) => composition.heldBack.includes(key) && !known.has(key) && !later.has(key))
    .flatMap(({ key, render }) => {
      const manifest = render(plan);
      return manifest === undefined ? [] : [[key, { object: undefined, manifest }] as const];
    });
}
