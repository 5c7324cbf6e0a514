import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { listAt, textAt, type JsonObject } from '../../../src/lib/json.ts';
import { texts } from '../../support/json.ts';
import { readYamlDocuments } from '../../support/yaml.ts';

/*
 * Packages as others see them: opened with tar, and with none of the code that wrote them.
 */

/** A layer of an opened package. */
export interface OpenedLayer {
  readonly digest: string;
  readonly diffId: string;
  /** What Crossplane's CLI makes of the layer when it pushes the package: `base`, `upbound` or nothing. */
  readonly annotation: string | undefined;
  /** Paths in the order of the archive. */
  readonly paths: readonly string[];
  readonly tar: Buffer;
}

/** An .xpkg file, opened. */
export interface OpenedPackage {
  readonly references: readonly string[];
  readonly config: JsonObject;
  readonly layers: readonly OpenedLayer[];
}

const maxBuffer = 512 * 1024 * 1024;

/** One file of an archive. */
export function fileIn(tar: Buffer, path: string): Buffer {
  return execFileSync('tar', ['-xOf', '-', path], { input: tar, maxBuffer });
}

/** The paths in an archive. */
export function pathsIn(tar: Buffer): readonly string[] {
  return execFileSync('tar', ['-tf', '-'], { input: tar, maxBuffer }).toString().trim().split('\n');
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Opens a package. */
export function openPackage(archive: Buffer): OpenedPackage {
  const [image] = JSON.parse(fileIn(archive, 'manifest.json').toString()) as JsonObject[];
  const config = JSON.parse(fileIn(archive, textAt(image, 'Config') ?? '').toString()) as JsonObject;
  const layers = texts(listAt(image, 'Layers')).map((path) => {
    const blob = fileIn(archive, path);
    const tar = gunzipSync(blob);
    const digest = sha256(blob);
    const annotation = textAt(config, 'config', 'Labels', `io.crossplane.xpkg:${digest}`);
    return { digest, diffId: sha256(tar), annotation, paths: pathsIn(tar), tar };
  });
  return { references: texts(listAt(image, 'RepoTags')), config, layers };
}

/** The objects of a package: what is in the one file of its base layer. */
export function objectsIn({ layers }: OpenedPackage): readonly JsonObject[] {
  const [base, ...others] = layers.filter(({ annotation }) => annotation === 'base');
  if (base === undefined || others.length > 0) throw new Error('the package has not exactly one base layer');
  return readYamlDocuments(fileIn(base.tar, 'package.yaml').toString());
}
