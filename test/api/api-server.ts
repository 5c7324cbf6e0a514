import { Environment } from '@marcbachmann/cel-js';
import { Ajv, type ErrorObject } from 'ajv';
import { fieldPath, type Problem } from '../../src/api/v1alpha1/problem.ts';
import type { CelRule, StructuralSchema } from '../../src/api/v1alpha1/structural.ts';
import { isList, isObject, type Json, type JsonObject, type Path } from '../../src/lib/json.ts';
import { compareQuantities, parseQuantity, type Quantity } from '../../src/lib/quantity.ts';

/**
 * What kube-apiserver does with an object of a CustomResourceDefinition, as far as the tests need it: defaults, pruning, the
 * schema, and CEL rules (k8s.io/apiextensions-apiserver, pkg/apiserver/schema).
 */

/** A schema whose root holds metadata and the like, of which only the parts that we declare are looked at. */
export type Schema = StructuralSchema;

/** The schema of a field or of an item; undefined where the schema says nothing about it. */
function below(schema: Schema, step: string | number): Schema | undefined {
  if (typeof step === 'number') return schema.items;
  const { properties = {} } = schema;
  return Object.hasOwn(properties, step) ? properties[step] : schema.additionalProperties;
}

function stepsOf(value: Json): [string | number, Json][] {
  if (isList(value)) return value.map((item, index) => [index, item]);
  if (!isObject(value)) return [];
  return Object.entries(value).map(([key, field]) => [key, field ?? null]);
}

/** The value with defaults, from the top down; a field that is null counts as left out. */
export function withDefaults(schema: Schema, value: Json): Json {
  if (isList(value)) return value.map((item) => (schema.items === undefined ? item : withDefaults(schema.items, item)));
  if (!isObject(value)) return value;
  const written = Object.entries(value).filter(([key, field]) => (field ?? null) !== null || !below(schema, key));
  const filled = new Map(written.map(([key, field]) => [key, field ?? null]));
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (field.default !== undefined && !filled.has(name)) filled.set(name, field.default);
  }
  return Object.fromEntries(
    [...filled].map(([key, field]) => {
      const type = below(schema, key);
      return [key, type === undefined ? field : withDefaults(type, field)];
    }),
  );
}

/** The fields that the schema does not know: pruned, and refused where kubectl asks for strict validation. */
export function unknownFields(schema: Schema, value: Json, path: Path = []): string[] {
  return stepsOf(value).flatMap(([step, field]) => {
    const type = below(schema, step);
    if (type !== undefined) return unknownFields(type, field, [...path, step]);
    const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
    return open || typeof step === 'number' ? [] : [fieldPath([...path, step])];
  });
}

/** The value without the fields that the schema does not know. */
export function pruned(schema: Schema, value: Json): Json {
  if (isList(value)) return value.map((item) => (schema.items === undefined ? item : pruned(schema.items, item)));
  if (!isObject(value)) return value;
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const kept = stepsOf(value).flatMap(([key, field]): [string | number, Json][] => {
    const type = below(schema, key);
    if (type === undefined) return open ? [[key, field]] : [];
    return [[key, pruned(type, field)]];
  });
  return Object.fromEntries(kept);
}

const ajv = new Ajv({ strict: false, allErrors: true, logger: false });

function pointed({ instancePath, keyword, params }: ErrorObject): string {
  const steps = instancePath.split('/').slice(1);
  const missing = keyword === 'required' ? [String(params.missingProperty)] : [];
  return fieldPath([
    ...steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~'))),
    ...missing,
  ]);
}

/** What tells an item of a list apart; undefined where the list is one value. */
function identityOf(schema: Schema, item: Json): string | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return JSON.stringify(item);
  const keys = schema['x-kubernetes-list-map-keys'];
  return keys && JSON.stringify(keys.map((key) => (isObject(item) ? item[key] : undefined)));
}

/** The later ones of items with the same keys, in lists whose items are told apart. */
function duplicates(schema: Schema, value: Json, path: Path = []): string[] {
  const identities = isList(value) ? value.map((item) => identityOf(schema, item)) : [];
  const own = identities.flatMap((identity, index) =>
    identity === undefined || identities.indexOf(identity) === index
      ? []
      : [fieldPath([...path, index, ...(schema['x-kubernetes-list-map-keys'] ?? []).slice(-1)])],
  );
  const under = stepsOf(value).flatMap(([step, field]) => {
    const type = below(schema, step);
    return type === undefined ? [] : duplicates(type, field, [...path, step]);
  });
  return [...own, ...under];
}

