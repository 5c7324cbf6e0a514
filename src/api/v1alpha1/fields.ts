import * as z from 'zod';
import { parseDuration, type Duration } from '../../lib/duration.ts';
import { isObject } from '../../lib/json.ts';
import { parseQuantity, type Quantity } from '../../lib/quantity.ts';
import { checkCoreType, type CoreType } from '../../kubernetes/schema.ts';
import { isLabelValue, isQualifiedName } from '../../kubernetes/syntax.ts';
import { quote } from './problem.ts';
import { celRules, isAnObject, matching, pattern, soundly, withRules, type Rule } from './rule.ts';

/** The longest duration that a server may take to stop, and the longest life of a token: bounds that no one meets. */
const LONGEST = { hours: 8760 };

/** A text of bounded length; the API server needs the bound to estimate the cost of rules. */
export function text(maxLength = 253): z.ZodString {
  return z.string().min(1).max(maxLength);
}

/** A step of a path that leads to the same folder, or to the one above. */
export const DOTS = pattern('/[.][.]?(/|$)');

/** A TCP port. */
export function port(): z.ZodInt {
  return z.int().min(1).max(65535);
}

/** The name or address of a host. */
export function host() {
  return withRules(text(), [
    matching(
      '^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?$',
      'is not a host name or an address such as "postgres.example.com"',
    ),
  ]);
}

/** A number of connections. */
export function connections(least: number): z.ZodInt {
  return z.int().min(least).max(10_000);
}

/** The name of a Kubernetes object in the DittoServer's namespace: a DNS-1123 subdomain. */
export function objectName(what: string): z.ZodString {
  return withRules(text(), [
    matching(
      '^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      `is not the name of a ${what} such as "my-${what.toLowerCase()}"`,
    ),
  ]);
}

const keyLetters = pattern('^[-._a-zA-Z0-9]+$');

/** The name of a key in a Secret: https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data */
export function secretKey() {
  return withRules(text(253), [
    {
      cel: `${keyLetters.cel()} && self != '.' && !self.startsWith('..')`,
      says: 'is not a key of a Secret such as "password": letters, digits, -, _ and .',
      holds: (key) => keyLetters.test(key) && key !== '.' && !key.startsWith('..'),
    },
  ]);
}

/** A key of a Secret. */
export const SecretKey = z
  .strictObject({
    name: objectName('Secret').meta({ description: 'Name of the Secret.' }),
    key: secretKey().meta({ description: 'Key in the Secret.' }),
    optional: z.boolean().optional().meta({
      description: 'Accepted for compatibility, without effect: a missing Secret or key is always reported.',
    }),
  })
  .meta({ description: 'A key of a Secret in the DittoServer’s namespace.' });

/** A Secret as a whole. */
export const SecretName = z
  .strictObject({ name: objectName('Secret').meta({ description: 'Name of the Secret.' }) })
  .meta({ description: 'A Secret in the DittoServer’s namespace.' });

/** A container image. */
export function image(): z.ZodString {
  return withRules(text(512), [
    matching('^[a-zA-Z0-9][-a-zA-Z0-9._/:@]*$', 'is not an image such as "marmos91c/dittofs:v0.29.0"'),
  ]);
}

/** A text that the function alone can judge: there is no CEL for it that every supported API server knows. */
export function checkedText(maxLength: number, holds: (value: string) => boolean, says: string): z.ZodString {
  return text(maxLength).refine(holds, { error: says, when: soundly() });
}

/** The words for a value of another type than text, where "is not a string" would lead astray. */
function wrongTypeSays(says: string): z.core.$ZodErrorMap {
  return ({ code }) => (code === 'invalid_type' ? says : undefined);
}

/** An exponent has two digits at most: the API server's own parser wraps larger ones, or hangs on them. */
export const SIZE = pattern('^([0-9]+([.][0-9]*)?|[.][0-9]+)([KMGTPE]i|[kMGTPE]|[eE][+-]?[0-9]{1,2})?$');

const sizeRule: Rule<string> = {
  cel: `${SIZE.cel()} && self.matches('^[0.]*[1-9]')`,
  says: 'is not a quantity such as "10Gi"',
};

