import { closest } from '../lib/closest.ts';
import { at, isObject, textAt, type JsonObject } from '../lib/json.ts';
import { readQuantity } from '../lib/quantity.ts';
import { coreRules, type SchemaProblem } from './core-rules.ts';
import { coreTypes, type FieldType, type ScalarType, type TypeName } from './core-types.gen.ts';

/** The Kubernetes types that users write and that we pass through; all of core/v1. */
export type CoreType =
  | 'Affinity'
  | 'EnvVar'
  | 'PodSecurityContext'
  | 'ResourceRequirements'
  | 'SecurityContext'
  | 'Toleration'
  | 'TopologySpreadConstraint'
  | 'Volume'
  | 'VolumeMount';

/**
 * Everything that is wrong with a value that should be of a Kubernetes type; empty if nothing is.
 *
 * kube-apiserver would drop an unknown field, so that a typo is silently without effect, or refuse the whole object and
 * with it every later update. So both are refused here, all problems at once, before anything is rendered. Beyond the
 * types only what a slip makes likely is checked (core-rules.ts). Stricter than Kubernetes in that nothing may be null.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */
export function checkCoreType(type: CoreType, value: unknown): SchemaProblem[] {
  return checkValue({ ref: type }, value);
}

/** The nesting of a type is finite, and none refers back to itself: so is this recursion, whatever the value. */
function checkValue(type: FieldType, value: unknown): SchemaProblem[] {
  if (value === null) return [{ path: [], value: undefined, message: 'is null' }];
  if (typeof type === 'string') return asProblems(value, scalars[type](value));
  if ('enum' in type) {
    const allowed = typeof value === 'string' && type.enum.includes(value);
    return allowed ? [] : asProblems(value, `is not ${alternatives(type.enum)}`);
  }
  if ('list' in type) return Array.isArray(value) ? checkList(type, value) : asProblems(value, 'is not a list');
  if (!isObject(value)) return asProblems(value, 'is not an object');
  return 'map' in type ? checkMap(type.map, value) : checkObject(type.ref, value);
}

function checkObject(name: TypeName, object: JsonObject): SchemaProblem[] {
  const { fields, required } = coreTypes[name];
  const present = Object.entries(object).filter(([, value]) => value !== undefined);

  const missing = required
    .filter((field) => at(object, field) === undefined)
    .map((field) => ({ path: [field], value: undefined, message: 'is required' }));
  const empty = required
    .filter((field) => at(object, field) === '' && `${name}.${field}` !== mayBeEmpty)
    .map((field) => ({ path: [field], value: '', message: 'is empty' }));
  const unknown = present
    .filter(([field]) => !Object.hasOwn(fields, field))
    .map(([field]) => ({ path: [field], value: undefined, message: unknownField(name, field) }));
  const below = present.flatMap(([field, value]) => {
    const type = Object.hasOwn(fields, field) ? fields[field] : undefined;
    return type === undefined ? [] : within(field, checkValue(type, value));
  });

  // Beside a misspelled field, a rule about the whole would only repeat it: "has no source", says a misspelled source.
  const sound = missing.length === 0 && unknown.length === 0;
  const whole = sound ? (coreRules[name] ?? []).flatMap((rule) => rule(object)) : [];
  return [...missing, ...empty, ...unknown, ...below, ...whole];
}

function checkMap(type: FieldType, map: JsonObject): SchemaProblem[] {
  return Object.entries(map).flatMap(([key, value]) =>
    value === undefined ? [] : within(key, checkValue(type, value)),
  );
}

function checkList(
  { list, keys = [] }: Extract<FieldType, { list: FieldType }>,
  items: readonly unknown[],
): SchemaProblem[] {
  const below = items.flatMap((item, index) => within(index, checkValue(list, item)));
  return [...below, ...checkDuplicates(keys, items)];
}

/** The later ones of items with the same texts under all keys: Kubernetes keeps one of them, or refuses the object. */
function checkDuplicates(keys: readonly string[], items: readonly unknown[]): SchemaProblem[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const texts = keys.map((key) => (isObject(item) ? textAt(item, key) : undefined));
    if (keys.length === 0 || texts.includes(undefined)) return [];

    const identity = JSON.stringify(texts);
    if (seen.has(identity)) return [{ path: [index, ...keys.slice(0, 1)], value: texts[0], message: 'appears twice' }];
    seen.add(identity);
    return [];
  });
}

/** The only required field that Kubernetes takes empty: an empty value is how some sysctls are cleared. */
const mayBeEmpty = 'Sysctl.value';

function unknownField(name: TypeName, field: string): string {
  const known = Object.keys(coreTypes[name].fields);
  const near = closest(field, known);
  const few = known.length <= 12 ? `; the fields are ${known.join(', ')}` : '';
  const hint = near === undefined ? few : `; did you mean "${near}"?`;
  return `is not a field of ${name}${hint}`;
}

/** What follows the value if it is not of the type; undefined if it is. */
const scalars: Readonly<Record<ScalarType, (value: unknown) => string | undefined>> = {
  string: (value) => {
    if (typeof value === 'string') return undefined;
    return typeof value === 'object' ? 'is not a string' : 'is not a string; put it in quotes';
  },
  boolean: (value) => (typeof value === 'boolean' ? undefined : 'is not true or false'),
  int32: (value) => integerProblem(value, 32),
  int64: (value) => integerProblem(value, 64),
  quantity: (value) => {
    const quantity = readQuantity(value);
    if (quantity === undefined) return 'is not a quantity such as "10Gi"';
    return quantity.nanos < 0n ? 'is negative' : undefined; // none of these types has a place for a negative amount
  },
  'int-or-string': (value) => (typeof value === 'string' ? undefined : integerProblem(value, 32)),
};

function integerProblem(value: unknown, bits: 32 | 64): string | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return 'is not an integer';
  const limit = 2 ** (bits - 1);
  return value >= -limit && value < limit ? undefined : `is not an integer of ${bits} bits`;
}

/** `A, B or C`; the empty text, which stands for a default, is not worth proposing. */
function alternatives(texts: readonly string[]): string {
  const named = texts.filter((text) => text !== '');
  return named.join(', ').replace(/, (?=[^,]*$)/, ' or ');
}

function asProblems(value: unknown, message: string | undefined): SchemaProblem[] {
  return message === undefined ? [] : [{ path: [], value, message }];
}

function within(step: string | number, problems: readonly SchemaProblem[]): SchemaProblem[] {
  return problems.map(({ path, ...problem }) => ({ path: [step, ...path], ...problem }));
}
