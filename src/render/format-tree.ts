import { listAt, numberAt, objectAt, textAt, type JsonObject } from '../lib/json.ts';
import { wrapWords } from './wrap-words.ts';
import type { Preview, PreviewCondition, PreviewResource } from './preview.ts';
import { calledSubject } from './read-subject.ts';
import { summarize } from './summarize.ts';

/** How a text is shown on a terminal. */
export type Tone = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';
/** Colours a text, where what is written to knows colours. */
export type Paint = (tone: Tone, text: string) => string;

/** What the tree is written to. */
export interface Screen {
  readonly paint: Paint;
  /** Characters in a line; undefined where lines may be as long as they are. */
  readonly width: number | undefined;
}

/** How a resource stands, as the mark before it. */
type Mark = 'ready' | 'coming' | 'broken' | 'create' | 'look' | 'later' | 'remove';

const marks: Readonly<Record<Mark, readonly [sign: string, tone: Tone, meaning: string]>> = {
  ready: ['✓', 'green', 'ready'],
  coming: ['~', 'yellow', 'on its way'],
  broken: ['✗', 'red', 'needs somebody'],
  create: ['+', 'cyan', 'is created'],
  look: ['?', 'cyan', 'is looked up'],
  later: ['·', 'dim', 'is created once what it waits for is there'],
  remove: ['-', 'red', 'is no longer wanted: Crossplane deletes it'],
};

function markOf({ state, later, exists, observeOnly, ready }: PreviewResource): Mark {
  if (state === 'failed') return 'broken';
  if (later) return 'later';
  if (!exists) return observeOnly ? 'look' : 'create';
  return ready ? 'ready' : 'coming';
}

/** A line of the tree, and what stands beneath it. */
interface Row {
  readonly mark: Mark;
  readonly cells: readonly string[];
  readonly notes: readonly string[];
}

function identify(manifest: JsonObject): readonly [kind: string, name: string] {
  return [textAt(manifest, 'kind') ?? '', textAt(manifest, 'metadata', 'name') ?? ''];
}

function rowOf(resource: PreviewResource): Row {
  const { key, manifest, reason, message, uses, waitsFor } = resource;
  const mark = markOf(resource);
  const isNew = mark === 'create' || mark === 'look' || mark === 'later';
  const others = uses.filter((used) => !waitsFor.includes(used));
  return {
    mark,
    cells: [...identify(manifest), key, isNew ? '' : reason, summarize(manifest)],
    notes: [
      ...(isNew || mark === 'ready' || message === '' ? [] : [message]),
      ...(waitsFor.length === 0 ? [] : [`waits for ${waitsFor.join(', ')}`]),
      ...(others.length === 0 ? [] : [`uses ${others.join(', ')}`]),
    ],
  };
}

/** Rows under one heading; the only group of a tree needs none. */
interface Group {
  readonly heading: string;
  readonly rows: readonly Row[];
}

function groupsOf({ resources, removed }: Preview): readonly Group[] {
  const isNew = resources.every(({ exists }) => !exists);
  const now = resources.filter(({ later }) => !later).map(rowOf);
  const later = resources.filter((resource) => resource.later).map(rowOf);
  const gone = removed.map(({ key, manifest }): Row => ({
    mark: 'remove',
    cells: [...identify(manifest), key, '', ''],
    notes: [],
  }));
  return [
    { heading: isNew ? 'at once' : 'now', rows: now },
    { heading: 'then', rows: later },
    { heading: 'no longer', rows: gone },
  ].filter(({ rows }) => rows.length > 0);
}

/** Cells padded to their column's width; a column that is empty in every row takes no room. */
function aligned(rows: readonly Row[], cells: readonly string[]): readonly string[] {
  return cells.flatMap((cell, column) => {
    const width = Math.max(...rows.map((row) => (row.cells[column] ?? '').length));
    return width === 0 ? [] : [cell.padEnd(width)];
  });
}

function treeLines(groups: readonly Group[], { paint, width = Infinity }: Screen): readonly string[] {
  const rows = groups.flatMap((group) => group.rows);
  const bare = groups.length === 1;
  return groups.flatMap(({ heading, rows: own }, index) => {
    const lastGroup = index === groups.length - 1;
    const rail = bare ? '' : lastGroup ? '   ' : '│  ';
    const branches = own.flatMap((row, position) => {
      const last = position === own.length - 1;
      const [sign, tone] = marks[row.mark];
      const [kind = '', name = '', ...rest] = aligned(rows, row.cells);
      const line = [`${paint(tone, sign)} ${kind}`, paint('bold', name), ...rest].join('  ').trimEnd();
      const indent = `${rail}${last ? '   ' : '│  '}`;
      const notes = row.notes.flatMap((note) => wrapWords(note, width - indent.length - 2));
      return [
        `${paint('dim', `${rail}${last ? '└─' : '├─'}`)} ${line}`,
        ...notes.map((note) => paint('dim', `${indent}  ${note}`)),
      ];
    });
    return bare ? branches : [`${paint('dim', lastGroup ? '└─' : '├─')} ${paint('bold', heading)}`, ...branches];
  });
}

