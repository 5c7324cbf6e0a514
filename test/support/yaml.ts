import { dump, load, loadAll } from 'js-yaml';
import { isObject, type JsonObject } from '../../src/lib/json.ts';

/** Fields that a reader of Kubernetes manifests looks for first; all others follow in alphabetical order. */
const first = ['apiVersion', 'kind', 'metadata', 'type', 'name', 'namespace', 'status', 'reason', 'message'];

function rank(key: string): number {
  const index = first.indexOf(key);
  return index < 0 ? first.length : index;
}

/** JSON as YAML that people read: the same text for the same value, whatever the order of its fields. */
export function toYaml(value: unknown): string {
  return dump(value, {
    noRefs: true,
    lineWidth: -1,
    sortKeys: (a: string, b: string) => rank(a) - rank(b) || (a < b ? -1 : 1),
  });
}

/** Several YAML documents in one text, each under a title. */
export function toDocuments(documents: readonly (readonly [title: string, value: unknown])[]): string {
  return documents.map(([title, value]) => `# ${title}\n${toYaml(value)}`).join('---\n');
}

/** The one object of a YAML document. */
export function readYaml(text: string): JsonObject {
  return load(text) as JsonObject;
}

/** Every object of a text with several YAML documents; those that hold only comments are none. */
export function readYamlDocuments(text: string): readonly JsonObject[] {
  return (loadAll(text) as readonly unknown[]).filter(isObject);
}
