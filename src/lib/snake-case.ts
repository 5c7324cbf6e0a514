import { defined, isList, isObject, type Json, type JsonObject } from './json.ts';

/** `maxReadSize` as `max_read_size`: how a field of ours is called in the server's API. */
function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (capitals) => `_${capitals.toLowerCase()}`);
}

/** The same object with its fields in snake case, those of objects and lists in it too, and without undefined ones. */
export function inSnakeCase(object: JsonObject): JsonObject {
  const convert = (value: Json | undefined): Json | undefined => {
    if (isList(value)) return value.map((item) => convert(item) ?? null);
    return isObject(value) ? inSnakeCase(value) : value;
  };
  return defined(Object.fromEntries(Object.entries(object).map(([name, value]) => [snakeCase(name), convert(value)])));
}
