import { at, covers, objectAt, textAt, textsAt, withValue, defined, type JsonObject } from '../lib/json.ts';
import { called, failed, progressing, worst, type Health } from '../kubernetes/health.ts';
import type { Manifest, Texts } from '../kubernetes/manifest.ts';
import { isOurs, namesOwner, type Marks } from '../kubernetes/marks.ts';
import {
  isMissing,
  wrap,
  type ObservedObject,
  type ObservedObjects,
  type ProviderConfigRef,
} from '../kubernetes/object.ts';
import { whenCreated } from '../kubernetes/readiness.ts';
import { blocked, blockedBy, type Blocked } from './blocked.ts';
import type { Component, Life } from './component.ts';
import { preserveImmutable } from './immutable.ts';
import { objectName, type ObjectOwner } from './object-name.ts';
import {
  boundToLive,
  holdsDeletingFinalizers,
  mayDelete,
  policiesFor,
  withFinalizers,
  withoutDelete,
} from './ownership.ts';

/** What all composed resources of one DittoServer have in common. */
export interface Frame {
  readonly owner: ObjectOwner;
  /** Labels of every Object; they contain the first of the marks. */
  readonly labels: Texts;
  readonly marks: Marks;
  readonly providerConfigRef: ProviderConfigRef;
}

/** A composed resource as Crossplane is asked to have it. */
export interface DesiredObject {
  readonly resource: JsonObject;
  readonly ready: boolean;
}

/** What one component came to. */
interface Outcome {
  /** Left out where the resource is not wanted, or held back. */
  readonly desired?: DesiredObject;
  /** Left out where the resource is not wanted. */
  readonly health?: Health;
  /** Why others may not use the resource yet. */
  readonly unusable?: Health;
  readonly blocked: readonly Blocked[];
  readonly unchangeable: readonly string[];
}

/** All composed resources, and what conditions and status are derived from. */
export interface Composition {
  /** Desired composed resources by key. */
  readonly desired: ReadonlyMap<string, DesiredObject>;
  /** How each wanted component is, by key, those that are held back included. */
  readonly health: ReadonlyMap<string, Health>;
  /** Keys of wanted components that are not desired yet. While there is one, the composite is not ready. */
  readonly heldBack: readonly string[];
  readonly blocked: readonly Blocked[];
  /** Wishes that cannot be met because a field cannot change, in words. */
  readonly unchangeable: readonly string[];
  /** What is to be kept, and goes with its owner all the same, in words; undefined where there is nothing. */
  readonly unkept: string | undefined;
}

/** Kinds whose live objects hold users' data or open it. */
const dataKinds = ['PersistentVolumeClaim', 'PersistentVolume', 'Secret', 'PerconaPGCluster'];

/** Why a component that uses the resource has to wait for it, if it has to. */
function unusability(life: Life, wanted: JsonObject, object: ObservedObject | undefined): Health | undefined {
  const name = called(wanted);
  if (object?.live === undefined || isMissing(object)) return progressing('Waiting', `${name} is not there yet`);
  if (life.kind === 'owned' && !covers(object.live, wanted))
    return progressing('Waiting', `${name} is not up to date yet`);
  return undefined;
}

/** How an observed resource is: as the component assesses it, unless what is wanted has not reached the cluster. */
function assess<Plan>(
  component: Component<Plan>,
  plan: Plan,
  wanted: JsonObject,
  object: ObservedObject,
  blocker: Blocked | undefined,
): Health {
  // What was seen of an object whose kind is gone is no longer so.
  if (blocker !== undefined && (blocker.reason === 'KindNotInstalled' || !covers(object.live, wanted)))
    return failed(blocker.reason, `${called(wanted)}: ${blocker.message}`);
  if (!covers(object.manifest, wanted)) return progressing('Applying', `${called(wanted)} is being changed`);
  return component.assess(object, plan);
}

/** The observed manifest, held as it is but for the fields that still follow the plan. */
function held(observed: JsonObject, wanted: JsonObject, steered: readonly (readonly string[])[] = []): JsonObject {
  return steered.reduce((manifest, path) => withValue(manifest, path, at(wanted, ...path)), observed);
}

/** An observed Object as it stands, desired again: with the same manifest, and policies of our choice. */
function echo(
  { resource, managementPolicies, manifest: observed }: ObservedObject,
  policies = managementPolicies,
  manifest = observed,
): DesiredObject {
  const labels = Object.entries(textsAt(resource, 'metadata', 'labels')).filter(
    ([key]) => !key.startsWith('crossplane.io/'),
  );
  const name = textAt(resource, 'metadata', 'name');
  const echoed = defined({
    apiVersion: textAt(resource, 'apiVersion'),
    kind: textAt(resource, 'kind'),
    metadata: defined({
      name,
      namespace: textAt(resource, 'metadata', 'namespace'),
      labels: Object.fromEntries(labels),
      annotations: defined({ 'crossplane.io/external-name': name }),
    }),
    spec: {
      ...objectAt(resource, 'spec'),
      managementPolicies: policies,
      forProvider: { ...objectAt(resource, 'spec', 'forProvider'), manifest },
    },
  });
  return { resource: echoed, ready: true };
}