/** A transition rule: the size in a field may grow and never shrink. One that is no quantity is said elsewhere. */
export function growing(field: string): Rule<unknown> {
  const comparable = `has(self.${field}) && has(oldSelf.${field}) && ${SIZE.cel(`self.${field}`)}`;
  return {
    cel: `!(${comparable}) || quantity(self.${field}).compareTo(quantity(oldSelf.${field})) >= 0`,
    says: 'is less than before: a volume can grow, never shrink',
    field: [field],
  };
}

/** A size in bytes as a Kubernetes quantity, more than zero: parsed into a value that is compared exactly. */
export function size() {
  return z
    .string({ error: wrongTypeSays(sizeRule.says) })
    .max(32)
    .meta({ typeName: 'quantity', ...celRules([sizeRule]) })
    .transform((written, ctx): Quantity => {
      const quantity = SIZE.test(written) ? parseQuantity(written) : undefined;
      if (quantity !== undefined && quantity.nanos > 0n) return quantity;
      ctx.issues.push({ code: 'custom', input: written, message: sizeRule.says });
      return z.NEVER;
    });
}

/** Each unit with the digits that ten years may need in it: more could leave int64, on which CEL's duration() fails. */
const terms = Object.entries({ ns: 18, us: 15, µs: 15, ms: 12, s: 9, m: 7, h: 5 })
  .map(([unit, digits]) => `([0-9]{1,${digits}}([.][0-9]*)?|[.][0-9]+)${unit}`)
  .join('|');

const DURATION = pattern(`^(${terms})+$`);

/** Durations from `from` to `to` (both written as durations): the CEL, and the same as a reader. */
export function durationsBetween(from: string, to: string) {
  const [least, most] = [parseDuration(from), parseDuration(to)];
  return {
    cel: `(${DURATION.cel()} && duration(self) >= duration('${from}') && duration(self) <= duration('${to}'))`,
    read: (written: string): Duration | undefined => {
      const parsed = parseDuration(written);
      if (parsed === undefined || least === undefined || most === undefined) return undefined;
      const within = least.nanos <= parsed.nanos && parsed.nanos <= most.nanos;
      return within && DURATION.test(written) ? parsed : undefined;
    },
  };
}

/** A Go duration from `from` to `to`: parsed into a value with its own type. */
export function duration(from = '1s', to = `${LONGEST.hours}h`) {
  const says = `is not a duration from ${from} to ${to} such as "15m"`;
  const { cel, read } = durationsBetween(from, to);
  return z
    .string({ error: wrongTypeSays(says) })
    .max(32)
    .meta({ typeName: 'duration', ...celRules([{ cel, says }]) })
    .transform((written, ctx): Duration => {
      const parsed = read(written);
      if (parsed !== undefined) return parsed;
      ctx.issues.push({ code: 'custom', input: written, message: says });
      return z.NEVER;
    });
}

/** The most keys that an open object may have: more than any Kubernetes type has. */
const MOST_KEYS = 64;

/** What keeps a free-form object open in the XRD: its fields are checked by the function, with our words. */
const preserved = { 'x-kubernetes-preserve-unknown-fields': true, maxProperties: MOST_KEYS };

function limitKeys(map: object, ctx: z.core.$RefinementCtx): void {
  if (Object.keys(map).length > MOST_KEYS) {
    ctx.addIssue({ code: 'custom', message: `has more than ${MOST_KEYS} entries` });
  }
}

/** A passed-through Kubernetes type: open in the XRD, checked strictly by the function, so that a typo is refused. */
export function core(type: CoreType) {
  return z
    .record(z.string(), z.json())
    .meta({ ...preserved, typeName: `core/v1 ${type}` })
    .superRefine(checkAs(type), { when: isAnObject });
}

