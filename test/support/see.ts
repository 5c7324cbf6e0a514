import { texts, without } from './json.ts';
import { listAt, objectAt, sortFields, textAt, type JsonObject, at } from '../../src/lib/json.ts';
import { desiredOf, readyOf, resultsOf } from './call.ts';
import type { Cluster, Step } from './cluster.ts';
import { toYaml } from './yaml.ts';

/** What the provider may do with the live object of a key, as `Observe, Create`. */
export function policies(cluster: Cluster, key: string): string {
  return texts(at(cluster.objects()[key], 'spec', 'managementPolicies')).join(', ');
}

/** The manifest that the XR's Object under a key asks for. */
export function manifest(cluster: Cluster, key: string): JsonObject | undefined {
  return objectAt(cluster.objects()[key], 'spec', 'forProvider', 'manifest');
}

/** The seconds for which Crossplane may keep a response. */
export function ttl({ response }: Step): number | undefined {
  return response.meta?.ttl?.seconds;
}

/** The keys of desired resources that are not ready. */
export function unready({ response }: Step): readonly string[] {
  return Object.entries(response.desired?.resources ?? {})
    .filter(([, resource]) => readyOf(resource) !== 'ready')
    .map(([key]) => key)
    .sort();
}

/** The keys of all desired resources. */
export function desiredKeys({ response }: Step): readonly string[] {
  return Object.keys(desiredOf(response)).sort();
}

/** What the specs of the XR's Objects say, to see which of them a step changes. */
export function specs(cluster: Cluster): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(cluster.objects()).map(([key, object]) => [key, JSON.stringify(sortFields(object.spec))]),
  );
}

/** The keys of Objects that are new, gone, or have another spec than before. */
export function changedSince(before: ReadonlyMap<string, string>, cluster: Cluster): readonly string[] {
  const now = specs(cluster);
  return [...new Set([...before.keys(), ...now.keys()])].filter((key) => before.get(key) !== now.get(key)).sort();
}

/** The conditions in a line each: `ConfigReady: True ConfigValid`. */
export function conditions(cluster: Cluster): Readonly<Record<string, string>> {
  return Object.fromEntries(
    listAt(cluster.status(), 'conditions').map((condition) => [
      textAt(condition, 'type') ?? '',
      `${textAt(condition, 'status') ?? ''} ${textAt(condition, 'reason') ?? ''}`,
    ]),
  );
}

/** A live object without what changes at every write. */
export function content(object: JsonObject | undefined): JsonObject | undefined {
  if (object === undefined) return undefined;
  return { ...object, metadata: without(objectAt(object, 'metadata') ?? {}, 'resourceVersion') };
}

/** What a person sees after a step: status, conditions, events, and which resources hold Ready back. */
export function picture(cluster: Cluster, step: Step): string {
  const { conditions: all, ...status } = cluster.status();
  return toYaml({
    seen: {
      conditions: (all as readonly JsonObject[]).map((condition) => without(condition, 'lastTransitionTime')),
      status,
      events: resultsOf(step.response).map(({ severity, reason, message }) => `${severity} ${reason}: ${message}`),
    },
    told: {
      ttl: `${String(ttl(step))}s`,
      composite: readyOf(step.response.desired?.composite ?? { ready: 0 }),
      unready: unready(step),
    },
  });
}
