import type { JsonObject } from '../lib/json.ts';
import { formatJson } from './format-json.ts';
import { formatMermaid } from './format-mermaid.ts';
import { formatTree, type Screen } from './format-tree.ts';
import { formatYaml } from './format-yaml.ts';
import { preview, type Preview } from './preview.ts';
import { belongingsOf, readCluster, strangers, type Cluster, type Read } from './read-cluster.ts';
import { readDocuments, readSomeDocuments, type ReadStdin, type SourceDocument } from './read-documents.ts';
import { readInput } from './read-input.ts';
import { readSecrets } from './read-secrets.ts';
import { calledSubject, readSubject, type Subject } from './read-subject.ts';

/** The forms in which a preview is printed. */
export const formats = ['tree', 'yaml', 'mermaid', 'json'] as const;
export type Format = (typeof formats)[number];

/** What to preview, and how. */
export interface RenderOptions {
  /** Files with DittoServers; `-` is standard input. */
  readonly files: readonly string[];
  /** Files or directories with what the cluster has. */
  readonly observed: readonly string[];
  /** Files or directories with the Secrets that exist; undefined: those that are referred to count as present. */
  readonly required: readonly string[] | undefined;
  /** A file with the Composition's input. */
  readonly input: string | undefined;
  readonly format: Format;
  /** With YAML: composed resources, status and conditions, too. */
  readonly all: boolean;
}

/** What was printed, and whether anything was wrong. */
export interface Rendered {
  readonly stdout: string;
  readonly stderr: string;
  readonly failed: boolean;
}

/** What is known beside the DittoServers. */
interface Known {
  readonly cluster: Cluster;
  readonly secrets: readonly JsonObject[] | undefined;
  readonly input: JsonObject | undefined;
}

function readWith<T>(paths: readonly string[], read: (documents: readonly SourceDocument[]) => Read<T>): Read<T> {
  const { documents, problems } = readDocuments(paths);
  return problems.length > 0 ? { ok: false, problems } : read(documents);
}

function readKnown({ observed, required, input }: RenderOptions): Read<Known> {
  const cluster = readWith(observed, readCluster);
  const secrets = required === undefined ? undefined : readWith(required, readSecrets);
  const stepInput = input === undefined ? undefined : readWith([input], readInput);
  const problems = [cluster, secrets, stepInput].flatMap((read) =>
    read === undefined || read.ok ? [] : read.problems,
  );
  if (!cluster.ok || secrets?.ok === false || stepInput?.ok === false) return { ok: false, problems };
  return { ok: true, value: { cluster: cluster.value, secrets: secrets?.value, input: stepInput?.value } };
}

function refusal(subject: Subject, problems: readonly string[]): string {
  return [`${subject.file}: ${calledSubject(subject)} is refused:`, ...problems.map((problem) => `  ${problem}`)].join(
    '\n',
  );
}

function previewOf(subject: Subject, { cluster, secrets, input }: Known): Read<Preview> {
  const belongings = belongingsOf(cluster, subject);
  if (!belongings.ok) return belongings;
  const previewed = preview(subject, { ...belongings.value, secrets, input });
  return previewed.ok
    ? { ok: true, value: previewed.preview }
    : { ok: false, problems: [refusal(subject, previewed.problems)] };
}

function format(previews: readonly Preview[], several: boolean, options: RenderOptions, screen: Screen): string {
  switch (options.format) {
    case 'tree':
      return previews.map((one) => formatTree(one, screen)).join('\n');
    case 'yaml':
      return formatYaml(previews, options.all);
    case 'mermaid':
      return formatMermaid(previews);
    case 'json':
      return formatJson(previews, several);
  }
}

/** Composed resources that were given and belong to none of the DittoServers: told, because it may be a mistake. */
function notes({ cluster }: Known, subjects: readonly Subject[]): readonly string[] {
  if (subjects.length === 0) return [];
  return strangers(cluster, subjects).map(
    ({ source, key }) => `note: ${source}: ${key} belongs to none of these DittoServers and is not looked at`,
  );
}

/** Previews DittoServers: reads them and what is known, and tells what to print. */
export async function render(options: RenderOptions, screen: Screen, readStdin: ReadStdin): Promise<Rendered> {
  const known = readKnown(options);
  const { documents, problems } = await readSomeDocuments(options.files, readStdin);
  if (!known.ok) return { stdout: '', stderr: lines([...known.problems, ...problems]), failed: true };

  const read = documents.map(readSubject);
  const subjects = read.flatMap((one) => (one.ok ? [one.subject] : []));
  const results = subjects.map((subject) => previewOf(subject, known.value));
  const previews = results.flatMap((result) => (result.ok ? [result.value] : []));
  const wrong = [
    ...problems,
    ...read.flatMap((one) => (one.ok ? [] : [one.problem])),
    ...results.flatMap((result) => (result.ok ? [] : result.problems)),
  ];
  return {
    stdout: format(previews, documents.length > 1, options, screen),
    stderr: lines([...notes(known.value, subjects), ...wrong]),
    failed: wrong.length > 0,
  };
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