/** The fields in which a value is not what its schema says: type, enum, bounds, required fields, unique items. */
export function schemaProblems(schema: Schema, value: Json): string[] {
  const validate = ajv.compile(schema);
  const errors = validate(value) ? [] : (validate.errors ?? []);
  return [...new Set([...errors.map(pointed), ...duplicates(schema, value)])].sort();
}

/** A rule with the place of the schema on which it stands: `spec.extraEnv[].name`. */
export interface PlacedRule {
  readonly place: string;
  readonly rule: CelRule;
}

/** All rules of a schema. */
export function rulesOf(schema: Schema, place = ''): PlacedRule[] {
  return [
    ...(schema['x-kubernetes-validations'] ?? []).map((rule) => ({ place, rule })),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
      rulesOf(field, place === '' ? name : `${place}.${name}`),
    ),
    ...(schema.items === undefined ? [] : rulesOf(schema.items, `${place}[]`)),
    ...(schema.additionalProperties === undefined ? [] : rulesOf(schema.additionalProperties, `${place}[]`)),
  ];
}

/** A value as CEL sees it: integers are not floating-point numbers. */
function toCel(schema: Schema | undefined, value: Json): unknown {
  if (isList(value)) return value.map((item) => toCel(schema?.items, item));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, field]) => [key, toCel(schema && below(schema, key), field ?? null)]),
    );
  }
  return schema?.type === 'integer' && typeof value === 'number' ? BigInt(value) : value;
}

/** CEL's quantity: https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library */
function celQuantity(text: string): Quantity {
  const quantity = parseQuantity(text);
  if (quantity === undefined) throw new Error(`cannot read the quantity ${text}`);
  return quantity;
}

const environment = new Environment()
  .registerVariable('self', 'dyn')
  .registerVariable('oldSelf', 'dyn')
  .registerFunction('quantity(string): map', celQuantity)
  .registerFunction('map.compareTo(map): int', (a: Quantity, b: Quantity) => BigInt(compareQuantities(a, b)))
  .registerFunction('string.format(list): string', (text: string, [value]: readonly unknown[]) =>
    text.replace('%d', String(value)),
  );

/** The former value of a field, or of an item of a list whose items are told apart by keys; other items have none. */
function formerOf(schema: Schema, old: Json | undefined, step: string | number, value: Json): Json | undefined {
  if (typeof step === 'string') return isObject(old) ? old[step] : undefined;
  if (!isList(old) || schema['x-kubernetes-list-type'] !== 'map') return undefined;
  const identity = identityOf(schema, value);
  return old.find((item) => identityOf(schema, item) === identity);
}

/** A rule that a value violates, and the problem as the API server words it. */
export interface Violation extends PlacedRule {
  readonly problem: Problem;
}

/** The rules that a value violates; `old` is the former value, without which transition rules do not apply. */
export function violations(schema: Schema, value: Json, old?: Json, path: Path = [], place = ''): Violation[] {
  const variables = { self: toCel(schema, value), ...(old !== undefined && { oldSelf: toCel(schema, old) }) };
  const own = (schema['x-kubernetes-validations'] ?? [])
    .filter(({ rule }) => old !== undefined || !rule.includes('oldSelf'))
    .filter(({ rule }) => environment.evaluate(rule, variables) !== true)
    .map((rule) => {
      const field = fieldPath([...path, ...(rule.fieldPath ?? '').split('.').slice(1)]);
      const detail = String(environment.evaluate(rule.messageExpression ?? '', variables));
      return { place, rule, problem: { field, detail } };
    });
  const under = stepsOf(value).flatMap(([step, field]) => {
    const type = below(schema, step);
    if (type === undefined) return [];
    const index = typeof step === 'number' || schema.properties?.[step] === undefined;
    const within = index ? `${place}[]` : place === '' ? step : `${place}.${step}`;
    const former = formerOf(schema, old, step, field);
    return violations(type, field, former, [...path, step], within);
  });
  return [...own, ...under];
}

/** An object of the API with a spec. */
export function objectWith(spec: Json, kind = 'DittoServer', name = 'my-dittofs'): JsonObject {
  const metadata = { name, ...(kind === 'DittoServer' && { namespace: 'team-a' }) };
  return { apiVersion: 'dittofs.dittofs.com/v1alpha1', kind, metadata, spec };
}
