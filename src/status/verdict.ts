import type { Condition } from './condition.ts';

/** What a condition says. */
export type Verdict = Omit<Condition, 'type'>;

/** A condition that is met. */
export function yes(reason: string, message: string): Verdict {
  return { status: 'True', reason, message };
}

/** A condition that is not. */
export function no(reason: string, message: string): Verdict {
  return { status: 'False', reason, message };
}
