import { at, covers, isList, isObject, listAt, textAt, withValue, type Json, type JsonObject } from '../lib/json.ts';
import { compareQuantities, parseQuantity } from '../lib/quantity.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { ObservedObject } from '../kubernetes/object.ts';

/** A manifest that keeps what cannot change, and what was wanted instead, in words. */
export interface Preserved {
  readonly manifest: JsonObject;
  readonly unchangeable: readonly string[];
}

/** `before` is the manifest that the Object has asked for so far. */
type Keep = (manifest: JsonObject, live: JsonObject, before: JsonObject) => JsonObject;

/**
 * Keeps the live value of a field that we set, or have set: to leave it out then would be a change too. What we never
 * set is the cluster's business.
 */
function field(...path: readonly string[]): Keep {
  return (manifest, live, before) => {
    const isSet = at(manifest, ...path) !== undefined || at(before, ...path) !== undefined;
    return isSet ? withValue(manifest, path, at(live, ...path)) : manifest;
  };
}

/** Keeps a claim's size from shrinking, and from changing at all before the claim is bound. */
function size(...path: readonly string[]): Keep {
  return (manifest, live) => {
    const wanted = parseQuantity(textAt(manifest, ...path) ?? '');
    const has = parseQuantity(textAt(live, ...path) ?? '');
    if (wanted === undefined || has === undefined) return manifest;
    const difference = compareQuantities(wanted, has);
    const mayGrow = textAt(live, 'status', 'phase') === 'Bound' && difference > 0;
    return mayGrow || difference === 0 ? manifest : withValue(manifest, path, textAt(live, ...path));
  };
}

/** Keeps a size from shrinking. */
function notSmaller(...path: readonly string[]): Keep {
  return (manifest, live) => {
    const wanted = parseQuantity(textAt(manifest, ...path) ?? '');
    const has = parseQuantity(textAt(live, ...path) ?? '');
    const shrinks = wanted !== undefined && has !== undefined && compareQuantities(wanted, has) < 0;
    return shrinks ? withValue(manifest, path, textAt(live, ...path)) : manifest;
  };
}

/** Keeps what a list has, in its order; more may come after it. */
function notFewer(...path: readonly string[]): Keep {
  return (manifest, live) => {
    const has = listAt(live, ...path);
    const more = listAt(manifest, ...path).filter((item) => !has.includes(item));
    return withValue(manifest, path, [...has, ...more]);
  };
}

/** Keeps something in the items of a list that are told apart by their name. */
function inItems(path: readonly string[], keep: Keep): Keep {
  const itemOf = (object: JsonObject, name: string | undefined): JsonObject | undefined =>
    listAt(object, ...path)
      .filter(isObject)
      .find((item) => textAt(item, 'name') === name);
  return (manifest, live, before) => {
    const items = listAt(manifest, ...path).map((item) => {
      if (!isObject(item)) return item;
      const liveItem = itemOf(live, textAt(item, 'name'));
      return liveItem === undefined ? item : keep(item, liveItem, itemOf(before, textAt(item, 'name')) ?? {});
    });
    return withValue(manifest, path, items);
  };
}

/** Keeps a field only while the live object is a load balancer and stays one. */
function whileLoadBalancer(keep: Keep): Keep {
  const isOne = (service: JsonObject): boolean => textAt(service, 'spec', 'type') === 'LoadBalancer';
  return (manifest, live, before) => (isOne(manifest) && isOne(live) ? keep(manifest, live, before) : manifest);
}

/**
 * Fields that the API server refuses to change, for every kind that we render. The refused dry run of one of them
 * would block all other changes of that object, and its deletion too; so they come from the live object.
 */
const immutable: Readonly<Record<string, readonly Keep[]>> = {
  // Not the selector: ours never changes, and one that is not ours is to be refused.
  StatefulSet: [field('spec', 'serviceName')],
  PersistentVolumeClaim: [
    field('spec', 'accessModes'),
    field('spec', 'storageClassName'),
    field('spec', 'volumeName'),
    size('spec', 'resources', 'requests', 'storage'),
  ],
  PersistentVolume: [field('spec', 'csi'), field('spec', 'nfs'), field('spec', 'storageClassName')],
  Secret: [field('type')],
  Service: [whileLoadBalancer(field('spec', 'loadBalancerClass')), field('spec', 'clusterIP')],
  PerconaPGCluster: [
    field('spec', 'postgresVersion'),
    inItems(['spec', 'instances'], field('dataVolumeClaimSpec', 'storageClassName')),
    inItems(['spec', 'instances'], notSmaller('dataVolumeClaimSpec', 'resources', 'requests', 'storage')),
    inItems(['spec', 'users'], notFewer('databases')),
  ],
  ConfigMap: [],
  Deployment: [],
  Role: [],
  RoleBinding: [field('roleRef')],
  ServiceAccount: [],
  StorageClass: [],
};

/** The manifest with everything that cannot change taken from the live object. */
export function preserveImmutable(manifest: Manifest, object: ObservedObject | undefined): Preserved {
  if (object?.live === undefined) return { manifest, unchangeable: [] };
  const { live, manifest: before } = object;
  const keeps = immutable[manifest.kind] ?? [];
  let current: JsonObject = manifest;
  for (const keep of keeps) current = keep(current, live, before);
  return {
    manifest: current,
    unchangeable: differences(manifest, current).map(
      (text) => `${manifest.kind} ${JSON.stringify(manifest.metadata.name)} keeps ${text}`,
    ),
  };
}

/** What was wanted and is not, field by field: `storageClassName "gold" (wanted "silver")`. */
function differences(wanted: Json | undefined, kept: Json | undefined, name = ''): readonly string[] {
  if (covers(kept, wanted)) return [];
  if (isList(wanted) && isList(kept) && wanted.length === kept.length)
    return wanted.flatMap((item, index) => differences(item, kept[index], name));
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) {
    return [`${name} ${JSON.stringify(kept ?? null)} (wanted ${JSON.stringify(wanted)})`];
  }
  return Object.entries(wanted).flatMap(([key, value]) => differences(value, at(kept, key), key));
}

/** The kinds whose immutable fields are known: every kind that a component renders, which a test checks. */
export const knownKinds: readonly string[] = Object.keys(immutable);
