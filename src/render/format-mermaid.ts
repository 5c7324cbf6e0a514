import { textAt, type JsonObject } from '../lib/json.ts';
import type { Preview, PreviewResource } from './preview.ts';
import { calledSubject } from './read-subject.ts';

/** The groups of a diagram, by the kinds in them; what is of no such kind stands in the last. */
const groups: readonly (readonly [id: string, title: string, kinds: readonly string[]])[] = [
  ['configuration', 'Configuration and credentials', ['ConfigMap', 'Secret']],
  ['storage', 'Storage', ['PersistentVolumeClaim', 'PersistentVolume', 'StorageClass', 'PerconaPGCluster']],
  ['network', 'Network', ['Service']],
  ['workload', 'Workload', []],
];

/** Text inside a quoted label: Mermaid reads entities, and HTML. */
function escape(text: string): string {
  return text.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;');
}

/** Never a word of Mermaid's own, such as end: the number stands in front. */
function nodeId(index: number, key: string): string {
  return `d${index}_${key.replaceAll(/[^A-Za-z0-9]/g, '_')}`;
}

function groupOf(manifest: JsonObject): string {
  const kind = textAt(manifest, 'kind') ?? '';
  return groups.find(([, , kinds]) => kinds.includes(kind))?.[0] ?? 'workload';
}

function node(index: number, { key, manifest, later, observeOnly }: PreviewResource): string {
  const label = `${escape(textAt(manifest, 'kind') ?? '')}<br>${escape(textAt(manifest, 'metadata', 'name') ?? '')}`;
  const style = observeOnly ? ':::observed' : later ? ':::later' : '';
  return `      ${nodeId(index, key)}["${label}"]${style}`;
}

function diagram({ subject, resources }: Preview, index: number): readonly string[] {
  const xr = nodeId(index, 'xr');
  const kind = textAt(subject.xr, 'kind') ?? '';
  const inside = groups.flatMap(([id, name]) => {
    const own = resources.filter(({ manifest }) => groupOf(manifest) === id);
    if (own.length === 0) return [];
    return [
      `    subgraph ${nodeId(index, `group_${id}`)}["${name}"]`,
      ...own.map((resource) => node(index, resource)),
      '    end',
    ];
  });
  return [
    `  subgraph ${nodeId(index, 'server')}["${escape(calledSubject(subject))}"]`,
    `    ${xr}(["${kind}<br>${escape(textAt(subject.xr, 'metadata', 'name') ?? '')}"]):::xr`,
    ...inside,
    '  end',
    ...resources.map(({ key }) => `  ${xr} --> ${nodeId(index, key)}`),
    ...resources.flatMap(({ key, uses }) =>
      uses.map((used) => `  ${nodeId(index, key)} -. uses .-> ${nodeId(index, used)}`),
    ),
  ];
}

/** DittoServers as a Mermaid flowchart, which GitHub draws: what each composes, and what uses what. */
export function formatMermaid(previews: readonly Preview[]): string {
  if (previews.length === 0) return '';
  return [
    'flowchart LR',
    ...previews.flatMap(diagram),
    '  classDef xr stroke-width:3px',
    '  classDef later stroke-dasharray:5 5',
    '  classDef observed stroke-dasharray:2 2',
    '',
  ].join('\n');
}
