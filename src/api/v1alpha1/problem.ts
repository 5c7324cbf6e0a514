import { z } from 'zod';
import { closest } from '../../lib/closest.ts';
import { at, isList, isObject, type Json, type Path } from '../../lib/json.ts';

/** One thing that is wrong with what a user wrote, in the words that the user sees. */
export interface Problem {
  /** The field as the user wrote it: `spec.extraEnv[0].name`. */
  readonly field: string;
  /** What is wrong and what would be right, the value quoted: `"10 GB" is not a quantity such as "10Gi"`. */
  readonly detail: string;
}

/** A field's path as Kubernetes writes it: names joined by dots, list indices and odd keys in brackets. */
export function fieldPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) return `[${step}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

/** A value as a message quotes it: scalars as JSON, cut at 80 characters; larger things by their kind. */
export function quote(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (isList(value)) return 'a list';
  if (isObject(value)) return 'an object';
  const quoted = JSON.stringify(value);
  return quoted.length > 80 ? `${quoted.slice(0, 79)}…` : quoted;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

/** What follows the quoted value, for the issues that zod finds by itself. */
function explain(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `is not ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `is not ${issue.values
        .map(String)
        .join(', ')
        .replace(/, ([^,]*)$/, ' or $1')}`;
    case 'too_big':
      if (issue.origin === 'string') return `is longer than ${Number(issue.maximum)} characters`;
      if (issue.origin === 'array') return `has more than ${Number(issue.maximum)} items`;
      return `is more than ${Number(issue.maximum)}`;
    case 'too_small':
      if (issue.origin === 'string') return 'is empty';
      return `is less than ${Number(issue.minimum)}`;
    default:
      return issue.message;
  }
}

/** The fields that an object of the schema has: for the suggestion beside an unknown field. */
export type KnownFields = (path: Path) => readonly string[];

function describe(issue: z.core.$ZodIssue, root: Json, knownFields: KnownFields): readonly Problem[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const field = fieldPath(path);
  if (issue.code === 'unrecognized_keys') {
    const near = knownFields(path);
    return issue.keys.map((key) => {
      const suggestion = closest(key, near);
      const hint = suggestion === undefined ? '' : `; did you mean ${quote(suggestion)}?`;
      return {
        field: fieldPath([...path, key]),
        detail: `is not a field of ${field === '' ? 'the manifest' : field}${hint}`,
      };
    });
  }
  if (issue.code === 'invalid_union') return [{ field, detail: `${quote(at(root, ...path))} is not a JSON value` }];
  const value = at(root, ...path);
  const hidden = issue.code === 'custom' && issue.params?.hideValue === true;
  if (value === undefined && issue.code !== 'custom') return [{ field, detail: 'is required' }];
  return [{ field, detail: value === undefined || hidden ? explain(issue) : `${quote(value)} ${explain(issue)}` }];
}

/** All problems of a failed parse, sorted by field and without repetition; `root` is what was parsed. */
export function toProblems(error: z.ZodError, root: Json, knownFields: KnownFields): readonly Problem[] {
  return sortProblems(error.issues.flatMap((issue) => describe(issue, root, knownFields)));
}

/** Problems in a fixed order, each once. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const byText = new Map(problems.map((problem) => [`${problem.field}: ${problem.detail}`, problem]));
  return [...byText.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, problem]) => problem);
}

/** A problem as one line: `spec.storage.metadataSize: "10 GB" is not a quantity such as "10Gi"`. */
export function problemText({ field, detail }: Problem): string {
  return `${field}: ${detail}`;
}
