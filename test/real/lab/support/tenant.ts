import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from 'js-yaml';
import type { Lab } from '../../../../lab/lab.ts';
import { eventually } from '../../../../lab/program.ts';
import { isObject, listAt, textAt, type JsonObject } from '../../../../src/lib/json.ts';

/** Milliseconds for anything that should come about by itself. */
const PATIENCE = 300_000;

/** Milliseconds between two looks: many stories share one API server. */
export const PERIOD = 500;

/** The Objects of namespaced DittoServers, as kubectl names them. */
export const OBJECTS = 'objects.kubernetes.m.crossplane.io';

/** Kinds of live objects that a DittoServer is made of. */
const KINDS = [
  'configmaps',
  'secrets',
  'services',
  'serviceaccounts',
  'roles',
  'rolebindings',
  'statefulsets',
  'deployments',
  'persistentvolumeclaims',
];

/** Live objects: `Kind/name` and the version of each; that of a workload and a claim without what controllers write. */
export type Snapshot = Readonly<Record<string, string>>;

/** Somebody who uses DittoServers in a namespace of their own. */
export interface Tenant {
  readonly namespace: string;
  readonly apply: (manifest: JsonObject) => Promise<string>;
  readonly patch: (name: string, patch: JsonObject) => Promise<string>;
  readonly server: (name: string) => Promise<JsonObject | undefined>;
  /** Waits until a check of the DittoServer holds; rejects with the server's status where it never does. */
  readonly until: (
    name: string,
    what: string,
    check: (server: JsonObject) => boolean,
    milliseconds?: number,
  ) => Promise<JsonObject>;
  /** Waits until it is Ready, at the generation that the spec has now, and nothing progresses. */
  readonly untilSettled: (name: string) => Promise<JsonObject>;
  readonly live: () => Promise<readonly JsonObject[]>;
  readonly snapshot: () => Promise<Snapshot>;
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  readonly get: (...args: readonly string[]) => Promise<JsonObject | undefined>;
}

/** A condition of an object. */
export function condition(object: JsonObject | undefined, type: string): JsonObject | undefined {
  return listAt(object, 'status', 'conditions')
    .filter(isObject)
    .find((one) => textAt(one, 'type') === type);
}

/** Whether a condition is True, and about the spec as it is now where it says so. */
export function holds(server: JsonObject, type: string, status = 'True'): boolean {
  return textAt(condition(server, type), 'status') === status;
}

/** An example as it stands in the repository, under another name and in no namespace. */
export function example(file: string, name: string): JsonObject {
  const manifest = load(readFileSync(join(import.meta.dirname, '../../../../examples', `${file}.yaml`), 'utf8'));
  if (!isObject(manifest)) throw new Error(`${file} is not a manifest`);
  return { ...manifest, metadata: { name } };
}

/** A DittoServer with a spec. */
export function dittoServer(name: string, spec: JsonObject): JsonObject {
  return { apiVersion: 'dittofs.dittofs.com/v1alpha1', kind: 'DittoServer', metadata: { name }, spec };
}

function versionOf(object: JsonObject): string {
  const { kind } = object;
  // Controllers write their status; what we decide is the generation, or the claim's request.
  if (kind === 'StatefulSet' || kind === 'Deployment')
    return JSON.stringify(object.metadata && isObject(object.metadata) ? object.metadata.generation : 0);
  if (kind === 'PersistentVolumeClaim') return JSON.stringify(object.spec);
  return textAt(object, 'metadata', 'resourceVersion') ?? '';
}

/** Whether a DittoServer is Ready as its spec is now, and nothing progresses; a claim's status names no generation. */
function isSettled(server: JsonObject): boolean {
  const generation = isObject(server.metadata) ? server.metadata.generation : undefined;
  const current = isObject(server.status) ? server.status.observedGeneration : undefined;
  const readyAt = condition(server, 'Ready')?.observedGeneration;
  return (
    [current, readyAt].every((seen) => seen === undefined || seen === generation) &&
    holds(server, 'Ready') &&
    holds(server, 'Progressing', 'False')
  );
}

/** A new tenant with a namespace of their own. */
export async function newTenant(
  { kubectl }: Pick<Lab, 'kubectl'>,
  namespace = `tenant-${randomBytes(3).toString('hex')}`,
): Promise<Tenant> {
  await kubectl('create', 'namespace', namespace);
  const mine = async (...args: readonly string[]): Promise<string> => kubectl('-n', namespace, ...args);
  const get = async (...args: readonly string[]): Promise<JsonObject | undefined> =>
    kubectl.get('-n', namespace, ...args);
  const server = async (name: string): Promise<JsonObject | undefined> => get('dittoservers.dittofs.dittofs.com', name);

  const until: Tenant['until'] = async (name, what, check, milliseconds = PATIENCE) => {
    let last: JsonObject | undefined;
    const look = async (): Promise<boolean> => {
      last = await server(name);
      return last !== undefined && check(last);
    };
    const seen = await eventually(look, milliseconds, { period: PERIOD });
    if (!seen || last === undefined)
      throw new Error(`${name} is never ${what}: ${JSON.stringify(last?.status, undefined, 2)}`);
    return last;
  };
  const live: Tenant['live'] = async () => listAt(await get(KINDS.join(',')), 'items').filter(isObject);
  return {
    namespace,
    kubectl: mine,
    get,
    server,
    apply: async (manifest) =>
      kubectl.apply({ ...manifest, metadata: { ...(isObject(manifest.metadata) && manifest.metadata), namespace } }),
    patch: async (name, patch) =>
      mine('patch', 'dittoservers.dittofs.dittofs.com', name, '--type=merge', '-p', JSON.stringify(patch)),
    until,
    untilSettled: async (name) => {
      for (;;) {
        await until(name, 'settled', isSettled);
        // Crossplane writes the status first, and the conditions a moment later, so that both may be of different times.
        await sleep(1_000);
        const still = await server(name);
        if (still !== undefined && isSettled(still)) return still;
      }
    },
    live,
    snapshot: async () =>
      Object.fromEntries(
        (await live()).map((object) => [
          `${textAt(object, 'kind')}/${textAt(object, 'metadata', 'name')}`,
          versionOf(object),
        ]),
      ),
  };
}

/** The reasons of the events that a tenant sees about DittoServers. */
export async function eventsOf({ get }: Tenant): Promise<readonly (string | undefined)[]> {
  const events = listAt(await get('events', '--field-selector=involvedObject.kind=DittoServer'), 'items');
  return events.map((event) => textAt(event, 'reason'));
}

/** What differs between two snapshots. */
export function changes(before: Snapshot, after: Snapshot): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => before[key] !== after[key])
    .sort();
}

/** What provider-kubernetes does every ten minutes, now: an edit of an Object makes it look. */
export async function poll(tenant: Tenant): Promise<void> {
  await tenant.kubectl('annotate', OBJECTS, '--all', '--overwrite', `poll=${Date.now()}`);
}
