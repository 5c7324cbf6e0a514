import type * as z from 'zod';
import { isObject } from '../../lib/json.ts';

/**
 * One rule of the API, said once for both sides: a CEL expression for the API server and the same test for the function.
 *
 * `says` follows the quoted value (`"10 GB" is not a quantity …`). Where `holds` is left out the rule is a transition
 * rule: only the API server sees the former spec, and the function compares with the live object instead
 * (composition/immutable.ts).
 */
export interface Rule<T> {
  /** The CEL expression; `self` is the value that the rule stands on. */
  readonly cel: string;
  /** What follows the quoted value in the message, the same words on both sides. */
  readonly says: string;
  /** The field that the message is about, below the value that the rule stands on; empty for the value itself. */
  readonly field?: readonly string[];
  /** The fields of `self` that the rule reads: while one of them is wrong itself, the rule is passed over. */
  readonly reads?: readonly string[];
  /** The same test in TypeScript; left out in a transition rule. */
  readonly holds?: (value: T) => boolean;
}

/** A regular expression for both sides, in what RE2 and JavaScript have in common. */
export interface Pattern {
  /** A CEL expression that tells whether it matches `self`, or a field of it. */
  readonly cel: (of?: string) => string;
  readonly test: (text: string) => boolean;
}

/** Both sides of one text. Backslashes need a raw text of CEL, in which no quotation mark can stand. */
export function pattern(source: string): Pattern {
  const text = source.includes('\\') ? `r'${source}'` : `'${source}'`;
  const expression = new RegExp(source, 'u');
  return { cel: (of = 'self') => `${of}.matches(${text})`, test: (value) => expression.test(value) };
}

/** The rule of a text that has to match. */
export function matching(source: string, says: string): Rule<string> {
  const { cel, test } = pattern(source);
  return { cel: cel(), says, holds: test };
}

/** The extension of a structural schema that holds CEL rules. */
const CEL_RULES = 'x-kubernetes-validations';

function toCel<T>({ cel, says, field = [] }: Rule<T>): Record<string, string> {
  return { rule: cel, message: says, ...(field.length > 0 && { fieldPath: `.${field.join('.')}` }) };
}

/** The rules for the XRD; the words that quote the value are added there, where its type is known (structural.ts). */
export function celRules<T>(rules: readonly Rule<T>[]): Record<string, unknown> {
  return { [CEL_RULES]: rules.map(toCel) };
}

/**
 * Runs a check although something else in the object is wrong, so that all problems are reported at once; it is passed
 * over only while one of the fields that it reads is wrong itself (anything, where none are named).
 */
export function soundly(reads?: readonly string[]): (payload: z.core.ParsePayload) => boolean {
  return ({ value, issues }) => {
    if (reads === undefined) return issues.length === 0;
    return isObject(value) && !issues.some(({ path }) => reads.includes(String(path?.[0])));
  };
}

/** Lets a check of a whole object or map run although fields of it are wrong, so that all problems are reported at once. */
export function isAnObject({ value }: z.core.ParsePayload): boolean {
  return isObject(value);
}

/** The schema with its rules: in the generated XRD as CEL, and checked when the function parses. */
export function withRules<S extends z.ZodType>(schema: S, rules: readonly Rule<z.output<S>>[]): S {
  const checked = rules.reduce<S>((under, { holds, says, field = [], reads }) => {
    if (holds === undefined) return under;
    return under.superRefine(
      (value, ctx) => {
        // What the message quotes may be a default, which stands nowhere in what the user wrote.
        const params = {
          value: field.reduce<unknown>((object, name) => (isObject(object) ? object[name] : undefined), value),
        };
        if (!holds(value)) ctx.addIssue({ code: 'custom', message: says, path: [...field], params });
      },
      { when: soundly(reads) },
    );
  }, schema);
  return checked.meta(celRules(rules));
}
