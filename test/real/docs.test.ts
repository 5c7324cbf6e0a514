import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeCrossplane, initCrossplane } from '../../lab/crossplane.ts';
import { flavours } from '../../lab/flavours.ts';
import { describeRegistry, pushPackages, withRuntime, type Registry } from '../../lab/packages.ts';
import { commandsOf, shellFor, type Shell } from '../../lab/shell.ts';
import { packageNames } from '../../scripts/package/repository.ts';
import { isObject, listAt, textAt, type Json } from '../../src/lib/json.ts';
import { texts } from '../support/json.ts';
import { canRunLab } from './lab/support/can-run.ts';
import { ownPackages } from './lab/support/start.ts';
import { serveCrossplaneChart } from './support/chart-repository.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { replacing, withVariables } from './support/docs.ts';
import { basic, describePrivateRegistry, tagged, type PrivateRegistry } from './support/registries.ts';
import { moduleBehind, tool } from '../../lab/tools.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const { namespaced } = flavours;

const can = await canRunLab();

/**
 * The blocks of docs/install.md that the stories in the lab do not run, with the real programs on a cluster that has
 * nothing else. One cannot be run: a mount needs a kernel that may. test/real/shares.test.ts mounts what it names.
 */
describe.skipIf(!can)('docs/install.md', () => {
  let cluster: Cluster;
  let shell: Shell;

  beforeAll(async () => {
    cluster = await startCluster();
    const { folder, kubeconfig } = cluster;
    const home = join(folder, 'home');
    mkdirSync(home);
    shell = withVariables(await shellFor(folder, kubeconfig), {
      HOME: home,
      XDG_CACHE_HOME: join(home, '.cache'),
      XDG_CONFIG_HOME: join(home, '.config'),
      XDG_DATA_HOME: join(home, '.local/share'),
    });
    for (const name of ['helm', 'crane'] as const) symlinkSync(await tool(name), join(folder, 'bin', name));
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  it('has no block of commands that was forgotten here and in the lab', () => {
    const text = readFileSync(join(root, 'docs/install.md'), 'utf8');
    const sections = text.split(/^#+ /m).map((section) => {
      const heading = section.slice(0, section.indexOf('\n'));
      return [heading, [...section.matchAll(/^```sh$/gm)].length] as const;
    });
    expect(Object.fromEntries(sections.filter(([, blocks]) => blocks > 0))).toEqual({
      'Crossplane itself': 1,
      Namespaced: 1,
      Claims: 1,
      'A share, mounted': 2,
      'What runs': 1,
      Rights: 1,
      'Settings of your own': 3,
      'Private registry': 2,
      Signatures: 1,
      Upgrade: 1,
      Uninstall: 3,
    });
  });

  it('installs Crossplane, with a flag that it knows, and older ones do not', async () => {
    await using charts = await serveCrossplaneChart(cluster.folder);
    const commands = replacing(commandsOf('Crossplane itself'), { 'https://charts.crossplane.io/stable': charts.url });
    expect(await shell(commands)).toContain('STATUS: deployed');

    const deployment = await cluster.kubectl.get('deployment', '--namespace=crossplane-system', 'crossplane');
    const args = texts(listAt(deployment, 'spec', 'template', 'spec', 'containers', 0, 'args'));
    expect(args).toEqual(['core', 'start', '--circuit-breaker-burst=1000']);
    // --wait has waited: there is one, and it is available.
    expect(deployment).toMatchObject({ status: { availableReplicas: 1 } });

    const { stdout } = await run(await tool('crossplane'), [...args, '--help']);
    expect(stdout).toContain('--enable-signature-verification');
    await expect(run(await tool('crossplane-v1'), [...args, '--help'])).rejects.toThrow(
      'unknown flag --circuit-breaker-burst',
    );
  });

  describe('with a private registry', () => {
    let source: Registry;
    let mirror: PrivateRegistry;

    beforeAll(async () => {
      const { folder, kubectl, kubeconfig, start } = cluster;
      await initCrossplane(namespaced, kubectl, kubeconfig, folder);
      await start(await describeCrossplane(namespaced, kubectl, kubeconfig, folder));
      source = await describeRegistry(folder);
      mirror = await describePrivateRegistry(folder);
      await start(source);
      await start(mirror);
      await pushPackages(source, ownPackages(), folder);
      logIn();
    });

    /** Lets who is at home in that folder into the private registry, as `docker login` does. */
    function logIn(): void {
      const folder = join(cluster.folder, 'home/.docker');
      mkdirSync(folder);
      const auths = { [mirror.host]: { auth: basic(mirror) } };
      writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths }));
    }

    /** A checkout in whose files somebody has put the registry's name. */
    function editedCheckout(): string {
      const checkout = join(cluster.folder, 'checkout');
      const files = join(checkout, 'install/private-registry');
      cpSync(join(root, 'install'), join(checkout, 'install'), { recursive: true });
      for (const file of readdirSync(files)) {
        const text = readFileSync(join(files, file), 'utf8');
        writeFileSync(join(files, file), text.replaceAll('registry.example.com', mirror.host));
      }
      return checkout;
    }

    it('copies the packages as they are, for all processors', async () => {
      const commands = replacing(commandsOf('Private registry'), {
        'ghcr.io/': `${source.host}/`,
        'xpkg.crossplane.io/': `${source.host}/`,
        'registry.example.com/': `${mirror.host}/`,
      });
      await shell(commands);

      const { version } = ownPackages();
      const provider = await moduleBehind('provider-kubernetes', 'github.com/crossplane-contrib/provider-kubernetes');
      for (const reference of [
        ...packageNames.map((name) => `dittofs/${name}:${version}`),
        `crossplane-contrib/provider-kubernetes:${provider.version}`,
      ])
        expect(await tagged(mirror, reference)).toEqual(await tagged(source, reference));
      const { digest, manifest } = await tagged(mirror, `dittofs/function-dittofs:${version}`);
      expect(digest).toMatch(/^sha256:/);
      expect(listAt(manifest, 'manifests').map((image) => textAt(image, 'platform', 'architecture'))).toEqual([
        'amd64',
        'arm64',
      ]);
    });

    it('makes the real Crossplane pull them from there, with the password', async () => {
      const commands = replacing(commandsOf('Private registry', 1), { 'registry.example.com': mirror.host });
      await withVariables(shell, { REGISTRY_PASSWORD: mirror.password })(`cd '${editedCheckout()}'\n${commands}`);
      const install = withRuntime(shell, namespaced, cluster.kubectl, 'dns:///localhost:9443');
      // Sooner than this story ends, so that it is told what was waited for.
      await install(replacing(commandsOf('Namespaced'), { '--timeout=5m': '--timeout=90s' }));

      const revisions = await cluster.kubectl.get('pkgrev');
      const pulled = listAt(revisions, 'items')
        .filter(isObject)
        .map((revision) => textAt(revision, 'status', 'resolvedImage') ?? '');
      expect(pulled).toHaveLength(3);
      expect(pulled.filter((image) => !image.startsWith(`${mirror.host}/`))).toEqual([]);
    });

    it('lets a platform team have settings of their own, in a package of their own', async () => {
      const { kubectl } = cluster;
      const compositions = async (): Promise<readonly Json[]> => listAt(await kubectl.get('compositions'), 'items');
      const [before] = await compositions();
      const toARegistry = (block: number): string =>
        replacing(commandsOf('Settings of your own', block), { 'registry.example.com': source.host });
      const checkout = join(cluster.folder, 'checkout');
      for (const folder of ['package', 'apis']) cpSync(join(root, folder), join(checkout, folder), { recursive: true });

      await shell(`cd '${checkout}'\n${commandsOf('Settings of your own')}`);
      const file = join(checkout, 'own/composition.yaml');
      const edited = readFileSync(file, 'utf8').replace('kind: Input\n', '$&        storageClassName: fast\n');
      writeFileSync(file, edited);
      await shell(`cd '${checkout}'\n${toARegistry(1)}\n${toARegistry(2)}`);

      await expect.poll(compositions).toMatchObject([
        {
          metadata: { uid: textAt(before, 'metadata', 'uid') },
          spec: { pipeline: [{ input: { kind: 'Input', storageClassName: 'fast' } }] },
        },
      ]);
      const configuration = await kubectl.get('configurations.pkg.crossplane.io', 'dittofs-configuration-dittofs');
      expect(textAt(configuration, 'spec', 'package')).toContain('/platform/configuration-dittofs:');
    });

    it('lets Crossplane ask for signatures', async () => {
      expect(await shell(commandsOf('Signatures'))).toContain(
        'imageconfig.pkg.crossplane.io/dittofs-signatures created',
      );
    });
  });
});
