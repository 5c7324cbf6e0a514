import { isList, isObject, type Json, type JsonObject } from '../../src/lib/json.ts';

/** JSON that a test may change. */
export type Mutable = Record<string, unknown>;

/** A deep copy that shares nothing with the original; fields that are undefined are gone, as on the wire. */
export function copy<T extends Json | undefined>(value: T): T {
  if (isList(value)) return value.map((item) => copy(item)) as unknown as T;
  if (!isObject(value)) return value;
  const fields = Object.entries(value).filter(([, below]) => below !== undefined);
  return Object.fromEntries(fields.map(([key, below]) => [key, copy(below)])) as unknown as T;
}

/** The same JSON with the fields of every object in the opposite order. */
export function reversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reversed) as T;
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, below]) => [key, reversed(below)]),
  ) as T;
}

/** An object of lower-case text to its base64 form: the `data` of a Secret. */
export function base64(data: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
}

/** A Secret as the API server has it. */
export function secret(
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>>,
  metadata: JsonObject = {},
): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, ...metadata },
    type: 'Opaque',
    data: base64(data),
  };
}

/** An object without some of its fields. */
export function without(object: JsonObject, ...fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));
}

/** The texts of a list, such as an Object's management policies; what is no text is left out. */
export function texts(list: Json | undefined): readonly string[] {
  return Array.isArray(list) ? (list as readonly Json[]).filter((item) => typeof item === 'string') : [];
}
