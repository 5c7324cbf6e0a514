import type { Texts } from '../../../src/kubernetes/manifest.ts';
import { decodeBase64 } from '../../../src/lib/hash.ts';
import { at, listAt, numberAt, objectAt, textAt, textsAt, type Json, type JsonObject } from '../../../src/lib/json.ts';
import { parseQuantity } from '../../../src/lib/quantity.ts';
import { firstContainer } from '../../support/api-server.ts';
import type { Cluster } from '../../support/cluster.ts';

/** Where objects are looked up: a simulated cluster, or what somebody read from a real one. */
export type Objects = Pick<Cluster, 'live'>;

/** What a kubelet starts the server with, by what its cluster holds. */
export interface Rendered {
  readonly args: readonly string[];
  /** The environment, with the values of its Secrets. */
  readonly env: Texts;
  /** What is mounted: file names and contents, by the folder; what the server writes to is empty. */
  readonly volumes: Readonly<Record<string, Texts>>;
  /** The ports of its container, by name. */
  readonly ports: Readonly<Record<string, number>>;
  /** Seconds in which it has to end after it was asked to. */
  readonly grace: number;
}

type Holder = 'Secret' | 'ConfigMap';

/** The text under a key; a kubelet starts nothing without it. */
function textUnder(cluster: Objects, kind: Holder, name: string, key: string): string {
  const text = dataOf(cluster, kind, name)[key];
  if (text === undefined) throw new Error(`cannot start the server: ${kind} "${name}" has no key "${key}"`);
  return text;
}

function dataOf(cluster: Objects, kind: Holder, name: string): Texts {
  const holder = cluster.live(kind, name);
  if (holder === undefined) throw new Error(`cannot start the server: there is no ${kind} "${name}"`);
  const data = textsAt(holder, 'data');
  if (kind === 'ConfigMap') return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decodeBase64(value)]));
}

/** The value behind a reference; undefined where it may be absent, and is. */
function secretValue(cluster: Objects, ref: JsonObject): string | undefined {
  const [name = '', key = ''] = [textAt(ref, 'name'), textAt(ref, 'key')];
  const isAbsent = textAt(cluster.live('Secret', name), 'data', key) === undefined;
  return at(ref, 'optional') === true && isAbsent ? undefined : textUnder(cluster, 'Secret', name, key);
}

/** What a container may use of a resource such as `limits.memory`, in bytes or cores. */
function resourceValue(container: JsonObject, resource: string): string {
  const quantity = parseQuantity(textAt(container, 'resources', ...resource.split('.')) ?? '');
  if (quantity === undefined) throw new Error(`cannot start the server: it has no ${resource}`);
  return String(quantity.nanos / 1_000_000_000n);
}

/** The value of a variable; undefined where it stays unset. */
function valueOf(cluster: Objects, container: JsonObject, variable: Json): string | undefined {
  const ref = objectAt(variable, 'valueFrom', 'secretKeyRef');
  if (ref !== undefined) return secretValue(cluster, ref);
  const resource = textAt(variable, 'valueFrom', 'resourceFieldRef', 'resource');
  return resource === undefined ? (textAt(variable, 'value') ?? '') : resourceValue(container, resource);
}

function environment(cluster: Objects, container: JsonObject): Texts {
  const env: Record<string, string> = {};
  for (const variable of listAt(container, 'env')) {
    const value = valueOf(cluster, container, variable);
    if (value !== undefined) env[textAt(variable, 'name') ?? ''] = value;
  }
  return env;
}

/** The keys of a Secret or ConfigMap that are mounted, each at its path. */
function itemsOf(cluster: Objects, kind: Holder, name: string, items: readonly Json[]): Texts {
  return Object.fromEntries(
    items.map((item) => [textAt(item, 'path') ?? '', textUnder(cluster, kind, name, textAt(item, 'key') ?? '')]),
  );
}

/** The files of a volume when the pod starts. */
function filesOf(cluster: Objects, volume: Json | undefined): Texts {
  const sources = listAt(volume, 'projected', 'sources');
  if (sources.length > 0) {
    const files = sources.map((source) =>
      itemsOf(cluster, 'Secret', textAt(source, 'secret', 'name') ?? '', listAt(source, 'secret', 'items')),
    );
    return Object.assign({}, ...files) as Texts;
  }
  const [secret, configMap] = [objectAt(volume, 'secret'), objectAt(volume, 'configMap')];
  const kind = secret === undefined ? 'ConfigMap' : 'Secret';
  const name = textAt(secret, 'secretName') ?? textAt(configMap, 'name');
  if (name === undefined) return {};
  const items = listAt(secret ?? configMap, 'items');
  return items.length === 0 ? dataOf(cluster, kind, name) : itemsOf(cluster, kind, name, items);
}

/** Reads what the pod of a DittoServer starts with; throws where a kubelet would not start it. */
export function renderedOf(cluster: Objects, name: string): Rendered {
  const server = cluster.live('StatefulSet', name);
  const container = firstContainer(server);
  if (container === undefined) throw new Error(`there is no StatefulSet ${JSON.stringify(name)}`);
  const pod = objectAt(server, 'spec', 'template', 'spec');
  const volumes = new Map(listAt(pod, 'volumes').map((volume) => [textAt(volume, 'name'), volume]));
  return {
    args: listAt(container, 'args').map((argument) => textAt(argument) ?? ''),
    env: environment(cluster, container),
    volumes: Object.fromEntries(
      listAt(container, 'volumeMounts').map((mount) => [
        textAt(mount, 'mountPath') ?? '',
        filesOf(cluster, volumes.get(textAt(mount, 'name'))),
      ]),
    ),
    ports: Object.fromEntries(
      listAt(container, 'ports').map((port) => [textAt(port, 'name') ?? '', numberAt(port, 'containerPort') ?? 0]),
    ),
    grace: numberAt(pod, 'terminationGracePeriodSeconds') ?? 0,
  };
}
