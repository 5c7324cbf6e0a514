/** Any JSON value, as it comes off the wire or out of a YAML file. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object whose fields are not known yet: narrow each one before use. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** The way to a value inside a JSON object: field names and list indices. */
export type Path = readonly (string | number)[];

/** Tells whether a value is a JSON object: not null and not a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Tells whether a value is a list. Unlike Array.isArray it keeps the element type of a readonly list. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The value at a path, or undefined where any step is missing; own fields only, never the prototype's. */
export function at(value: Json | undefined, ...path: Path): Json | undefined {
  let current = value;
  for (const step of path) {
    if (isList(current) && typeof step === 'number') current = current[step];
    else if (isObject(current) && Object.hasOwn(current, step)) current = current[step];
    else return undefined;
  }
  return current;
}

/** The text at a path, or undefined where there is none or another type. */
export function textAt(value: Json | undefined, ...path: Path): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** The number at a path, or undefined where there is none or another type. */
export function numberAt(value: Json | undefined, ...path: Path): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** The object at a path, or undefined where there is none or another type. */
export function objectAt(value: Json | undefined, ...path: Path): JsonObject | undefined {
  const found = at(value, ...path);
  return isObject(found) ? found : undefined;
}

/** The list at a path; empty where there is none or another type. */
export function listAt(value: Json | undefined, ...path: Path): readonly Json[] {
  const found = at(value, ...path);
  return isList(found) ? found : [];
}

/** The fields of an object whose values are texts: labels, annotations, Secret data. Others are left out. */
export function textsAt(value: Json | undefined, ...path: Path): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(objectAt(value, ...path) ?? {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/**
 * A copy with the value at a path replaced; undefined takes the field out. Missing objects on the way are made.
 *
 * Only object fields can be replaced: what we change (a replica count, a storage class) never lies inside a list.
 */
export function withValue(object: JsonObject, path: readonly string[], value: Json | undefined): JsonObject {
  const [field, ...rest] = path;
  if (field === undefined) return object;
  const next = rest.length === 0 ? value : withValue(objectAt(object, field) ?? {}, rest, value);
  const others = Object.entries(object).filter(([key]) => key !== field);
  return Object.fromEntries(next === undefined ? others : [...others, [field, next]]);
}

/** Two objects as one: fields of `over` win, objects are merged field by field, lists and scalars are replaced. */
export function mergeObjects(under: JsonObject, over: JsonObject): JsonObject {
  const merged = new Map(Object.entries(under));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    merged.set(key, isObject(below) && isObject(value) ? mergeObjects(below, value) : value);
  }
  return Object.fromEntries(merged);
}

/**
 * Tells whether `actual` carries everything that `wanted` says: the same scalars, lists of the same length, and at
 * least the same fields. This is how a live object is compared with a manifest that sets only some of its fields.
 */
export function covers(actual: Json | undefined, wanted: Json | undefined): boolean {
  if (isList(wanted)) {
    return (
      isList(actual) && actual.length === wanted.length && wanted.every((value, index) => covers(actual[index], value))
    );
  }
  if (isObject(wanted)) {
    return isObject(actual) && Object.entries(wanted).every(([key, value]) => covers(at(actual, key), value));
  }
  return actual === wanted;
}

/** The same JSON with every object's fields in code point order, so that equal values are equal bytes. */
export function sortFields(value: Json | undefined): Json | undefined {
  if (isList(value)) return value.map((item) => sortFields(item) ?? null);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortFields(value[key])]),
  );
}

/** An object without its undefined fields: JSON, and a protobuf Struct, know no such value. */
export function defined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
