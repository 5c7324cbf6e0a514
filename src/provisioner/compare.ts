import { parseDuration } from '../lib/duration.ts';
import { isList, isObject, sortFields, type Json, type JsonObject } from '../lib/json.ts';
import { sameSize } from './same-size.ts';

/** A field that differs; without values where these may be secret. */
export interface FieldChange {
  readonly name: string;
  readonly from?: Json;
  readonly to?: Json;
}

/** Whether a value is what the server has; what is empty, it leaves out. */
export type Same = (declared: Json, actual: Json | undefined) => boolean;

/** What the server shows in the place of a secret. */
export const HIDDEN = '********';

function isEmpty(value: Json | undefined): boolean {
  if (isList(value)) return value.length === 0;
  return value === undefined || value === null || value === '' || value === 0 || value === false;
}

/** Lists of the API are sets: the order of operations, patterns and groups means nothing. */
function canonical(value: Json | undefined): string {
  if (isList(value)) return JSON.stringify(value.map((item) => canonical(item)).sort());
  return JSON.stringify(sortFields(value));
}

/** Values of any kind. */
export const sameValue: Same = (declared, actual) =>
  (isEmpty(declared) && isEmpty(actual)) || canonical(declared) === canonical(actual);

/** Fields of a store's config; what the server hides of them is told otherwise. */
export function sameConfig(declared: Json | undefined, actual: Json | undefined): boolean {
  if (actual === HIDDEN) return true;
  if (isObject(declared) && isObject(actual)) {
    const names = new Set([...Object.keys(declared), ...Object.keys(actual)]);
    return [...names].every((name) => sameConfig(declared[name], actual[name]));
  }
  return sameValue(declared ?? null, actual);
}

/** Go durations, however they are written; none is 0. */
export const sameDuration: Same = (declared, actual) => {
  const [a, b] = [declared, actual].map((text) => parseDuration(typeof text === 'string' && text !== '' ? text : '0'));
  return a?.nanos === b?.nanos;
};

/** Intervals of a snapshot policy: Go durations, or one of three words. https://github.com/marmos91/dittofs/blob/v0.29.0/pkg/schedule/interval.go */
export const sameInterval: Same = (declared, actual) => {
  const words: Readonly<Record<string, string>> = { '@hourly': '1h', '@daily': '24h', '@weekly': '168h' };
  const written = typeof declared === 'string' ? (words[declared.trim().toLowerCase()] ?? declared.trim()) : declared;
  return sameDuration(written, actual);
};

/** A number of bytes, and what the server shows of it; `applied` is what was sent last, as far as that is known. */
export function sameBytes(applied: number | undefined): Same {
  return (declared, actual) =>
    typeof declared === 'number' &&
    sameSize(declared, typeof actual === 'string' ? actual : '') &&
    (declared === 0 || applied === declared);
}

/** The declared fields that the server has otherwise, in the order of their names; `special` compares some in their own way. */
export function differences(
  declared: JsonObject,
  actual: JsonObject,
  special: Readonly<Record<string, Same>> = {},
): readonly FieldChange[] {
  return Object.keys(declared)
    .sort()
    .flatMap((name) => {
      const to = declared[name];
      const from = actual[name];
      if (to === undefined || (special[name] ?? sameValue)(to, from)) return [];
      return [{ name, to, ...(from !== undefined && { from }) }];
    });
}

/** The fields of an object that changes name. */
export function changed(object: JsonObject, changes: readonly FieldChange[]): JsonObject {
  return Object.fromEntries(changes.map(({ name }) => [name, object[name]]));
}