/**
 * A component that the plan does not want: gone, but for data. What is to be kept leaves only once nothing would delete
 * it; what is to go with the DittoServer stays until then, as it is; what may go now leaves once it would be deleted.
 */
function composeUnwanted(life: Life, object: ObservedObject | undefined, marks: Marks): Outcome {
  const none: Outcome = { blocked: [], unchangeable: [] };
  if (object === undefined || life.kind !== 'data') return none;
  const { live, deleting, managementPolicies } = object;
  const isTheirs = live !== undefined && !isOurs(live, marks);
  // One that may not be deleted yet, because it was made a moment ago, would be left behind.
  if (life.unwanted === 'goes' && !isTheirs && mayDelete(managementPolicies)) return none;
  if (life.fate === 'deleted' && !deleting && live !== undefined && !isTheirs)
    return { ...none, desired: echo(object, ['*'], withFinalizers(object.manifest, life)) };
  const wouldDelete =
    mayDelete(managementPolicies) ||
    holdsDeletingFinalizers(object.manifest, life) ||
    holdsDeletingFinalizers(live, life);
  if (!wouldDelete) return none;
  const manifest = withFinalizers(object.manifest, { ...life, fate: 'kept' });
  return { ...none, desired: echo(object, withoutDelete(managementPolicies), manifest) };
}

/** How a resource is of which nothing is known yet. */
function unseen(life: Life, manifest: Manifest): Health {
  if (life.kind === 'observed') return progressing('Observing', `${called(manifest)} is being looked up`);
  return progressing('Creating', `${called(manifest)} is not created yet`);
}

/** What to do about a name that somebody else's object bears. */
function nameTaken(manifest: Manifest, { labelSets }: Marks): string {
  const labels = Object.entries(labelSets[0] ?? {}).map(([key, value]) => `${key}=${value}`);
  return `${called(manifest)} exists already and is not this DittoServer's: rename the DittoServer, or move that object, or label it ${labels.join(' and ')} to hand it over`;
}

/** Whether Kubernetes will delete what is to be kept: our own manifests name no owner. */
function goesWithOwner(life: Life, { live }: Pick<ObservedObject, 'live'>, marks: Marks): boolean {
  return life.kind === 'data' && life.fate === 'kept' && live !== undefined && namesOwner(live, marks);
}

/** What to do about objects that are to be kept and go with their owner. */
function unkept(objects: readonly ObservedObject[], { labelSets, owner }: Marks): string | undefined {
  if (objects.length === 0) return undefined;
  const names = objects.map(({ live }) => called(live ?? {})).join(', ');
  const patch = JSON.stringify({ metadata: { ownerReferences: null, labels: labelSets[0] } });
  return `to be kept, but deleted with the ${owner.kind}, because it names that as its owner: ${names}; kubectl patch KIND NAME --type=merge -p '${patch}' keeps each`;
}

/** A resource that is on its way and uses something that needs a person needs that person too. */
function blockedByUse(health: Health, manifest: Manifest, broken: Health | undefined): Health {
  if (health.state !== 'progressing' || broken === undefined) return health;
  return { ...broken, message: `${called(manifest)} waits: ${broken.message}` };
}

/** How the resources are on which a component depends, as far as that matters to it. */
interface Dependencies {
  /** What it waits for before it is made or changed. */
  readonly awaited: Health | undefined;
  /** What needs a person, and keeps it from coming up once it is made. */
  readonly broken: Health | undefined;
}

/** A component that is not made yet, because something is in its way. */
function heldBack(obstacle: Health, manifest: Manifest, broken: Health | undefined): Outcome {
  const waiting = { ...obstacle, message: `${called(manifest)} is not created yet: ${obstacle.message}` };
  const health = blockedByUse(waiting, manifest, broken);
  return { health, unusable: health, blocked: [], unchangeable: [] };
}

