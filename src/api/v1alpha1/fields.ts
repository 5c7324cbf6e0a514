import { z } from 'zod';
import { parseDuration, type Duration } from '../../lib/duration.ts';
import type { JsonObject } from '../../lib/json.ts';
import { parseQuantity, type Quantity } from '../../lib/quantity.ts';
import { checkCoreType, type CoreType } from '../../kubernetes/schema.ts';
import { isLabelValue, isQualifiedName } from '../../kubernetes/syntax.ts';
import { celRules, withRules, type Rule } from './rule.ts';

/** The longest duration that a server may take to stop, and the longest life of a token: bounds that no one meets. */
const LONGEST = { hours: 8760 };

/** A text of bounded length; the API server needs the bound to estimate the cost of rules. */
export function text(maxLength = 253): z.ZodString {
  return z.string().min(1).max(maxLength);
}

/** A TCP port. */
export function port(): z.ZodInt {
  return z.int().min(1).max(65535);
}

/** The name of a Kubernetes object in the DittoServer's namespace: a DNS-1123 subdomain. */
export function objectName(what: string): z.ZodString {
  return withRules(text(), [
    {
      cel: `self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')`,
      says: `is not the name of a ${what} such as "my-${what.toLowerCase()}"`,
      holds: (name) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name),
    },
  ]);
}

const SIZE = /^([0-9]+([.][0-9]*)?|[.][0-9]+)([KMGTPE]i|[kMGTPE]|[eE][+-]?[0-9]+)?$/;

const sizeRule: Rule<string> = {
  cel: `self.matches('${SIZE.source}') && self.matches('^[0.]*[1-9]')`,
  says: 'is not a quantity such as "10Gi"',
};

/** A size in bytes as a Kubernetes quantity, more than zero: parsed into a value that is compared exactly. */
export function size() {
  return z
    .string()
    .max(32)
    .meta(celRules([sizeRule]))
    .transform((written, ctx): Quantity => {
      const quantity = SIZE.test(written) ? parseQuantity(written) : undefined;
      if (quantity !== undefined && quantity.nanos > 0n) return quantity;
      ctx.issues.push({ code: 'custom', input: written, message: sizeRule.says });
      return z.NEVER;
    });
}

const DURATION =
  '^([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|ms|s|m|h)(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|ms|s|m|h))*$';

/** A Go duration from `from` to `to` (both written as durations): parsed into a value with its own type. */
export function duration(from = '1s', to = `${LONGEST.hours}h`) {
  const bounds = [parseDuration(from), parseDuration(to)] as const;
  const says = `is not a duration from ${from} to ${to} such as "15m"`;
  const cel = `self.matches('${DURATION}') && duration(self) >= duration('${from}') && duration(self) <= duration('${to}')`;
  return z
    .string()
    .max(32)
    .meta(celRules([{ cel, says }]))
    .transform((written, ctx): Duration => {
      const parsed = parseDuration(written);
      const [least, most] = bounds;
      const within =
        parsed !== undefined &&
        least !== undefined &&
        most !== undefined &&
        least.nanos <= parsed.nanos &&
        parsed.nanos <= most.nanos;
      if (within && new RegExp(DURATION).test(written)) return parsed;
      ctx.issues.push({ code: 'custom', input: written, message: says });
      return z.NEVER;
    });
}

/** What keeps a free-form object open in the XRD: its fields are checked by the function, with our words. */
const preserved = { 'x-kubernetes-preserve-unknown-fields': true };

/** A passed-through Kubernetes type: open in the XRD, checked strictly by the function, so that a typo is refused. */
export function core(type: CoreType) {
  return z.record(z.string(), z.json()).meta(preserved).superRefine(checkAs(type));
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
export function coreMap<K extends string>(type: CoreType, key: K, itemRules: readonly Rule<string>[], maxItems = 64) {
  const item = z
    .looseObject({ [key]: withRules(text(), itemRules) })
    .meta(preserved)
    .superRefine(checkAs(type));
  return z
    .array(item)
    .max(maxItems)
    .superRefine((items, ctx) => {
      const seen = new Set<unknown>();
      items.forEach((entry, index) => {
        const name: unknown = entry[key];
        if (seen.has(name)) ctx.addIssue({ code: 'custom', path: [index, key], message: 'appears twice' });
        seen.add(name);
      });
    })
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] });
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
  return z.record(z.string(), z.json()).meta(preserved);
}

/** A map of annotations or labels by key. */
function textMap(isValue: (value: string) => boolean, valueLength: number, says: string) {
  return z
    .record(z.string(), z.string().max(valueLength))
    .meta({ maxProperties: 64 })
    .superRefine((map, ctx) => {
      if (Object.keys(map).length > 64) ctx.addIssue({ code: 'custom', message: 'has more than 64 entries' });
      for (const [key, value] of Object.entries(map)) {
        if (!isQualifiedName(key)) {
          ctx.addIssue({ code: 'custom', path: [key], input: key, message: 'is not a key such as "example.com/team"' });
        } else if (!isValue(value)) ctx.addIssue({ code: 'custom', path: [key], message: says });
      }
    });
}

/** Annotations: any text under a qualified name. */
export function annotations() {
  return textMap(() => true, 4096, '');
}

/** Labels: values of at most 63 characters under a qualified name. */
export function labels() {
  return textMap(isLabelValue, 63, 'is not a label value such as "team-a"');
}

/** What a passed-through object looks like once it is parsed. */
export type CoreObject = JsonObject;
