/**
 * Builds the packages that a cluster installs, without a container engine, and prints each file with the reference to
 * which it is pushed. The same input gives the same bytes.
 *
 *   node scripts/package.ts [--version v0.2.0] [--output dist] [--runtime-image-amd64 FILE.tar] [--runtime-image-arm64 FILE.tar]
 *
 * A runtime image is a docker-archive such as `docker save` writes; where none is given, one is put together from npm's
 * Node and Debian's libraries, around dist/main.js.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { contentsOf } from './package/contents.ts';
import {
  architectures,
  emptyImage,
  readImage,
  withLabels,
  writeImage,
  type Architecture,
  type Image,
} from './package/image.ts';
import { about } from './package/metadata.ts';
import { registry, source, type PackageName } from './package/repository.ts';
import { assembleRuntimeImage } from './package/runtime-image.ts';
import { ownVersion, parseVersion } from './package/version.ts';
import { toPackage } from './package/xpkg.ts';

const root = join(import.meta.dirname, '..');

/** Fails where what is reviewed is not what would be shipped. */
function requireCurrentFiles(): void {
  const check = spawnSync(process.execPath, [join(import.meta.dirname, 'generate.ts'), '--check'], {
    stdio: 'inherit',
  });
  if (check.status !== 0) throw new Error('cannot package: generated files are stale');
}

/** The image in which the function runs: the given one, or else one of our own. */
async function runtimeImage(architecture: Architecture, given: string | undefined): Promise<Image> {
  if (given === undefined) {
    const program = join(root, 'dist/main.js');
    if (!existsSync(program)) throw new Error('cannot package: dist/main.js is not built: npm run build');
    return assembleRuntimeImage(architecture, readFileSync(program));
  }
  const image = await readImage(readFileSync(given));
  if (image.config.architecture !== architecture)
    throw new Error(`cannot use ${given} for ${architecture}: it is an image for ${image.config.architecture}`);
  return image;
}

/** Every example that a package's users can apply, as one YAML stream; claims have fields that only they know. */
function examplesFor(name: PackageName): Buffer {
  const files = readdirSync(join(root, 'examples')).sort();
  const wanted = files.filter((file) => name === 'configuration-dittofs-claims' || file !== 'claim.yaml');
  return Buffer.from(wanted.map((file) => `---\n${readFileSync(join(root, 'examples', file), 'utf8')}`).join(''));
}

/** Writes one package and says where it belongs. */
async function write(name: PackageName, version: string, path: string, image: Image): Promise<void> {
  const reference = `${registry}/${name}:${version}`;
  const labelled = withLabels(image, {
    'org.opencontainers.image.title': name,
    'org.opencontainers.image.description': about[name].description,
    'org.opencontainers.image.source': source,
    'org.opencontainers.image.licenses': 'Apache-2.0',
    'org.opencontainers.image.version': version,
  });
  writeFileSync(path, await writeImage(labelled, reference));
  console.log(`${path}\t${reference}`);
}

async function buildPackages(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      version: { type: 'string', default: ownVersion() },
      output: { type: 'string', default: join(root, 'dist') },
      'runtime-image-amd64': { type: 'string' },
      'runtime-image-arm64': { type: 'string' },
    },
  });
  const version = parseVersion(options.version);
  requireCurrentFiles();
  const contents = contentsOf(version);

  mkdirSync(options.output, { recursive: true });
  for (const architecture of architectures) {
    const runtime = await runtimeImage(architecture, options[`runtime-image-${architecture}`]);
    const image = await toPackage(runtime, Object.values(contents['function-dittofs']));
    const path = join(options.output, `function-dittofs-${architecture}.xpkg`);
    await write('function-dittofs', version, path, image);
  }
  for (const name of ['configuration-dittofs', 'configuration-dittofs-claims'] as const) {
    // Nothing runs in it; Crossplane asks every registry for this platform.
    const image = await toPackage(emptyImage('amd64', {}), Object.values(contents[name]), examplesFor(name));
    await write(name, version, join(options.output, `${name}.xpkg`), image);
  }
}

await buildPackages().catch((error: unknown) => {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
