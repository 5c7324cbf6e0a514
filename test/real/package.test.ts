import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownVersion } from '../../scripts/package/version.ts';
import { describeRegistry, type Registry } from '../../lab/packages.ts';
import { eventually } from '../../lab/program.ts';
import { listAt, objectAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { objectsIn, openPackage } from '../package/support/open-package.ts';
import { startCommand } from '../server/support/function-process.ts';
import { connectTo } from '../server/support/grpc-client.ts';
import { goVersion, tool } from '../../lab/tools.ts';

const run = promisify(execFile);
const go = await goVersion();
const root = join(import.meta.dirname, '..', '..');

/** The processor of this machine, as images name it. */
const architecture = process.arch === 'x64' ? 'amd64' : process.arch;

/** The user as whom Crossplane runs a function. */
const USER = '2000';

/** What of Debian the images are put together with and looked at with, and is not there. */
function missingPrograms(): readonly string[] {
  const programs = ['apt-get', 'dpkg-deb', 'tar', process.getuid?.() === 0 ? 'chroot' : 'unshare'];
  return programs.filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0);
}

const missing = missingPrograms();
if (missing.length > 0) {
  const why = `${missing.join(', ')} not found: packages with a real runtime are not tested`;
  if (process.env.CI === 'true') throw new Error(why);
  process.stderr.write(`${why}\n`);
}

/** The command with another folder as root: for an unprivileged user, with no more rights than it has otherwise. */
function inRoot(folder: string, ...command: readonly string[]): readonly string[] {
  return process.getuid?.() === 0
    ? ['chroot', `--userspec=${USER}:${USER}`, folder, ...command]
    : ['unshare', '--map-root-user', 'chroot', folder, ...command];
}

let folder: string;
let packages: string;

beforeAll(async () => {
  if (missing.length > 0) return;
  folder = mkdtempSync(join(tmpdir(), 'function-dittofs-xpkg-'));
  // The folders of others may be closed; this one is the root of a system for another user.
  execFileSync('chmod', ['755', folder]);
  packages = join(folder, 'packages');
  await run(process.execPath, [join(root, 'scripts/package.ts'), '--version', 'v0.0.1-test', '--output', packages]);
});

afterAll(() => {
  if (missing.length === 0) rmSync(folder, { recursive: true });
});

describe.skipIf(missing.length > 0)('the image in the Function package', () => {
  let system: string;

  beforeAll(() => {
    system = join(folder, 'root');
    mkdirSync(system);
    const { layers } = openPackage(readFileSync(join(packages, `function-dittofs-${architecture}.xpkg`)));
    for (const { tar } of layers) execFileSync('tar', ['-xf', '-', '-C', system, '--no-same-owner'], { input: tar });
  });

  it('holds Node, its libraries and the function, and neither a shell nor npm', () => {
    const { layers, config } = openPackage(readFileSync(join(packages, 'function-dittofs-arm64.xpkg')));
    const paths = layers.flatMap(({ paths }) => paths);
    expect(paths).toEqual(
      expect.arrayContaining([
        'nodejs/bin/node',
        'nodejs/LICENSE',
        'app/dist/main.js',
        'usr/lib/aarch64-linux-gnu/libc.so.6',
        'usr/lib/aarch64-linux-gnu/libstdc++.so.6',
        'var/lib/dpkg/status.d/libc6',
        'usr/share/doc/libc6/copyright',
      ]),
    );
    expect(paths.filter((path) => /(^|\/)(sh|bash|dash|busybox|npm|npx|corepack|include|apt)$/.test(path))).toEqual([]);
    expect(textAt(config, 'config', 'User')).toBe('65532');
    expect(textAt(config, 'config', 'Labels', 'com.dittofs.runtime')).toMatch(/^node 24\..*, libc6 \d/);
  });

  it('runs for a user without rights, with nothing of the machine but its kernel', async () => {
    const { config } = openPackage(readFileSync(join(packages, `function-dittofs-${architecture}.xpkg`)));
    const entrypoint = listAt(config, 'config', 'Entrypoint').map(String);
    await using running = await startCommand(inRoot(system, ...entrypoint, '--insecure'), { PATH: process.env.PATH });
    using client = await connectTo(running.port);
    const response = await client.run({
      observed: {
        composite: {
          resource: {
            apiVersion: 'dittofs.dittofs.com/v1alpha1',
            kind: 'DittoServer',
            metadata: { name: 'files', namespace: 'team-a' },
            spec: {},
          },
          connectionDetails: {},
          ready: 0,
        },
        resources: {},
      },
    });
    expect(Object.keys(response.desired?.resources ?? {})).toContain('config');
    const ready = await fetch(`http://127.0.0.1:${running.metricsPort}/readyz`);
    expect(ready.status).toBe(200);
  });
});

