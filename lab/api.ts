import { readFileSync } from 'node:fs';
import { Agent, request, type RequestOptions } from 'node:https';
import { isObject, listAt, textAt, type Json, type JsonObject } from '../src/lib/json.ts';

/** What an API server answers; its body is JSON. */
export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

/** Asks one API server, over connections that stay open. */
export type Ask = (
  method: 'GET' | 'PATCH' | 'POST',
  path: string,
  options?: { readonly body?: JsonObject; readonly headers?: Readonly<Record<string, string>> },
) => Promise<Answer>;

/** Who asks, and whom, by a kubeconfig as the lab writes them: with a token. */
export function askWith(kubeconfigFile: string): Ask {
  const kubeconfig = JSON.parse(readFileSync(kubeconfigFile, 'utf8')) as JsonObject;
  const cluster = ['clusters', 0, 'cluster'] as const;
  const server = textAt(kubeconfig, ...cluster, 'server') ?? '';
  const ca = Buffer.from(textAt(kubeconfig, ...cluster, 'certificate-authority-data') ?? '', 'base64');
  const authorization = `Bearer ${textAt(kubeconfig, 'users', 0, 'user', 'token') ?? ''}`;
  const agent = new Agent({ keepAlive: true, ca });
  return (method, path, { body, headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const options: RequestOptions = { method, agent, headers: { authorization, ...headers } };
      const asked = request(`${server}${path}`, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(chunks).toString()) as JsonObject,
          });
        });
      });
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

/** Fails with the API server's own words. */
async function need(ask: Ask, path: string): Promise<JsonObject> {
  const { status, body } = await ask('GET', path);
  if (status >= 300) throw new Error(textAt(body, 'message') ?? `GET ${path}: ${status}`);
  return body;
}

/** A resource that the API server serves. */
interface Resource {
  /** What kubectl calls it, and the categories that it is in. */
  readonly names: readonly string[];
  readonly prefix: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Everything that is served, each in the version that the API server prefers of those that have it. */
async function discover(ask: Ask): Promise<readonly Resource[]> {
  const groups = listAt(await need(ask, '/apis'), 'groups');
  const versions = groups.flatMap((group) => {
    const all = listAt(group, 'versions').map((version) => textAt(version, 'groupVersion') ?? '');
    return [textAt(group, 'preferredVersion', 'groupVersion') ?? '', ...all];
  });
  const prefixes = ['/api/v1', ...new Set(versions.map((version) => `/apis/${version}`))];
  const lists = await Promise.all(
    prefixes.map(async (prefix) => {
      const { status, body } = await ask('GET', prefix);
      const group = prefix.split('/')[2] ?? '';
      const resources = status >= 300 ? [] : listAt(body, 'resources').filter(isObject);
      return resources.map((resource): Resource => {
        const plural = textAt(resource, 'name') ?? '';
        const short = [...listAt(resource, 'shortNames'), ...listAt(resource, 'categories')].map(String);
        return {
          names: [plural, textAt(resource, 'singularName') ?? '', `${plural}.${group}`, ...short],
          prefix,
          plural,
          namespaced: resource.namespaced === true,
        };
      });
    }),
  );
  const preferred = new Map<string, Resource>();
  for (const resource of lists.flat().filter(({ plural }) => !plural.includes('/'))) {
    const [, , full = ''] = resource.names;
    if (!preferred.has(full)) preferred.set(full, resource);
  }
  return [...preferred.values()];
}

/** What is asked for, as kubectl takes it. */
interface Query {
  readonly namespace: string;
  readonly resources: readonly string[];
  readonly name: string | undefined;
  readonly selector: string;
}

function parse(args: readonly string[]): Query {
  const rest: string[] = [];
  let [namespace, selector] = ['default', ''];
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? '';
    if (argument === '-n') namespace = args[(index += 1)] ?? '';
    else if (argument.startsWith('--namespace=')) namespace = argument.slice('--namespace='.length);
    else if (argument.startsWith('--field-selector='))
      selector = `?fieldSelector=${encodeURIComponent(argument.slice('--field-selector='.length))}`;
    else if (argument.startsWith('-')) throw new Error(`cannot get with ${argument}: it is not known here`);
    else rest.push(...argument.split('/'));
  }
  const [resources = '', name] = rest;
  return { namespace, resources: resources.split(','), name, selector };
}

/** The items of a list, each with its kind, which the API server says only of the list. */
function itemsOf(list: JsonObject): readonly JsonObject[] {
  const kind = (textAt(list, 'kind') ?? '').replace(/List$/, '');
  return listAt(list, 'items')
    .filter(isObject)
    .map((item: JsonObject) => ({ apiVersion: list.apiVersion, kind, ...item }));
}

/**
 * `kubectl get -o json --ignore-not-found`, without a process for each look: tests look often. An object or a list;
 * undefined where there is none.
 */
export function getWith(ask: Ask): (...args: readonly string[]) => Promise<JsonObject | undefined> {
  let known: Promise<readonly Resource[]> | undefined;
  const find = async (written: string): Promise<readonly Resource[]> => {
    const name = written.toLowerCase();
    for (const isFresh of [false, true]) {
      if (isFresh || known === undefined) known = discover(ask);
      const found = (await known).filter(({ names }) => names.includes(name));
      const [first] = found;
      // A name means the first that has it, a category all that are in it.
      if (first !== undefined) return first.names.slice(0, 3).includes(name) ? [first] : found;
    }
    throw new Error(`the server doesn't have a resource type "${name}"`);
  };
  return async (...args) => {
    const { namespace, resources, name, selector } = parse(args);
    const found = (await Promise.all(resources.map(find))).flat();
    const answers = await Promise.all(
      found.map(async ({ prefix, plural, namespaced }) => {
        const folder = `${prefix}${namespaced ? `/namespaces/${namespace}` : ''}/${plural}`;
        const path = name === undefined ? `${folder}${selector}` : `${folder}/${name}`;
        const { status, body } = await ask('GET', path);
        if (status === 404) return undefined;
        if (status >= 300) throw new Error(textAt(body, 'message') ?? `GET ${path}: ${status}`);
        return body;
      }),
    );
    if (name !== undefined) return answers[0];
    const items: readonly Json[] = answers.flatMap((list) => (list === undefined ? [] : itemsOf(list)));
    return items.length === 0 ? undefined : { apiVersion: 'v1', kind: 'List', items };
  };
}
