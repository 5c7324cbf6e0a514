import * as z from 'zod';
import { closest } from '../../lib/closest.ts';
import { cut } from '../../lib/cut.ts';
import { at, isList, isObject, type Json, type Path } from '../../lib/json.ts';

/** One thing that is wrong with what a user wrote, in the words that the user sees. */
export interface Problem {
  /** The field as the user wrote it: `spec.extraEnv[0].name`. */
  readonly field: string;
  /** What is wrong and what would be right, the value quoted: `"10 GB" is not a quantity such as "10Gi"`. */
  readonly detail: string;
}

/** A field's path as Kubernetes writes it: names joined by dots, list indices and odd keys in brackets, very odd ones quoted. */
export function fieldPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[ -~]{0,80}$/.test(step)) return `[${quote(step)}]`;
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
  if (typeof value === 'number') return String(value); // JSON has no infinity, a request may
  const quoted = JSON.stringify(value);
  return cut(quoted, 80);
}

/** What follows a value of the wrong type, and what to do about a value that only lacks quotes, or has some too many. */
function wrongType(expected: string, input: unknown): string {
  switch (expected) {
    case 'string':
      return `is not a string${['number', 'boolean'].includes(typeof input) ? '; put it in quotes' : ''}`;
    case 'number':
    case 'int':
      return `is not an integer${typeof input === 'string' && /^-?[0-9]+$/.test(input) ? '; leave out the quotes' : ''}`;
    case 'boolean':
      return `is not true or false${input === 'true' || input === 'false' ? '; leave out the quotes' : ''}`;
    case 'array':
      return 'is not a list';
    default:
      return 'is not an object';
  }
}

function wrongValue(values: readonly unknown[], input: unknown): string {
  // YAML reads 4.0 as the number 4.
  const asText =
    typeof input === 'number' && values.some((value) => Number(value) === input) ? ' as text; put it in quotes' : '';
  const [only, ...others] = values.map(String);
  if (only !== undefined && others.length === 0) return `is not supported; the only value is ${quote(only)}`;
  return `is not ${values
    .map(String)
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1')}${asText}`;
}

/** What follows the quoted value, for what zod finds by itself; given to zod where it parses what people wrote. */
export const inOurWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input);
    case 'invalid_value':
      return wrongValue(issue.values, issue.input);
    case 'too_big':
      if (issue.origin === 'string') return `is longer than ${Number(issue.maximum)} characters`;
      if (issue.origin === 'array') return `has more than ${Number(issue.maximum)} items`;
      return `is more than ${Number(issue.maximum)}`;
    case 'too_small':
      return issue.origin === 'string' ? 'is empty' : `is less than ${Number(issue.minimum)}`;
    default:
      return 'is not a JSON value';
  }
};

/** The fields that an object of the schema has: for the suggestion beside an unknown field. */
export type KnownFields = (path: Path) => readonly string[];

/** The default that a rule is about, where the user wrote nothing. */
function defaultAt(issue: z.core.$ZodIssue): Json | undefined {
  const value: unknown = issue.code === 'custom' ? issue.params?.value : undefined;
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

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
  const written = at(root, ...path);
  const value = written === undefined ? defaultAt(issue) : written;
  const { message } = issue;
  if (issue.code !== 'custom' && value === undefined) return [{ field, detail: 'is required' }];
  if (issue.code !== 'custom' && value === null) {
    return [{ field, detail: 'is null; leave it out or give it a value' }];
  }
  // A rule of a whole object or list speaks of all of it.
  const whole =
    issue.code === 'custom' &&
    issue.params !== undefined &&
    'value' in issue.params &&
    (isObject(value) || isList(value));
  const hidden = whole || (issue.code === 'custom' && issue.params?.hideValue === true);
  const counted = issue.code === 'too_big' && issue.origin === 'array';
  return [{ field, detail: value === undefined || hidden || counted ? message : `${quote(value)} ${message}` }];
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

/** How many problems a message tells: nobody reads more, and an answer above 4 MB would not reach Crossplane. */
const MOST_TOLD = 50;

/** Problems in one line. */
export function problemsText(problems: readonly Problem[]): string {
  const told = problems.slice(0, MOST_TOLD).map(problemText);
  const rest = problems.length - told.length;
  return [...told, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
}