describe.skipIf(go === undefined || missing.length > 0)('Crossplane’s CLI', () => {
  let cli: string;
  let registry: Registry;
  let serving: ChildProcess;

  beforeAll(async () => {
    cli = await tool('crossplane-cli');
    registry = await describeRegistry(folder);
    serving = spawn(registry.command, registry.args, { env: { ...process.env, ...registry.env }, stdio: 'ignore' });
    expect(await eventually(registry.ready, 30_000)).toBe(true);
  });

  afterAll(() => {
    serving.kill('SIGKILL');
  });

  it.each([
    ['configuration-dittofs', 'package/configuration', 'apis/namespaced'],
    ['configuration-dittofs-claims', 'package/configuration-claims', 'apis/claims'],
    ['function-dittofs', 'package/function'],
  ])('builds and lints %s from its files, with the same objects', async (name, ...folders) => {
    const sources = join(folder, 'sources', name);
    for (const from of folders) cpSync(join(root, from), sources, { recursive: true });
    const output = join(folder, `${name}-by-cli.xpkg`);
    await run(cli, ['xpkg', 'build', '-f', sources, '-o', output]);

    const theirs = objectsIn(openPackage(readFileSync(output)));
    const file = name === 'function-dittofs' ? `${name}-${architecture}.xpkg` : `${name}.xpkg`;
    const ours = objectsIn(openPackage(readFileSync(join(packages, file))));
    const identities = (objects: readonly JsonObject[]): readonly string[] =>
      objects.map((object) => `${textAt(object, 'kind') ?? ''} ${textAt(object, 'metadata', 'name') ?? ''}`).sort();
    expect(identities(theirs)).toEqual(identities(ours));
    // The files have the version of package.json: of the function on which a Configuration depends, and of its image.
    const inFiles = (object: JsonObject): JsonObject =>
      JSON.parse(JSON.stringify(object).replaceAll('v0.0.1-test', ownVersion())) as JsonObject;
    for (const object of ours) {
      const same = theirs.find((one) => textAt(one, 'kind') === textAt(object, 'kind'));
      expect(same).toMatchObject(inFiles(object));
    }
  });

  /** What the registry holds under a name. */
  async function manifest(name: string, reference: string): Promise<JsonObject> {
    const types = ['docker.distribution.manifest.v2+json', 'docker.distribution.manifest.list.v2+json'];
    const accept = [...types.map((type) => `application/vnd.${type}`), 'application/vnd.oci.image.index.v1+json'];
    const answer = await fetch(`http://${registry.host}/v2/dittofs/${name}/manifests/${reference}`, {
      headers: { accept: accept.join(', ') },
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as JsonObject;
  }

  /** The annotations of layers, as Crossplane looks for its own. */
  function annotationsOf(image: JsonObject): readonly (string | undefined)[] {
    return listAt(image, 'layers').map((layer) => textAt(layer, 'annotations', 'io.crossplane.xpkg'));
  }

  it('pushes the Function package as one image for both processors', async () => {
    const files = ['amd64', 'arm64'].map((one) => join(packages, `function-dittofs-${one}.xpkg`));
    await run(cli, ['xpkg', 'push', '-f', files.join(','), `${registry.host}/dittofs/function-dittofs:v0.0.1-test`]);
    const index = await manifest('function-dittofs', 'v0.0.1-test');
    const images = listAt(index, 'manifests').map((image) => objectAt(image, 'platform'));
    expect(images).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ]);
    for (const [position, file] of files.entries()) {
      const image = await manifest('function-dittofs', textAt(index, 'manifests', position, 'digest') ?? '');
      const { layers } = openPackage(readFileSync(file));
      expect(listAt(image, 'layers').map((layer) => textAt(layer, 'digest'))).toEqual(
        layers.map(({ digest }) => digest),
      );
      expect(annotationsOf(image)).toEqual([undefined, undefined, undefined, 'base']);
    }
  });

  it.each(['configuration-dittofs', 'configuration-dittofs-claims'])('pushes %s', async (name) => {
    const reference = `${registry.host}/dittofs/${name}:v0.0.1-test`;
    await run(cli, ['xpkg', 'push', '-f', join(packages, `${name}.xpkg`), reference]);
    expect(annotationsOf(await manifest(name, 'v0.0.1-test'))).toEqual(['base', 'upbound']);
  });
});
