import { isList, isObject, type Json } from '../lib/json.ts';

/** Fields that stand first, as people write manifests; a status object stands last, the others by name. */
const first = ['apiVersion', 'kind', 'metadata', 'type', 'name', 'namespace', 'key'];

function rank(field: string, value: Json | undefined): number {
  const index = first.indexOf(field);
  if (index !== -1) return index;
  return field === 'status' && isObject(value) ? first.length + 1 : first.length;
}

/** The same JSON with its fields in the order in which people write manifests. */
export function inReadingOrder<T extends Json>(value: T): T;
export function inReadingOrder(value: Json): Json {
  if (isList(value)) return value.map((item) => inReadingOrder(item));
  if (!isObject(value)) return value;
  const fields = Object.entries(value).sort(
    ([a, one], [b, other]) => rank(a, one) - rank(b, other) || (a < b ? -1 : 1),
  );
  return Object.fromEntries(
    fields.flatMap(([field, content]) => (content === undefined ? [] : [[field, inReadingOrder(content)] as const])),
  );
}
