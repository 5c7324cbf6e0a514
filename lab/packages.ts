import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { at, isObject, listAt, textAt, type JsonObject } from '../src/lib/json.ts';
import { moduleFolder, tool } from '../test/real/support/tools.ts';
import { secrets } from './crossplane.ts';
import type { Flavour } from './flavours.ts';
import type { Kubectl } from './kubectl.ts';
import { freePort } from './ports.ts';
import { eventually, type Program } from './program.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');

/** A registry on the loopback that stands for the public ones. */
export interface Registry extends Program {
  /** Host and port, as in the name of an image. */
  readonly host: string;
}

/** The public homes of the packages, and their folders in the registry of the lab. */
const homes = { 'ghcr.io/dittofs': 'dittofs', 'xpkg.crossplane.io/crossplane-contrib': 'crossplane-contrib' } as const;

const PROVIDER = { module: 'github.com/crossplane-contrib/provider-kubernetes', version: 'v1.2.1' } as const;

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
  temporary: string,
): Promise<void> {
  const crossplane = await tool('crossplane-cli');
  const provider = join(temporary, 'provider-kubernetes.xpkg');
  const sources = join(await moduleFolder('provider-kubernetes', PROVIDER.module), 'package');
  await run(crossplane, ['xpkg', 'build', '-f', sources, '-o', provider]);

  const files = readdirSync(folder).filter((file) => file.endsWith('.xpkg'));
  const push = async (name: string, tag: string, ...paths: readonly string[]): Promise<void> => {
    if (paths.length === 0) throw new Error(`cannot push ${name}: there is no package in ${folder}; npm run package`);
    await run(crossplane, ['xpkg', 'push', '-f', paths.join(','), `${host}/${name}:${tag}`]);
  };
  for (const name of ['function-dittofs', 'configuration-dittofs', 'configuration-dittofs-claims']) {
    const mine = files.filter((file) => new RegExp(`^${name}(-amd64|-arm64)?\\.xpkg$`).test(file));
    await push(`dittofs/${name}`, version, ...mine.map((file) => join(folder, file)));
  }
  await push('crossplane-contrib/provider-kubernetes', PROVIDER.version, provider);
}

/** What the runtime of a package would tell, were there a kubelet to run its pod. */
async function standInForRuntime(kubectl: Kubectl, endpoint: string): Promise<void> {
  const condition = {
    type: 'RuntimeHealthy',
    status: 'True',
    reason: 'HealthyPackageRevision',
    lastTransitionTime: new Date().toISOString(),
  };
  for (const kind of ['FunctionRevision', 'ProviderRevision']) {
    const list = await kubectl.get(`${kind.toLowerCase()}s.pkg.crossplane.io`);
    for (const item of listAt(list, 'items')) {
      if (!isObject(item) || textAt(item, 'spec', 'desiredState') !== 'Active') continue;
      const status = {
        conditions: [condition],
        tlsServerSecretName: secrets.authority,
        ...(kind === 'FunctionRevision' && { endpoint }),
      };
      await kubectl.applyStatus({
        apiVersion: 'pkg.crossplane.io/v1',
        kind,
        metadata: { name: textAt(item, 'metadata', 'name') ?? '' },
        status,
      });
    }
  }
}

/** The status of a condition of an object. */
export function conditionOf(object: JsonObject | undefined, type: string): string | undefined {
  const condition = listAt(object, 'status', 'conditions').find((one) => textAt(one, 'type') === type);
  return textAt(condition, 'status');
}

function isHealthy(item: JsonObject): boolean {
  return conditionOf(item, 'Installed') === 'True' && conditionOf(item, 'Healthy') === 'True';
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

/** Installs DittoServers with the commands of docs/install.md: first the packages, and what they run with. */
export async function installPackages(
  { configuration, folder }: Flavour,
  version: string,
  kubectl: Kubectl,
  kubeconfig: string,
  endpoint: string,
): Promise<void> {
  const source = `ghcr.io/dittofs/${configuration}:${version}`;
  await kubectl('apply', '-k', join(root, 'install', folder, 'runtime'));
  await run(await tool('crossplane-cli'), ['xpkg', 'install', 'configuration', source], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  await untilPackagesAreHealthy(kubectl, endpoint);
}

/** Then, when the provider runs, its configuration. */
export async function configureProvider({ folder }: Flavour, kubectl: Kubectl): Promise<void> {
  await kubectl('apply', '-k', join(root, 'install', folder, 'config'));
}

/** Waits for the Configuration, the Function and the Provider to be installed and healthy; says which is not. */
export async function untilPackagesAreHealthy(kubectl: Kubectl, endpoint: string): Promise<void> {
  let waiting: readonly JsonObject[] = [];
  const done = await eventually(async () => {
    await standInForRuntime(kubectl, endpoint);
    const list = await kubectl.get(
      'configurations.pkg.crossplane.io,functions.pkg.crossplane.io,providers.pkg.crossplane.io',
    );
    const packages = listAt(list, 'items').filter(isObject);
    waiting = packages.filter((item) => !isHealthy(item));
    return packages.length === 3 && waiting.length === 0;
  }, 90_000);
  if (done) return;
  const says = waiting.map((item) => `${textAt(item, 'kind')} ${JSON.stringify(at(item, 'status', 'conditions'))}`);
  throw new Error(`cannot install the packages:\n${says.join('\n')}`);
}

/** The folder for what is built on the way. */
export function temporaryFolder(folder: string): string {
  const path = join(folder, 'build');
  mkdirSync(path, { recursive: true });
  return path;
}
