import { isList, isObject, type Json, type Path } from '../../lib/json.ts';
import { fieldPath, type Problem } from './problem.ts';

/** Deeper than anything that a person writes, and far from what recursion could not take. */
const DEEPEST = 64;

/**
 * Says so where a value is nested too deep to be read at all; it is checked before anything else, because schemas follow
 * free-form objects all the way down.
 */
export function depthProblem(value: Json, path: Path): Problem | undefined {
  if (path.length > DEEPEST) {
    return { field: fieldPath(path.slice(0, 2)), detail: `is nested more than ${DEEPEST} levels deep` };
  }
  for (const [step, below] of stepsOf(value)) {
    const problem = depthProblem(below, [...path, step]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The keys `__proto__`: a schema passes over them in a map, where they would silently be without effect. */
export function keyProblems(value: Json, path: Path): readonly Problem[] {
  return stepsOf(value).flatMap(([step, below]) => {
    const here = [...path, step];
    if (step === '__proto__') return [{ field: fieldPath(here), detail: 'is not a key that can be used' }];
    return keyProblems(below, here);
  });
}

function stepsOf(value: Json): readonly [step: string | number, below: Json][] {
  if (isList(value)) return value.map((item, index) => [index, item]);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, below]) => (below === undefined ? [] : [[key, below]]));
}
