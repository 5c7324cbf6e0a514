import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isObject, listAt, objectAt, textAt } from '../src/lib/json.ts';
import { moduleBehind, tool } from './tools.ts';
import { NAMESPACE, secrets } from './crossplane.ts';
import type { Flavour } from './flavours.ts';
import type { Kubectl } from './kubectl.ts';
import { freePort } from './ports.ts';
import type { Program } from './program.ts';
import type { Shell } from './shell.ts';

const run = promisify(execFile);

/** A registry on the loopback that stands for the public ones. */
export interface Registry extends Program {
  /** Host and port, as in the name of an image. */
  readonly host: string;
}

/** The public homes of the packages, and their folders in the registry of the lab. */
const homes = { 'ghcr.io/dittofs': 'dittofs', 'xpkg.crossplane.io/crossplane-contrib': 'crossplane-contrib' } as const;

/** Describes the registry. */
export async function describeRegistry(folder: string): Promise<Registry> {
  const host = `127.0.0.1:${await freePort()}`;
  const configuration = join(folder, 'registry.json');
  const storage = { filesystem: { rootdirectory: join(folder, 'registry') } };
  writeFileSync(configuration, JSON.stringify({ version: '0.1', storage, http: { addr: host } }));
  return {
    name: 'registry',
    command: await tool('registry'),
    args: ['serve', configuration],
    env: { OTEL_TRACES_EXPORTER: 'none' },
    ready: async () => (await fetch(`http://${host}/v2/`)).ok,
    host,
  };
}

/** Packages of one version, as `npm run package` writes them into a folder. */
export interface Packages {
  readonly folder: string;
  readonly version: string;
}

/** Pushes the packages, and that of provider-kubernetes, to where the public ones are looked for. */
export async function pushPackages(
  { host }: Registry,
  { folder, version }: Packages,
  labFolder: string,
): Promise<void> {
  const crossplane = await tool('crossplane-cli');
  const provider = join(labFolder, 'provider-kubernetes.xpkg');
  const module = await moduleBehind('provider-kubernetes', 'github.com/crossplane-contrib/provider-kubernetes');
  await run(crossplane, ['xpkg', 'build', '-f', join(module.folder, 'package'), '-o', provider]);

  const files = readdirSync(folder).filter((file) => file.endsWith('.xpkg'));
  const push = async (name: string, tag: string, ...paths: readonly string[]): Promise<void> => {
    if (paths.length === 0) throw new Error(`cannot push ${name}: there is no package in ${folder}; npm run package`);
    await run(crossplane, ['xpkg', 'push', '-f', paths.join(','), `${host}/${name}:${tag}`]);
  };
  for (const name of ['function-dittofs', 'configuration-dittofs', 'configuration-dittofs-claims']) {
    const mine = files.filter((file) => new RegExp(`^${name}(-amd64|-arm64)?\\.xpkg$`).test(file));
    await push(`dittofs/${name}`, version, ...mine.map((file) => join(folder, file)));
  }
  await push('crossplane-contrib/provider-kubernetes', module.version, provider);
}

/**
 * Does what the runtime of the packages would do, were there a kubelet to run their pods: makes the Secret with each
 * package's certificate (any is taken, nobody serves with it), and tells where the function is served.
 */
async function standInForRuntime({ core }: Flavour, kubectl: Kubectl, endpoint: string): Promise<void> {
  const authority = await kubectl.get('secret', '-n', NAMESPACE, secrets.authority);
  for (const kind of ['FunctionRevision', 'ProviderRevision']) {
    const list = await kubectl.get(`${kind.toLowerCase()}s.pkg.crossplane.io`);
    for (const revision of listAt(list, 'items').filter(isObject)) {
      if (textAt(revision, 'spec', 'desiredState') !== 'Active') continue;
      const certificate = `${textAt(revision, 'metadata', 'labels', 'pkg.crossplane.io/package') ?? ''}-tls-server`;
      await kubectl.apply({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace: NAMESPACE, name: certificate },
        data: objectAt(authority, 'data') ?? {},
      });
      await kubectl.applyStatus({
        apiVersion: 'pkg.crossplane.io/v1',
        kind,
        metadata: { name: textAt(revision, 'metadata', 'name') ?? '' },
        status: {
          ...(kind === 'FunctionRevision' && { endpoint }),
          // Crossplane v1.20 knows neither.
          ...(core === 'crossplane' && { conditions: [runtimeHealthy()], tlsServerSecretName: certificate }),
        },
      });
    }
  }
}

function runtimeHealthy(): object {
  const lastTransitionTime = new Date().toISOString();
  return { type: 'RuntimeHealthy', status: 'True', reason: 'HealthyPackageRevision', lastTransitionTime };
}

/** Makes Crossplane look for the public packages in the lab's registry, as docs/install.md does for a private one. */
export async function mirror({ host }: Registry, kubectl: Kubectl): Promise<void> {
  await kubectl.apply(
    ...Object.entries(homes).map(([prefix, folder]) => ({
      apiVersion: 'pkg.crossplane.io/v1beta1',
      kind: 'ImageConfig',
      metadata: { name: `lab-${folder}` },
      spec: { matchImages: [{ type: 'Prefix', prefix }], rewriteImage: { prefix: `${host}/${folder}` } },
    })),
  );
}

/** A shell whose commands install and change packages: while they run, the lab does what the packages' runtime would. */
export function withRuntime(shell: Shell, flavour: Flavour, kubectl: Kubectl, endpoint: string): Shell {
  return async (commands) => {
    let done = false;
    let trouble: unknown;
    const standIn = async (): Promise<void> => {
      while (!done) {
        await standInForRuntime(flavour, kubectl, endpoint).catch((error: unknown) => (trouble = error));
        await sleep(500);
      }
    };
    const output = shell(commands).finally(() => (done = true));
    const [printed] = await Promise.allSettled([output, standIn()]);
    if (printed.status === 'fulfilled') return printed.value;
    throw new Error(
      [printed.reason, trouble]
        .filter((one) => one !== undefined)
        .map(String)
        .join('\n'),
    );
  };
}
