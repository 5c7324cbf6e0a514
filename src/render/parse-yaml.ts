import {
  boolYaml11Tag,
  CORE_SCHEMA,
  defineScalarTag,
  intYaml11Tag,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  YAMLException,
} from 'js-yaml';
import type { Json } from '../lib/json.ts';

/** The documents of a YAML text, or what is wrong with it. */
export type ParsedYaml =
  | { readonly ok: true; readonly documents: readonly Json[] }
  | { readonly ok: false; /** Counted from 1. */ readonly line: number | undefined; readonly reason: string };

/** The deepest nesting that is read: anchors may refer to what contains them. */
const DEEPEST = 200;

/** Whole numbers as kubectl reads them: 0777 is octal, 1:30 is a text. */
const integer = defineScalarTag(intYaml11Tag.tagName, {
  ...intYaml11Tag,
  resolve: (source, isExplicit, tagName) =>
    source.includes(':') ? NOT_RESOLVED : intYaml11Tag.resolve(source, isExplicit, tagName),
});

/** YAML as kubectl reads it (sigs.k8s.io/yaml): 1.2, but yes and on are true, and merge keys are known. */
const kubectlSchema = CORE_SCHEMA.withTags(boolYaml11Tag, integer, mergeTag);

/** The same value where JSON knows it; undefined where it does not: .inf, or an anchor inside itself. */
function toJson(value: unknown, depth = 0): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'object' || depth > DEEPEST) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => toJson(item, depth + 1));
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  const fields = Object.entries(value).map(([key, field]): [string, Json | undefined] => [
    key,
    toJson(field, depth + 1),
  ]);
  return fields.every(([, field]) => field !== undefined) ? Object.fromEntries(fields) : undefined;
}

/**
 * Reads all documents of a YAML (or JSON) text; an empty one is null.
 *
 * The reason of a failure quotes nothing of the text, which may be a Secret.
 */
export function parseYaml(text: string): ParsedYaml {
  try {
    const documents = loadAll(text, { schema: kubectlSchema }).map((document) => toJson(document));
    const known = documents.filter((document) => document !== undefined);
    return known.length === documents.length
      ? { ok: true, documents: known }
      : { ok: false, line: undefined, reason: 'it holds a value that JSON does not know' };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = error.mark === undefined ? undefined : error.mark.line + 1;
    return {
      ok: false,
      line,
      reason: error.reason
        .replaceAll(/"[^"]*"|!\S+/g, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    };
  }
}
