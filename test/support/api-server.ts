import { createHash } from 'node:crypto';
import {
  at,
  isObject,
  listAt,
  numberAt,
  objectAt,
  sortFields,
  textAt,
  type Json,
  type JsonObject,
} from '../../src/lib/json.ts';
import { parseQuantity } from '../../src/lib/quantity.ts';
import { refusalOfChange, refusalsOf } from './admission.ts';
import { copy, type Mutable } from './json.ts';
import { deletedWith } from './percona-simulated.ts';
import { isProtected } from './volume-controller.ts';

/** Which object. */
export interface Ref {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** What came of a server-side apply. */
export type Applied =
  | { readonly ok: true; readonly object: JsonObject; readonly changed: boolean }
  | { readonly ok: false; readonly refusal: string };

/** The live objects, with as much of an API server as the function can meet. */
export interface ApiServer {
  readonly get: (ref: Ref) => JsonObject | undefined;
  readonly all: () => readonly JsonObject[];
  /** A server-side apply with force; a dry run changes nothing. */
  readonly apply: (manager: string, manifest: JsonObject, dryRun?: boolean) => Applied;
  /** Writes an object as it is, as somebody else would with kubectl create or replace. */
  readonly put: (object: JsonObject) => void;
  readonly patch: (ref: Ref, change: (object: Mutable) => void) => void;
  /** Deletes an object; one that is in use stays, and is marked, until it is deleted when it is not. */
  readonly remove: (ref: Ref) => void;
}

export function refOf(object: JsonObject): Ref {
  return {
    kind: textAt(object, 'kind') ?? '',
    namespace: textAt(object, 'metadata', 'namespace'),
    name: textAt(object, 'metadata', 'name') ?? '',
  };
}

function keyOf({ kind, namespace = '', name }: Ref): string {
  return `${kind}/${namespace}/${name}`;
}

/** By what the items of a list are told apart; undefined where the list is one value. */
function itemKey(field: string, item: Json | undefined): string | undefined {
  switch (field) {
    case 'env':
    case 'volumes':
    case 'containers':
      return textAt(item, 'name');
    case 'volumeMounts':
      return textAt(item, 'mountPath');
    case 'ports':
      return String(numberAt(item, 'containerPort') ?? numberAt(item, 'port'));
    default:
      return undefined;
  }
}

/** What is left of a live value once everything that its manager set is taken away. */
function pruned(live: Json | undefined, owned: Json | undefined): Json | undefined {
  if (!isObject(live) || !isObject(owned)) return undefined;
  const rest = Object.entries(live).flatMap(([key, value]): [string, Json | undefined][] => {
    if (!Object.hasOwn(owned, key)) return [[key, value]];
    const below = pruned(value, owned[key]);
    return below === undefined ? [] : [[key, below]];
  });
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}

/** A live value after a manager that owned `owned` applies `wanted`. */
function merged(
  live: Json | undefined,
  owned: Json | undefined,
  wanted: Json | undefined,
  field: string,
): Json | undefined {
  if (Array.isArray(wanted)) {
    const items = wanted as readonly Json[];
    if (items.some((item) => itemKey(field, item) === undefined)) return items;
    const find = (list: Json | undefined, key: string | undefined): Json | undefined =>
      (Array.isArray(list) ? (list as readonly Json[]) : []).find((item) => itemKey(field, item) === key);
    const foreign = (Array.isArray(live) ? (live as readonly Json[]) : []).filter((item) => {
      const key = itemKey(field, item);
      return find(owned, key) === undefined && find(items, key) === undefined;
    });
    const ours = items.map((item) => {
      const key = itemKey(field, item);
      return merged(find(live, key), find(owned, key), item, '') ?? null;
    });
    return [...ours, ...foreign];
  }
  if (!isObject(wanted)) return wanted;
  const before = isObject(live) ? live : {};
  const mine = isObject(owned) ? owned : {};
  const result: Record<string, Json | undefined> = {};
  for (const [key, value] of Object.entries(before)) {
    if (Object.hasOwn(wanted, key)) continue;
    const kept = Object.hasOwn(mine, key) ? pruned(value, mine[key]) : value;
    if (kept !== undefined) result[key] = kept;
  }
  for (const [key, value] of Object.entries(wanted)) result[key] = merged(before[key], mine[key], value, key);
  return result;
}

/** A quantity as the API server writes it back: `1024Mi` becomes `1Gi`. */
function canonical(size: Json | undefined): Json | undefined {
  const quantity = typeof size === 'string' || typeof size === 'number' ? parseQuantity(String(size)) : undefined;
  if (quantity === undefined) return size;
  const value = quantity.nanos / 1_000_000_000n;
  if (quantity.nanos % 1_000_000_000n !== 0n) return quantity.text;
  if (!quantity.text.endsWith('i')) return /^[0-9]+(m|000+)?$/.test(quantity.text) ? String(value) : quantity.text;
  const units = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
  let [amount, unit] = [value, 0];
  while (amount % 1024n === 0n && unit < units.length - 1) [amount, unit] = [amount / 1024n, unit + 1];
  return `${amount}${units[unit] ?? ''}`;
}

function canonicalResources(resources: JsonObject | undefined): void {
  for (const part of [objectAt(resources, 'requests'), objectAt(resources, 'limits')]) {
    for (const [name, amount] of Object.entries(part ?? {})) (part as Mutable)[name] = canonical(amount);
  }
}

/** Fills in what the API server fills in, and writes quantities as it does. */
function fill(object: JsonObject, uid: string, nextNodePort: () => number): void {
  const spec = objectAt(object, 'spec') as Mutable | undefined;
  switch (object.kind) {
    case 'PersistentVolumeClaim': {
      if (spec === undefined) return;
      spec.storageClassName ??= 'standard';
      spec.volumeMode ??= 'Filesystem';
      canonicalResources(spec.resources as JsonObject);
      (object as Mutable).status ??= { phase: 'Pending' };
      return;
    }
    case 'PersistentVolume': {
      if (spec === undefined) return;
      // A text that is left out when it is empty, unlike a claim's.
      if (spec.storageClassName === '') delete spec.storageClassName;
      spec.persistentVolumeReclaimPolicy ??= 'Retain';
      spec.volumeMode ??= 'Filesystem';
      const capacity = spec.capacity as Mutable;
      capacity.storage = canonical(capacity.storage as Json);
      (object as Mutable).status ??= { phase: 'Pending' };
      return;
    }
    case 'Service': {
      if (spec === undefined) return;
      spec.clusterIP ??= '10.96.0.10';
      spec.sessionAffinity ??= 'None';
      spec.internalTrafficPolicy ??= 'Cluster';
      const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
      if (!external) delete spec.externalTrafficPolicy;
      else spec.externalTrafficPolicy ??= 'Cluster';
      for (const port of spec.ports as Mutable[]) {
        if (!external) delete port.nodePort;
        else port.nodePort ??= nextNodePort();
      }
      (object as Mutable).status ??= { loadBalancer: {} };
      if (spec.type !== 'LoadBalancer') (object as Mutable).status = { loadBalancer: {} };
      return;
    }
    case 'StatefulSet': {
      if (spec === undefined) return;
      spec.podManagementPolicy ??= 'OrderedReady';
      spec.updateStrategy ??= { type: 'RollingUpdate', rollingUpdate: { partition: 0 } };
      spec.revisionHistoryLimit ??= 10;
      const pod = objectAt(spec as JsonObject, 'template', 'spec') as Mutable;
      pod.restartPolicy ??= 'Always';
      pod.dnsPolicy ??= 'ClusterFirst';
      for (const container of pod.containers as Mutable[]) {
        container.terminationMessagePath ??= '/dev/termination-log';
        container.imagePullPolicy ??= 'IfNotPresent';
        canonicalResources(container.resources as JsonObject | undefined);
      }
      (object as Mutable).status ??= { replicas: 0, currentRevision: `${uid}-0`, updateRevision: `${uid}-0` };
      return;
    }
    default:
  }
}

/** A name for a revision of the pod template. */
export function revisionOf(statefulSet: JsonObject): string {
  const template = JSON.stringify(at(statefulSet, 'spec', 'template'));
  return createHash('sha256').update(template).digest('hex').slice(0, 10);
}

export function createApiServer(): ApiServer {
  const live = new Map<string, JsonObject>();
  const managers = new Map<string, Map<string, JsonObject>>();
  let version = 0;
  let uids = 0;
  let nodePort = 31_000;

  function stamped(object: JsonObject, before: JsonObject | undefined): JsonObject {
    const stampedCopy = copy(object) as Mutable;
    const metadata = stampedCopy.metadata as Mutable;
    metadata.uid ??= `uid-${++uids}`;
    metadata.creationTimestamp ??= '2026-01-01T00:00:00Z';
    fill(stampedCopy as JsonObject, metadata.uid as string, () => nodePort++);
    const [was, is] = [at(before, 'spec'), (stampedCopy as JsonObject).spec].map((spec) => sortFields(spec));
    const changed = JSON.stringify(was) !== JSON.stringify(is);
    metadata.generation = (numberAt(before, 'metadata', 'generation') ?? 0) + (changed ? 1 : 0);
    metadata.managedFields = [
      { manager: 'kube', operation: 'Apply', apiVersion: 'v1', fieldsV1: { 'f:metadata': {} } },
    ];
    return stampedCopy as JsonObject;
  }

  function store(key: string, object: JsonObject): JsonObject {
    const written = copy(object) as Mutable;
    (written.metadata as Mutable).resourceVersion = String(++version);
    live.set(key, written as JsonObject);
    return copy(written as JsonObject);
  }

  function expandable(claim: JsonObject): boolean {
    const name = textAt(claim, 'spec', 'storageClassName') ?? '';
    if (name === '') return false;
    const storageClass = live.get(keyOf({ kind: 'StorageClass', name }));
    return storageClass === undefined || storageClass.allowVolumeExpansion === true;
  }

  function apply(manager: string, manifest: JsonObject, dryRun = false): Applied {
    const ref = refOf(manifest);
    const key = keyOf(ref);
    const before = live.get(key);
    const uid = textAt(manifest, 'metadata', 'uid');
    if (uid !== undefined && uid !== textAt(before, 'metadata', 'uid')) {
      const cannot = `Operation cannot be fulfilled on ${ref.kind} "${ref.name}": uid mismatch: the provided object specified uid ${uid}`;
      const found = textAt(before, 'metadata', 'uid');
      return {
        ok: false,
        refusal: `${cannot}, and ${found === undefined ? 'no existing object was found' : `the existing object has uid ${found}`}`,
      };
    }
    const owned = managers.get(key)?.get(manager);
    const others = [...(managers.get(key) ?? [])].filter(([name]) => name !== manager).map(([, applied]) => applied);
    let after = merged(before, owned, manifest, '') as JsonObject;
    // What another manager applied too stays, although this one no longer says it.
    for (const other of others) after = merged(other, undefined, after, '') as JsonObject;
    const result = stamped(after, before);
    const refused = refusalsOf(result)[0] ?? (before && refusalOfChange(before, result, expandable(before)));
    if (refused !== undefined) return { ok: false, refusal: `${ref.kind} "${ref.name}" is invalid: ${refused}` };
    const [was, is] = [copy(before), copy(result)].map((object) => {
      if (object !== undefined) delete (object.metadata as Mutable).resourceVersion;
      return JSON.stringify(sortFields(object));
    });
    const changed = was !== is;
    if (dryRun) return { ok: true, object: result, changed };
    managers.set(key, (managers.get(key) ?? new Map<string, JsonObject>()).set(manager, copy(manifest)));
    return { ok: true, object: changed ? store(key, result) : copy(before ?? result), changed };
  }

  return {
    get: (ref) => copy(live.get(keyOf(ref))),
    all: () => [...live.values()].map((object) => copy(object)),
    apply,
    put: (object) => {
      const key = keyOf(refOf(object));
      store(key, stamped(object, live.get(key)));
    },
    patch: (ref, change) => {
      const key = keyOf(ref);
      const before = live.get(key);
      if (before === undefined) throw new Error(`no ${key} in the cluster: ${[...live.keys()].join(', ')}`);
      const after = copy(before) as Mutable;
      change(after);
      store(key, stamped(after as JsonObject, before));
    },
    remove: ({ kind, namespace, name }) => {
      const key = keyOf({ kind, namespace, name });
      const removed = live.get(key);
      if (removed === undefined) throw new Error(`no ${key} in the cluster`);
      if (isProtected({ all: () => [...live.values()] }, removed)) {
        const marked = copy(removed) as Mutable;
        (marked.metadata as Mutable).deletionTimestamp ??= '2026-01-02T00:00:00Z';
        if (JSON.stringify(marked) !== JSON.stringify(removed)) store(key, marked as JsonObject);
        return;
      }
      live.delete(key);
      managers.delete(key);
      for (const ref of kind === 'PerconaPGCluster' ? deletedWith(removed) : []) live.delete(keyOf(ref));
    },
  };
}

/** The first entry of a StatefulSet's containers. */
export function firstContainer(statefulSet: JsonObject | undefined): JsonObject | undefined {
  const [container] = listAt(statefulSet, 'spec', 'template', 'spec', 'containers');
  return isObject(container) ? container : undefined;
}
