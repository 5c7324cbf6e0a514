import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentsOf } from '../../scripts/package/contents.ts';
import { readImage } from '../../scripts/package/image.ts';
import { packageNames } from '../../scripts/package/repository.ts';
import { readTar, writeTar, type TarEntry } from '../../scripts/package/tar.ts';
import { ownVersion } from '../../scripts/package/version.ts';
import { at, listAt, objectAt, textAt } from '../../src/lib/json.ts';
import { readYamlDocuments } from '../support/yaml.ts';
import { fileIn, objectsIn, openPackage, type OpenedPackage } from './support/open-package.ts';

const root = join(import.meta.dirname, '../..');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'function-dittofs-package-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const hexOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const file = (path: string, content: Buffer | string): TarEntry => ({
  type: 'file',
  path,
  content: Buffer.from(content),
});

const system = await writeTar([file('etc/passwd', 'root:x:0:0::/:/nologin\n')]);
const program = await writeTar([file('app/dist/main.js', 'console.log("a small stand-in");\n')]);

/** A runtime image's configuration, with fields that we do not know. */
function configFor(architecture: string, ...layers: readonly Buffer[]): Buffer {
  return Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      variant: 'v8',
      created: '2026-01-02T03:04:05Z',
      config: { User: '65532', Entrypoint: ['/nodejs/bin/node'], Labels: { kept: 'yes' }, OnBuild: null },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${hexOf(layer)}`) },
      history: [
        { created_by: 'COPY', comment: 'buildkit' },
        { created_by: 'ENTRYPOINT', empty_layer: true },
      ],
    }),
  );
}

/** What `docker save` wrote before version 25: a folder for each layer, and a link for one that occurs again. */
async function legacyArchive(architecture: string): Promise<Buffer> {
  const config = configFor(architecture, system, program, system);
  const manifest = [
    {
      Config: `${hexOf(config)}.json`,
      RepoTags: null,
      Layers: ['aa/layer.tar', 'bb/layer.tar', 'cc/layer.tar'],
    },
  ];
  return writeTar([
    file('manifest.json', JSON.stringify(manifest)),
    file(`${hexOf(config)}.json`, config),
    { type: 'directory', path: 'aa' },
    file('aa/VERSION', '1.0'),
    file('aa/layer.tar', system),
    file('bb/layer.tar', program),
    { type: 'symlink', path: 'cc/layer.tar', target: '../aa/layer.tar' },
  ]);
}

/** What `docker save` writes since version 25, and buildx: an OCI layout, whose layers may be compressed. */
async function ociArchive(architecture: string): Promise<Buffer> {
  const config = configFor(architecture, system, program);
  const blobs = [config, gzipSync(system), gzipSync(program, { level: 1 })];
  const pathOf = (blob: Buffer): string => `blobs/sha256/${hexOf(blob)}`;
  const [Config, ...Layers] = blobs.map(pathOf);
  return writeTar([
    file('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    file('index.json', '{}'),
    file('manifest.json', JSON.stringify([{ Config, RepoTags: ['x:1'], Layers, LayerSources: {} }])),
    ...blobs.map((blob) => file(pathOf(blob), blob)),
  ]);
}

/** Runs the command with runtime images of both forms; the packages, or what it says when it fails. */
async function build(name: string, ...args: readonly string[]) {
  const output = join(folder, name);
  const images = { amd64: join(folder, 'amd64.tar'), arm64: join(folder, 'arm64.tar') };
  writeFileSync(images.amd64, await legacyArchive('amd64'));
  writeFileSync(images.arm64, await ociArchive('arm64'));
  const runtimes = Object.entries(images).map(([architecture, path]) => `--runtime-image-${architecture}=${path}`);
  const command = [join(root, 'scripts/package.ts'), '--output', output, ...runtimes, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return { status, stdout, stderr, read: (file: string) => readFileSync(join(output, file)) };
}

const files = [
  ['function-dittofs-amd64.xpkg', 'function-dittofs'],
  ['function-dittofs-arm64.xpkg', 'function-dittofs'],
  ['configuration-dittofs.xpkg', 'configuration-dittofs'],
  ['configuration-dittofs-claims.xpkg', 'configuration-dittofs-claims'],
] as const;

describe('the packages', () => {
  let built: Awaited<ReturnType<typeof build>>;
  const packages = new Map<string, OpenedPackage>();
  const opened = (file: string): OpenedPackage => {
    const found = packages.get(file) ?? openPackage(built.read(file));
    packages.set(file, found);
    return found;
  };

  beforeAll(async () => {
    built = await build('first');
    expect(built.stderr).toBe('');
  });

  it('are told with the reference of each', () => {
    const lines = files.map(
      ([file, name]) => `${join(folder, 'first', file)}\tghcr.io/dittofs/${name}:${ownVersion()}`,
    );
    expect(built.stdout.trim().split('\n')).toEqual(lines);
  });

  it.each(files)('%s is an image with a configuration of its layers', (file, name) => {
    const { config, layers, references } = opened(file);
    expect(listAt(config, 'rootfs', 'diff_ids')).toEqual(layers.map(({ diffId }) => diffId));
    expect(references).toEqual([`ghcr.io/dittofs/${name}:${ownVersion()}`]);
    expect(textAt(config, 'os')).toBe('linux');
    expect(textAt(config, 'architecture')).toBe(file.includes('arm64') ? 'arm64' : 'amd64');
  });

  it.each(files)('%s holds in one base layer exactly package.yaml, with the objects', (file, name) => {
    const { layers } = opened(file);
    const base = layers.filter(({ annotation }) => annotation === 'base');
    expect(base.map(({ paths }) => paths)).toEqual([['package.yaml']]);
    const objects = Object.values(contentsOf(ownVersion())[name]);
    expect(objectsIn(opened(file))).toEqual(JSON.parse(JSON.stringify(objects)));
  });

  it.each(files)('%s is labelled as images are', (file, name) => {
    const labels = objectAt(opened(file).config, 'config', 'Labels');
    expect(labels).toMatchObject({
      'org.opencontainers.image.title': name,
      'org.opencontainers.image.source': 'https://github.com/dittofs/function-dittofs',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': ownVersion(),
    });
    expect(textAt(labels, 'org.opencontainers.image.description')).toMatch(/\.$/);
    const known = opened(file).layers.map(({ digest }) => `io.crossplane.xpkg:${digest}`);
    const labelled = Object.keys(labels ?? {}).filter((key) => key.startsWith('io.crossplane.xpkg:'));
    expect(known).toEqual(expect.arrayContaining(labelled));
  });

  it.each([
    ['function-dittofs-amd64.xpkg', [system, program, system]],
    ['function-dittofs-arm64.xpkg', [system, program]],
  ] as const)('%s is the runtime image with one layer more', async (file, runtime) => {
    const { config, layers } = opened(file);
    expect(layers.slice(0, -1).map(({ tar }) => tar)).toEqual(runtime);
    expect(at(config, 'config')).toMatchObject({ User: '65532', Entrypoint: ['/nodejs/bin/node'], OnBuild: null });
    expect(textAt(config, 'config', 'Labels', 'kept')).toBe('yes');
    expect([at(config, 'variant'), at(config, 'created')]).toEqual(['v8', '2026-01-02T03:04:05Z']);
    const history = at(config, 'history') as readonly { empty_layer?: boolean }[];
    expect(history.filter(({ empty_layer }) => empty_layer !== true).length).toBeLessThanOrEqual(layers.length);
    expect((await readImage(built.read(file))).layers.map(({ digest }) => digest)).toEqual(
      layers.map(({ digest }) => digest),
    );
  });

  it('show their users examples: a claim to those who have claims', () => {
    const examplesIn = (file: string): readonly string[] => {
      const [layer] = opened(file).layers.filter(({ annotation }) => annotation === 'upbound');
      if (layer === undefined) throw new Error('there is no layer of examples');
      expect(layer.paths).toEqual(['.up/examples.yaml']);
      const examples = readYamlDocuments(fileIn(layer.tar, '.up/examples.yaml').toString());
      return examples.map((example) => textAt(example, 'metadata', 'name') ?? '');
    };
    expect(examplesIn('configuration-dittofs.xpkg')).toContain('my-dittofs');
    expect(examplesIn('configuration-dittofs.xpkg')).not.toContain('claimed-files');
    expect(examplesIn('configuration-dittofs-claims.xpkg')).toEqual(
      expect.arrayContaining(['my-dittofs', 'claimed-files']),
    );
  });

  it('are the same bytes for the same input', async () => {
    const again = await build('again');
    for (const [file] of files) expect(hexOf(again.read(file)), file).toBe(hexOf(built.read(file)));
  });

  it('have the version that is asked for', async () => {
    const released = await build('released', '--version', 'v9.8.7-rc.1');
    for (const [file, name] of files) {
      const { references, config } = openPackage(released.read(file));
      expect(references).toEqual([`ghcr.io/dittofs/${name}:v9.8.7-rc.1`]);
      expect(textAt(config, 'config', 'Labels', 'org.opencontainers.image.version')).toBe('v9.8.7-rc.1');
    }
    const [metadata] = objectsIn(openPackage(released.read('configuration-dittofs.xpkg')));
    expect(textAt(metadata, 'spec', 'dependsOn', 0, 'version')).toBe('>=v9.8.7-rc.1');
  });

  it('are not built of a version that is none', async () => {
    const { status, stderr } = await build('unreleased', '--version', 'latest');
    expect(status).not.toBe(0);
    expect(stderr).toBe('error: cannot use the version "latest": it is not one such as v0.1.0 or v0.2.0-rc.1\n');
  });

  it('are not built around an image for another processor', async () => {
    const { status, stderr } = await build('swapped', `--runtime-image-amd64=${join(folder, 'arm64.tar')}`);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/cannot use \S+arm64\.tar for amd64: it is an image for arm64/);
  });

  it('are not built while a generated file is stale', () => {
    const copy = join(folder, 'stale');
    for (const path of ['scripts', 'src', 'apis', 'package', 'docs', 'examples', 'test/crds', 'package.json'])
      cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    appendFileSync(join(copy, 'apis/claims/composition.yaml'), '# by hand\n');
    const command = [join(copy, 'scripts/package.ts'), '--output', join(copy, 'out')];
    const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('apis/claims/composition.yaml is stale: run npm run generate');
    expect(stderr).toContain('cannot package: generated files are stale');
  });
});

describe('a runtime image', () => {
  const without = async (archive: Buffer, path: string): Promise<Buffer> =>
    writeTar((await readTar(archive)).filter((entry) => entry.path !== path));

  it('is not read from an archive of another kind', async () => {
    await expect(readImage(await without(await ociArchive('amd64'), 'manifest.json'))).rejects.toThrow(
      'cannot read the image: its archive holds no manifest.json',
    );
  });

  it('is not read where a layer is missing', async () => {
    await expect(readImage(await without(await legacyArchive('amd64'), 'bb/layer.tar'))).rejects.toThrow(
      'cannot read the image: its archive holds no bb/layer.tar',
    );
  });

  it('is not read where a layer is not the one that it names', async () => {
    const entries = await readTar(await legacyArchive('amd64'));
    const changed = entries.map((entry) => (entry.path === 'bb/layer.tar' ? file(entry.path, system) : entry));
    await expect(readImage(await writeTar(changed))).rejects.toThrow('cannot read the image: its layers are sha256:');
  });

  it('is not read where a layer is compressed in a way that old Crossplane cannot read', async () => {
    const entries = await readTar(await legacyArchive('amd64'));
    const zstd = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.alloc(600)]);
    const changed = entries.map((entry) => (entry.path === 'bb/layer.tar' ? file(entry.path, zstd) : entry));
    await expect(readImage(await writeTar(changed))).rejects.toThrow('cannot read a layer');
  });
});

describe('a tar archive', () => {
  const entries: readonly TarEntry[] = [
    { type: 'directory', path: 'tmp', mode: 0o1777 },
    { type: 'file', path: 'bin/program', mode: 0o755, content: Buffer.from('x'.repeat(1000)) },
    { type: 'symlink', path: 'lib', target: 'usr/lib' },
    { type: 'file', path: 'empty', mode: 0o644, content: Buffer.alloc(0) },
  ];

  it('does not tell when, by whom, or in which order it was made', async () => {
    const archive = await writeTar(entries);
    expect(hexOf(await writeTar([...entries].reverse()))).toBe(hexOf(archive));
    const listing = spawnSync('tar', ['--numeric-owner', '--utc', '-tvf', '-'], { input: archive, encoding: 'utf8' });
    const lines = listing.stdout.trim().split('\n');
    expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
      '-rwxr-xr-x 0/0 1000 1970-01-01 00:00 bin/program',
      '-rw-r--r-- 0/0 0 1970-01-01 00:00 empty',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00 lib -> usr/lib',
      'drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp',
    ]);
  });

  it('is read as it was written', async () => {
    const read = await readTar(await writeTar(entries));
    expect(read).toEqual([...entries].sort((a, b) => (a.path < b.path ? -1 : 1)));
  });
});

it('every package is built into a file', () => {
  expect(new Set(files.map(([, name]) => name))).toEqual(new Set(packageNames));
});
