import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, listAt, textAt, type Json, type JsonObject } from '../lib/json.ts';
import { parseYaml } from './parse-yaml.ts';

/** One document of a file. */
export interface SourceDocument {
  /** The file as the user named it. */
  readonly file: string;
  /** `file, document 2`: how messages call it. */
  readonly source: string;
  readonly value: JsonObject;
}

/** What was read, and what could not be, one line each. */
export interface ReadDocuments {
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly string[];
}

/** Reads standard input to its end. */
export type ReadStdin = () => Promise<string>;

/** How messages call standard input. */
const STDIN = 'standard input';

const manifestFile = /\.(ya?ml|json)$/;

/** What the operating system says, without its error code and the path, which the message names anyway. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^E[A-Z]+: ([^,]+)/.exec(message)?.[1] ?? message;
}

/** The items of a list as `kubectl get -o yaml` prints them; any other document is its own only item. */
function itemsOf(value: Json, source: string): readonly (readonly [source: string, item: Json])[] {
  const kind = textAt(value, 'kind') ?? '';
  if (!kind.endsWith('List') || !isObject(value) || !Array.isArray(value.items)) return [[source, value]];
  return listAt(value, 'items').map((item, index) => [`${source}, item ${index + 1}`, item]);
}

function parseText(file: string, text: string): ReadDocuments {
  const parsed = parseYaml(text);
  if (!parsed.ok) {
    const place = parsed.line === undefined ? file : `${file}, line ${parsed.line}`;
    return { documents: [], problems: [`${place}: not valid YAML: ${parsed.reason}`] };
  }
  const items = parsed.documents.flatMap((document, index) =>
    document === null ? [] : itemsOf(document, `${file}, document ${index + 1}`),
  );
  return {
    documents: items.flatMap(([source, value]) => (isObject(value) ? [{ file, source, value }] : [])),
    problems: items.flatMap(([source, value]) => (isObject(value) ? [] : [`${source}: is not a manifest`])),
  };
}

function readPath(path: string): ReadDocuments {
  try {
    if (!statSync(path).isDirectory()) return parseText(path, readFileSync(path, 'utf8'));
    const files = readdirSync(path).filter((name) => manifestFile.test(name));
    if (files.length === 0) return { documents: [], problems: [`${path}: holds no .yaml, .yml or .json file`] };
    return together(files.sort().map((name) => readPath(join(path, name))));
  } catch (error) {
    return { documents: [], problems: [`cannot read ${path}: ${reasonOf(error)}`] };
  }
}

async function readStandardInput(readStdin: ReadStdin): Promise<ReadDocuments> {
  try {
    return parseText(STDIN, await readStdin());
  } catch (error) {
    return { documents: [], problems: [`cannot read ${STDIN}: ${reasonOf(error)}`] };
  }
}

function together(all: readonly ReadDocuments[]): ReadDocuments {
  return {
    documents: all.flatMap(({ documents }) => documents),
    problems: all.flatMap(({ problems }) => problems),
  };
}

/** The same, with a problem where nothing was read although nothing was wrong. */
function some(path: string, read: ReadDocuments): ReadDocuments {
  const isEmpty = read.documents.length === 0 && read.problems.length === 0;
  return isEmpty ? { documents: [], problems: [`${path === '-' ? STDIN : path}: holds no manifest`] } : read;
}

/** Reads the YAML or JSON documents of files and directories, of which there may be none: an empty list of Secrets. */
export function readDocuments(paths: readonly string[]): ReadDocuments {
  return together([...new Set(paths)].map(readPath));
}

/** Reads files and directories that hold at least one document each; `-` is standard input, read once. */
export async function readSomeDocuments(paths: readonly string[], readStdin: ReadStdin): Promise<ReadDocuments> {
  const all: ReadDocuments[] = [];
  for (const path of new Set(paths)) {
    all.push(some(path, path === '-' ? await readStandardInput(readStdin) : readPath(path)));
  }
  return together(all);
}