function composeWanted<Plan>(
  component: Component<Plan>,
  manifest: Manifest,
  plan: Plan,
  frame: Frame,
  object: ObservedObject | undefined,
  { awaited, broken }: Dependencies,
): Outcome {
  const life = component.life(plan);
  const obstacle = worst([awaited, component.obstacle?.(plan)].filter((health) => health !== undefined));
  if (obstacle !== undefined && object === undefined) return heldBack(obstacle, manifest, broken);

  const missing = object !== undefined && life.kind !== 'owned' && isMissing(object);
  const isTheirs = object?.live !== undefined && !isOurs(object.live, frame.marks);
  const taken = life.kind === 'data' && isTheirs && !missing ? nameTaken(manifest, frame.marks) : undefined;
  const blocker = object === undefined || missing ? undefined : blockedBy(object);
  const preserved = preserveImmutable(manifest, object);
  const wanted =
    obstacle === undefined || object === undefined
      ? withFinalizers(preserved.manifest, life)
      : held(object.manifest, manifest, component.steered);
  const own = (): Health => {
    if (taken !== undefined) return failed('NameTaken', taken);
    if (obstacle !== undefined)
      return { ...obstacle, message: `${called(manifest)} stays as it is: ${obstacle.message}` };
    if (object === undefined) return unseen(life, manifest);
    return assess(component, plan, wanted, object, blocker);
  };
  const health = blockedByUse(own(), manifest, broken);
  const { manifest: bound, policies } = boundToLive(wanted, policiesFor(life, object, frame.marks), object);
  const resource = wrap(bound, {
    ...frame.owner,
    name: objectName(frame.owner, component.key),
    labels: frame.labels,
    providerConfigRef: frame.providerConfigRef,
    managementPolicies: policies,
    readiness: component.readiness?.(plan) ?? whenCreated,
    watch: component.watch ?? false,
  });
  const notUsable = unusability(life, wanted, object);
  const unusable = taken !== undefined || (notUsable !== undefined && health.state === 'failed') ? health : notUsable;
  return {
    desired: { resource, ready: health.state === 'ready' },
    health,
    ...(unusable !== undefined && { unusable }),
    blocked: [
      ...(taken === undefined ? [] : [blocked(manifest, 'NameTaken', taken)]),
      ...(blocker === undefined ? [] : [blocker]),
    ],
    unchangeable: obstacle === undefined && taken === undefined ? preserved.unchangeable : [],
  };
}

/** Data of ours under a key that this version does not know: a rollback of the function must lose nothing. */
function unknownData(observed: ObservedObjects, known: ReadonlySet<string>, marks: Marks): [string, DesiredObject][] {
  return [...observed]
    .filter(([key, { resource, manifest }]) => {
      return !known.has(key) && isOurs(resource, marks) && dataKinds.includes(textAt(manifest, 'kind') ?? '');
    })
    .map(([key, object]) => [key, echo(object)]);
}

/** Every observed Object of ours as it stands: the answer while nothing may be judged yet. */
export function keepOurs(observed: ObservedObjects, marks: Marks): ReadonlyMap<string, DesiredObject> {
  const ours = [...observed].filter(([, { resource }]) => isOurs(resource, marks));
  return new Map(ours.map(([key, object]) => [key, { ...echo(object), ready: false }]));
}

/**
 * Composes every component, keeping the rules that keep users' data (docs/architecture.md):
 *
 * - creation may be held back, existence never: what was observed and is wanted stays desired;
 * - what cannot change comes from the live object;
 * - data is never taken over from somebody else, and leaves only once nothing would delete it with its Object;
 * - data under a key that this version does not know is kept as it is.
 *
 * Components are composed in their order: one that others use stands before them.
 */
export function composeComponents<Plan>(
  components: readonly Component<Plan>[],
  plan: Plan,
  frame: Frame,
  observed: ObservedObjects,
): Composition {
  const outcomes = new Map<string, Outcome>();
  const goWithOwner: ObservedObject[] = [];
  const outcomesOf = (keys: readonly string[] = []): readonly Outcome[] =>
    keys.map((key) => {
      const outcome = outcomes.get(key);
      if (outcome === undefined) throw new Error(`component ${key} is needed before it is composed`);
      return outcome;
    });
  for (const component of components) {
    const object = observed.get(component.key);
    const manifest = component.render(plan);
    if (object !== undefined && !isMissing(object) && goesWithOwner(component.life(plan), object, frame.marks))
      goWithOwner.push(object);
    const used = outcomesOf(component.uses?.(plan));
    const earlier = outcomesOf(component.after?.(plan));
    const waits = [...used.map(({ unusable }) => unusable), ...earlier.map(({ health }) => health)];
    const awaited = worst(waits.filter((health) => health !== undefined));
    const relied = outcomesOf(component.relies?.(plan));
    const broken = [...used, ...relied].map(({ health }) => health).find((health) => health?.state === 'failed');
    outcomes.set(
      component.key,
      manifest === undefined
        ? composeUnwanted(component.life(plan), object, frame.marks)
        : composeWanted(component, manifest, plan, frame, object, { awaited, broken }),
    );
  }

  const all = [...outcomes];
  return {
    desired: new Map([
      ...all.flatMap(([key, { desired }]) => (desired === undefined ? [] : [[key, desired] as const])),
      ...unknownData(observed, new Set(outcomes.keys()), frame.marks),
    ]),
    health: new Map(all.flatMap(([key, { health }]) => (health === undefined ? [] : [[key, health] as const]))),
    heldBack: all
      .filter(([, { desired, health }]) => desired === undefined && health !== undefined)
      .map(([key]) => key),
    blocked: all.flatMap(([, outcome]) => outcome.blocked),
    unchangeable: all.flatMap(([, outcome]) => outcome.unchangeable),
    unkept: unkept(goWithOwner, frame.marks),
  };
}
