import { componentsOf } from '../components/registry.ts';
import { encodeBase64 } from '../lib/hash.ts';
import { at, isList, isObject, listAt, textAt, type Json, type JsonObject } from '../lib/json.ts';
import type { Plan } from '../plan/plan.ts';
import { isSecret } from './hide-secrets.ts';

/** Long enough for every rule about a Secret's value. */
const VALUE = encodeBase64('stand-in for a value that is not read here, 64 characters long..');

/** Credentials in pgBackRest's own form. */
const CREDENTIALS = encodeBase64('[global]\nrepo1-s3-key=stand-in\nrepo1-s3-key-secret=stand-in\n');

/** The keys of a Secret that is mounted as a whole: those of TLS, and pgBackRest's. */
const wholeKeys = ['ca.crt', 's3.conf', 'tls.crt', 'tls.key'];

/** A key of a Secret that something reads. */
type Reference = readonly [name: string, key: string];

function mounted(name: string | undefined, source: JsonObject): readonly Reference[] {
  if (name === undefined) return [];
  const items = listAt(source, 'items').flatMap((item) => textAt(item, 'key') ?? []);
  return (items.length === 0 ? wholeKeys : items).map((key) => [name, key]);
}

function referenceOf(field: string, value: JsonObject): readonly Reference[] {
  const [name, key] = [textAt(value, 'name'), textAt(value, 'key')];
  if (at(value, 'optional') === true) return [];
  if (field === 'secretKeyRef') return name === undefined || key === undefined ? [] : [[name, key]];
  if (field === 'secret') return mounted(textAt(value, 'secretName') ?? name, value);
  // A field of the spec: passwordSecretRef {name, key}, credentialsSecretRef {name, accessKeyIdKey, …}.
  if (!/[sS]ecretRef$/.test(field) || name === undefined) return [];
  const keys = Object.entries(value).flatMap(([part, text]) =>
    typeof text === 'string' && (part === 'key' || part.endsWith('Key')) ? [text] : [],
  );
  return keys.map((text) => [name, text]);
}

/** Every key of a Secret that pods read, and that the spec names. */
function references(value: Json | undefined): readonly Reference[] {
  if (isList(value)) return value.flatMap(references);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([field, content]) => [
    ...(isObject(content) ? referenceOf(field, content) : []),
    ...references(content),
  ]);
}

/**
 * Secrets in place of those that a DittoServer refers to and that the preview does not have, by name, with every key that
 * is read of them. Those that are generated are none of them: they are not there before the first call.
 */
export function standIns(plan: Plan, xr: JsonObject): ReadonlyMap<string, JsonObject> {
  const manifests = componentsOf(plan).flatMap(({ render }) => render(plan) ?? []);
  const generated = manifests.filter(isSecret).map(({ metadata }) => metadata.name);
  const keys = new Map<string, Set<string>>();
  const files = plan.serving.files.map(({ secret, key }): Reference => [secret, key]);
  for (const [name, key] of [...references(manifests), ...references(xr), ...files]) {
    if (!generated.includes(name)) keys.set(name, (keys.get(name) ?? new Set()).add(key));
  }
  return new Map([...keys].map(([name, of]) => [name, secret(name, plan.namespace, [...of].sort())]));
}

function secret(name: string, namespace: string, keys: readonly string[]): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data: Object.fromEntries(keys.map((key) => [key, key.endsWith('.conf') ? CREDENTIALS : VALUE])),
  };
}