/** A list of a passed-through Kubernetes type; no two items may have the same values under all of `keys`. */
export function coreList(type: CoreType, maxItems: number, keys: readonly string[] = []) {
  return z
    .array(core(type))
    .max(maxItems)
    .superRefine((items, ctx) => {
      const seen = new Set<string>();
      items.forEach((item, index) => {
        const identity = JSON.stringify(keys.map((key) => item[key]));
        if (keys.length > 0 && seen.has(identity)) {
          const message = `repeats the ${keys.join(' and ')} of an item before it`;
          ctx.addIssue({ code: 'custom', path: [index], message, params: { hideValue: true } });
        }
        seen.add(identity);
      });
    });
}

/** A list of a passed-through Kubernetes type whose items are told apart by `key`. */
export function coreMap(type: CoreType, key: string, itemRules: readonly Rule<string>[], maxItems = 64) {
  const item = z
    .looseObject({
      [key]: withRules(text(), itemRules).meta({ description: 'Tells the items of the list apart.' }),
    })
    .meta({ ...preserved, typeName: `core/v1 ${type}` })
    .superRefine(checkAs(type), { when: isAnObject });
  return distinct(z.array(item).max(maxItems), key);
}

/** A list whose items are told apart by `key`, a text: no two may have the same. */
export function distinct<S extends z.ZodArray>(list: S, key: string): S {
  return distinctBy(list, [key]);
}

/** A list whose items are told apart by several keys, texts; the last of them is where the repetition is said. */
export function distinctBy<S extends z.ZodArray>(list: S, keys: readonly string[]): S {
  const checked = list.superRefine(
    (items, ctx) => {
      const seen = new Set<string>();
      items.forEach((item, index) => {
        const names = keys.map((key) => (isObject(item) ? item[key] : undefined));
        if (!names.every((name) => typeof name === 'string')) return;
        const identity = names.join('\n');
        if (seen.has(identity)) {
          ctx.addIssue({ code: 'custom', path: [index, ...keys.slice(-1)], message: 'appears twice' });
        }
        seen.add(identity);
      });
    },
    { when: ({ value }) => Array.isArray(value) },
  );
  return checked.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys });
}

/** A list of texts, none of which appears twice. */
export function each<S extends z.ZodType<string>>(item: S, maxItems: number) {
  return z
    .array(item)
    .max(maxItems)
    .superRefine(
      (items, ctx) => {
        items.forEach((value, index) => {
          if (items.indexOf(value) !== index) ctx.addIssue({ code: 'custom', path: [index], message: 'appears twice' });
        });
      },
      { when: ({ value }) => Array.isArray(value) },
    )
    .meta({ 'x-kubernetes-list-type': 'set' });
}

/** The problems of a passed-through type; where the checker names no value, the message speaks of the field alone. */
function checkAs(type: CoreType) {
  return (root: unknown, ctx: z.core.$RefinementCtx): void => {
    for (const { path, value, message } of checkCoreType(type, root)) {
      ctx.addIssue({ code: 'custom', path: [...path], message, params: { hideValue: value === undefined } });
    }
  };
}

/** A free-form object: the XRD keeps all its fields. */
export function freeForm() {
  return z
    .record(z.string(), z.json())
    .meta({ ...preserved, typeName: 'object' })
    .superRefine(limitKeys);
}

/** A map of annotations or labels by key. */
function textMap(isValue: (value: string) => boolean, valueLength: number, says: string) {
  return z
    .record(z.string(), z.string().max(valueLength))
    .meta({ maxProperties: MOST_KEYS })
    .superRefine(
      (map, ctx) => {
        limitKeys(map, ctx);
        for (const [key, value] of Object.entries(map)) {
          if (!isQualifiedName(key)) {
            const message = `${quote(key)} is not a key such as "example.com/team"`;
            ctx.addIssue({ code: 'custom', path: [key], message, params: { hideValue: true } });
          }
          if (!isValue(value)) ctx.addIssue({ code: 'custom', path: [key], message: says });
        }
      },
      { when: isAnObject },
    );
}

/** Annotations: any text under a qualified name. */
export function annotations() {
  return textMap(() => true, 4096, '');
}

/** Labels: values of at most 63 characters under a qualified name; a value of another type or length is said once. */
export function labels() {
  const isValue = (value: unknown) => typeof value !== 'string' || value.length > 63 || isLabelValue(value);
  return textMap(isValue, 63, 'is not a label value such as "team-a"');
}
