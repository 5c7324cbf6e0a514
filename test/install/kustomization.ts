import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { listAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { texts } from '../support/json.ts';
import { readYaml, readYamlDocuments } from '../support/yaml.ts';

export const installFolder = join(import.meta.dirname, '../../install');

/** An object that is installed, with the file that holds it. */
export interface Installed {
  readonly file: string;
  readonly object: JsonObject;
}

/** The folders of install/ that a user applies, one command each. */
export const applied = [
  'namespaced/runtime',
  'namespaced/config',
  'claims/runtime',
  'claims/config',
  'private-registry',
  'signatures',
] as const;

/** The objects of a folder, as `kubectl apply -k` finds them; throws where kustomize would, or where it would do more. */
export function build(folder: string): readonly Installed[] {
  const kustomization = readYaml(readFileSync(join(installFolder, folder, 'kustomization.yaml'), 'utf8'));
  const unknown = Object.keys(kustomization).filter((key) => !['apiVersion', 'kind', 'resources'].includes(key));
  if (unknown.length > 0) throw new Error(`${folder}: this test does not know ${unknown.join()}`);
  return texts(listAt(kustomization, 'resources')).flatMap((resource) => {
    const path = join(folder, resource);
    if (statSync(join(installFolder, path)).isDirectory()) return build(path);
    const text = readFileSync(join(installFolder, path), 'utf8');
    return readYamlDocuments(text).map((object) => ({ file: path, object }));
  });
}

/** Every object of install/, once. */
export const installed: readonly Installed[] = [
  ...new Map(
    applied.flatMap(build).map((entry) => [`${entry.file} ${textAt(entry.object, 'metadata', 'name') ?? ''}`, entry]),
  ).values(),
];

/** The one object of a kind, and of a name where there are several of the kind. */
export function only(kind: string, name?: string): JsonObject {
  const found = installed
    .map(({ object }) => object)
    .filter((object) => object.kind === kind && (name === undefined || textAt(object, 'metadata', 'name') === name));
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${found.length} times ${kind} ${name ?? ''}`);
  return first;
}

/** Every file with objects under install/. */
export function manifestFiles(): readonly string[] {
  return readdirSync(installFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'kustomization.yaml')
    .map((entry) => relative(installFolder, join(entry.parentPath, entry.name)))
    .sort();
}
