import { at, covers, textAt, withValue, type Json, type JsonObject } from '../lib/json.ts';
import { compareQuantities, parseQuantity } from '../lib/quantity.ts';
import type { Manifest } from '../kubernetes/manifest.ts';

/** A manifest that keeps what cannot change, and what was wanted instead, in words. */
export interface Preserved {
  readonly manifest: JsonObject;
  readonly unchangeable: readonly string[];
}

type Keep = (manifest: JsonObject, live: JsonObject) => JsonObject;

/** Keeps the live value of a field that we set; a field that we leave out stays out. */
function field(...path: readonly string[]): Keep {
  return (manifest, live) =>
    at(manifest, ...path) === undefined ? manifest : withValue(manifest, path, at(live, ...path));
}

/** Keeps a size from going below what the live object asks for. */
function growing(...path: readonly string[]): Keep {
  return (manifest, live) => {
    const wanted = parseQuantity(textAt(manifest, ...path) ?? '');
    const has = parseQuantity(textAt(live, ...path) ?? '');
    if (wanted === undefined || has === undefined || compareQuantities(wanted, has) >= 0) return manifest;
    return withValue(manifest, path, textAt(live, ...path));
  };
}

/** Keeps a field only while the live object is of the same type: a Service's load balancer class. */
function whileSameType(keep: Keep): Keep {
  return (manifest, live) =>
    textAt(manifest, 'spec', 'type') === textAt(live, 'spec', 'type') ? keep(manifest, live) : manifest;
}

/**
 * Fields that the API server refuses to change, for every kind that we render. The refused dry run of one of them
 * would block all other changes of that object, and its deletion too; so they come from the live object.
 */
const immutable: Readonly<Record<string, readonly Keep[]>> = {
  StatefulSet: [field('spec', 'selector'), field('spec', 'serviceName')],
  PersistentVolumeClaim: [
    field('spec', 'accessModes'),
    field('spec', 'storageClassName'),
    growing('spec', 'resources', 'requests', 'storage'),
  ],
  Secret: [field('type')],
  Service: [whileSameType(field('spec', 'loadBalancerClass')), field('spec', 'clusterIP')],
  ConfigMap: [],
  StorageClass: [],
};

/** The manifest with everything that cannot change taken from the live object. */
export function preserveImmutable(manifest: Manifest, live: JsonObject | undefined): Preserved {
  if (live === undefined) return { manifest, unchangeable: [] };
  const keeps = immutable[manifest.kind] ?? [];
  let current: JsonObject = manifest;
  for (const keep of keeps) current = keep(current, live);
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
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) {
    return [`${name} ${JSON.stringify(kept ?? null)} (wanted ${JSON.stringify(wanted)})`];
  }
  return Object.entries(wanted).flatMap(([key, value]) => differences(value, at(kept, key), key));
}

/** The kinds whose immutable fields are known: every kind that a component renders, which a test checks. */
export const knownKinds: readonly string[] = Object.keys(immutable);
