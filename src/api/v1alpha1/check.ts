import type * as z from 'zod';
import { closest } from '../../lib/closest.ts';
import { quote } from './problem.ts';

/**
 * A check that joins the items of one list with those of another. Such checks are the function's alone: a CEL rule
 * stands on the object that holds both lists, and could say neither which item is wrong nor which name was meant.
 */
export type Check<S> = (spec: S, ctx: z.core.$RefinementCtx) => void;

/** Says what is wrong with a field. */
export function report(ctx: z.core.$RefinementCtx, path: readonly (string | number)[], message: string): void {
  ctx.addIssue({ code: 'custom', path: [...path], message });
}

/** What a name that nobody has might have been. */
export function meaning(name: string, known: Iterable<string>): string {
  const near = closest(name, known);
  return near === undefined ? '' : `; did you mean ${quote(near)}?`;
}
