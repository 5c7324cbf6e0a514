import type { Json } from '../../src/lib/json.ts';

/**
 * Who refuses a spec beside the function, which refuses all of them:
 *
 * - `cel`: the API server by a rule, in the same words;
 * - `schema`: the API server by type, enum, bound or key of a list, in its own words;
 * - `strict`: the API server where it is asked for strict validation, as kubectl does; otherwise it drops the field;
 * - `function`: nobody else, for what stands open in the XRD or has no CEL.
 */
export type Side = 'cel' | 'schema' | 'strict' | 'function';

/** A spec that is refused, with all its problems, word for word, by the side that finds them. */
export interface Refused {
  readonly title: string;
  readonly spec: Json;
  readonly problems: Partial<Readonly<Record<Side, readonly string[]>>>;
}

/** A change of a spec, and the problems of a transition rule; the function sees only the spec after the change. */
export interface Change {
  readonly title: string;
  readonly from: Json;
  readonly to: Json;
  readonly problems: readonly string[];
}

export function refused(title: string, spec: Json, side: Side, ...problems: readonly string[]): Refused {
  return { title, spec, problems: { [side]: problems } };
}

/** A platform's limits, and what a spec asks for beyond them. */
export interface Limit {
  readonly title: string;
  readonly input: Readonly<Record<string, Json>>;
  readonly spec: Json;
  readonly problems: readonly string[];
}

/** A change that is refused for these problems, or for none. */
export function change(title: string, from: Json, to: Json, ...problems: string[]): Change {
  return { title, from, to, problems };
}
