import { z } from 'zod';

/**
 * One rule of the API, said once for both sides: a CEL expression for the API server and the same test for the function.
 *
 * `says` follows the quoted value (`"10 GB" is not a quantity …`). Where it is left out the rule is a transition
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

/** The extension of a structural schema that holds CEL rules. */
const CEL_RULES = 'x-kubernetes-validations';

/** A CEL string literal. */
function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function toCel<T>(rule: Rule<T>): Record<string, string> {
  const { field = [] } = rule;
  const quoted = ['self', ...field].join('.');
  return {
    rule: rule.cel,
    message: rule.says,
    messageExpression: `'"' + string(${quoted}) + '" ' + ${literal(rule.says)}`,
    ...(field.length > 0 && { fieldPath: `.${field.join('.')}` }),
  };
}

/** The rules as they stand in the XRD. */
export function celRules<T>(rules: readonly Rule<T>[]): Record<string, unknown> {
  return { [CEL_RULES]: rules.map(toCel) };
}

/**
 * Runs a check although other fields of the object are wrong, so that all problems are reported at once; it is passed
 * over only while one of the fields that it reads is wrong itself (all fields, where none are named).
 */
export function soundly(reads: readonly string[] | undefined): (payload: z.core.ParsePayload) => boolean {
  return ({ issues }) => !issues.some(({ path }) => reads === undefined || reads.includes(String(path?.[0])));
}

/** The schema with its rules: in the generated XRD as CEL, and checked when the function parses. */
export function withRules<S extends z.ZodType>(schema: S, rules: readonly Rule<z.output<S>>[]): S {
  const checked = rules.reduce<S>((under, { holds, says, field = [], reads }) => {
    if (holds === undefined) return under;
    return under.refine(holds, { error: says, path: [...field], when: soundly(reads) });
  }, schema);
  return checked.meta(celRules(rules));
}