function legend(groups: readonly Group[], { paint }: Screen): string {
  const used = new Set(groups.flatMap(({ rows }) => rows.map(({ mark }) => mark)));
  return Object.entries(marks)
    .filter(([mark]) => [...used].some((other) => other === mark))
    .map(([, [sign, tone, meaning]]) => `${paint(tone, sign)} ${paint('dim', meaning)}`)
    .join('   ');
}

function summary({ resources, ready, status }: Preview): string {
  if (resources.every(({ exists }) => !exists)) return 'nothing exists yet';
  const phase = textAt(status, 'phase') ?? 'Pending';
  if (ready) return `${phase}, ready`;
  const count = resources.filter((resource) => resource.ready).length;
  return `${phase}, not ready: ${count} of ${resources.length} resources are`;
}

function heading(preview: Preview, { paint }: Screen): string {
  const { subject } = preview;
  const flavour = subject.flavour === 'claim' ? `claim, as ${textAt(subject.xr, 'metadata', 'name') ?? ''}` : '';
  const details = [flavour, summary(preview), subject.file].filter((text) => text !== '');
  return `${paint('bold', calledSubject(subject))}  ${paint('dim', details.join(' · '))}`;
}

const conditionTones: Readonly<Record<string, Tone>> = { True: 'green', False: 'yellow' };

function conditionLines(
  conditions: readonly PreviewCondition[],
  { paint, width = Infinity }: Screen,
): readonly string[] {
  const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));
  const types = longest(conditions.map(({ type }) => type));
  const reasons = longest(conditions.map(({ reason }) => reason));
  const indent = 2 + types + 2 + 'Unknown'.length + 2 + reasons + 2;
  return conditions.flatMap(({ type, status, reason, message }) => {
    const [first = '', ...others] = wrapWords(message, Math.max(40, width - indent));
    const tone = type === 'Progressing' ? 'dim' : (conditionTones[status] ?? 'dim');
    const cells = [type.padEnd(types), paint(tone, status.padEnd(7)), reason.padEnd(reasons), first];
    return [`  ${cells.join('  ')}`.trimEnd(), ...others.map((line) => `${' '.repeat(indent)}${line}`)];
  });
}

function endpointLines(endpoints: JsonObject): readonly string[] {
  return Object.entries(endpoints).map(([name, endpoint]) => {
    const host = textAt(endpoint, 'host') ?? '<any node>';
    return `  ${name.padEnd(4)} ${host.includes(':') ? `[${host}]` : host}:${numberAt(endpoint, 'port') ?? ''}`;
  });
}

/** The endpoints of which the cluster decides a part: the load balancer's address, or the node port. */
function openEndpointLines({ resources, endpoints }: Preview): readonly string[] {
  const exposed = resources.filter(({ manifest }) =>
    ['LoadBalancer', 'NodePort'].includes(textAt(manifest, 'spec', 'type') ?? ''),
  );
  return exposed.flatMap(({ manifest }) =>
    listAt(manifest, 'spec', 'ports').flatMap((port) => {
      const name = textAt(port, 'name') ?? '';
      if (Object.hasOwn(endpoints, name)) return [];
      const isNodePort = textAt(manifest, 'spec', 'type') === 'NodePort';
      const place = isNodePort
        ? '<any node>:<port that the cluster chooses>'
        : `<address of the load balancer>:${numberAt(port, 'port') ?? ''}`;
      return [`  ${name.padEnd(4)} ${place}`];
    }),
  );
}

/** A titled list, or nothing where the list is empty. */
function section(title: string, lines: readonly string[], { paint }: Screen): readonly string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines];
}

function bullets(texts: readonly string[], { width = Infinity }: Screen): readonly string[] {
  return texts.flatMap((text) => wrapWords(text, width - 2).map((line) => `  ${line}`));
}

/** A DittoServer as a tree that a person reads: what there is or will be, how it is, and what it waits for. */
export function formatTree(preview: Preview, screen: Screen): string {
  const { conditions, status, endpoints, results, warnings, assumed, resources } = preview;
  const isNew = resources.every(({ exists }) => !exists);
  const groups = groupsOf(preview);
  const present = objectAt(status, 'endpoints') ?? {};
  const names = assumed.map((name) => JSON.stringify(name)).join(', ');
  const notes =
    assumed.length === 0
      ? []
      : [`Counted as present, because --required does not say which Secrets exist: Secret ${names}`];
  return [
    heading(preview, screen),
    ...treeLines(groups, screen),
    '',
    legend(groups, screen),
    ...section('Secrets', bullets(notes, screen), screen),
    ...section('Warnings', bullets(warnings, screen), screen),
    ...section(isNew ? 'Conditions after the first call' : 'Conditions', conditionLines(conditions, screen), screen),
    ...section(
      'Events',
      bullets(
        results.map(({ severity, reason, message }) => `${severity} ${reason}: ${message}`),
        screen,
      ),
      screen,
    ),
    ...section('Endpoints', endpointLines(present), screen),
    ...section(
      'Endpoints once it runs',
      isNew ? [...openEndpointLines(preview), ...endpointLines(endpoints)] : [],
      screen,
    ),
    '',
  ].join('\n');
}
