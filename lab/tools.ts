import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inTurns } from '../src/provisioner/in-turns.ts';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '../test/real/tools');

/** One program: the package to build, the module that pins it, and what the linker tells it, its version above all. */
interface Tool {
  readonly package: string;
  /** The folder of the module, where it is not named after the program. */
  readonly module?: string;
  readonly flags?: readonly string[];
  /** Whether a part of it is written in C. */
  readonly c?: boolean;
}

const kubernetes = (program: string): Tool => ({
  package: `k8s.io/kubernetes/cmd/${program}`,
  module: 'kubernetes',
  flags: ['component-base/version', 'client-go/pkg/version'].flatMap((version) => [
    `-X k8s.io/${version}.gitVersion=v1.33.13`,
    `-X k8s.io/${version}.gitMajor=1`,
    `-X k8s.io/${version}.gitMinor=33`,
  ]),
});

/** The programs that the suite and the lab run. */
const tools = {
  dfs: { package: 'github.com/marmos91/dittofs/cmd/dfs' },
  'crossplane-cli': { package: 'github.com/crossplane/cli/v2/cmd/crossplane' },
  crossplane: {
    package: 'github.com/crossplane/crossplane/v2/cmd/crossplane',
    flags: ['-X github.com/crossplane/crossplane-runtime/v2/pkg/version.version=v2.3.4'],
  },
  'crank-v1': {
    package: 'github.com/crossplane/crossplane/cmd/crank',
    flags: ['-X github.com/crossplane/crossplane/internal/version.version=v1.20.5'],
  },
  'crossplane-v1': {
    package: 'github.com/crossplane/crossplane/cmd/crossplane',
    flags: ['-X github.com/crossplane/crossplane/internal/version.version=v1.20.5'],
  },
  'provider-kubernetes': { package: 'github.com/crossplane-contrib/provider-kubernetes/cmd/provider' },
  etcd: { package: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-scheduler': kubernetes('kube-scheduler'),
  kubectl: kubernetes('kubectl'),
  kwok: { package: 'sigs.k8s.io/kwok/cmd/kwok' },
  helm: { package: 'helm.sh/helm/v4/cmd/helm' },
  crane: { package: 'github.com/google/go-containerregistry/cmd/crane' },
  versitygw: { package: 'github.com/versity/versitygw/cmd/versitygw' },
  registry: { package: 'github.com/distribution/distribution/v3/cmd/registry' },
  'percona-operator': {
    package: 'github.com/percona/percona-postgresql-operator/v2/cmd/postgres-operator',
    // Its metrics would take port 8080 on all interfaces, as those of provider-kubernetes do; it has no flag for them.
    flags: ['-X sigs.k8s.io/controller-runtime/pkg/metrics/server.DefaultBindAddress=127.0.0.1:0'],
    // The parser of PostgreSQL.
    c: true,
  },
  client: { package: '.' },
} as const satisfies Record<string, Tool>;
export type ToolName = keyof typeof tools;

/** Whether there is what a program is built with, beside Go. Under CI it has to be. */
export function canBuild(name: ToolName): boolean {
  const { c = false }: Tool = tools[name];
  if (!c || spawnSync(process.env.CC ?? 'gcc', ['--version']).status === 0) return true;
  if (process.env.CI === 'true') throw new Error(`CI needs a C compiler to build ${name}`);
  return false;
}

/** Where built programs are kept from run to run, outside the checkout. */
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'function-dittofs', 'tools');

/** The folder of the module that pins a program. */
function moduleOf(name: ToolName): string {
  const { module = name }: Tool = tools[name];
  return join(folder, module);
}

/** Everything that a built program depends on, as one name. */
function fingerprint(name: ToolName, goVersion: string): string {
  const hash = createHash('sha256').update(JSON.stringify([goVersion, tools[name]]));
  for (const file of readdirSync(moduleOf(name)).sort())
    hash.update(file).update(readFileSync(join(moduleOf(name), file)));
  return hash.digest('hex').slice(0, 16);
}

/** Whether Go is there to build with. Under CI it has to be: a skip of a required part is a failure there. */
export async function goVersion(): Promise<string | undefined> {
  try {
    return (await run('go', ['env', 'GOVERSION'])).stdout.trim();
  } catch (error) {
    if (process.env.CI === 'true') throw new Error('CI needs Go to build the real programs', { cause: error });
    return undefined;
  }
}

/** The path of a program, built now if it was not built before from the same pinned module. */
export async function tool(name: ToolName): Promise<string> {
  const go = await goVersion();
  if (go === undefined) throw new Error(`cannot build ${name}: there is no Go`);
  const path = join(cache, `${name}-${fingerprint(name, go)}`);
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  const building = `${path}.${process.pid}`;
  const { package: target, flags = [], c = false }: Tool = tools[name];
  const ldflags = ['-s', '-w', ...flags].join(' ');
  process.stderr.write(`building ${name} …\n`);
  await run('go', ['build', '-mod=readonly', '-trimpath', '-ldflags', ldflags, '-o', building, target], {
    cwd: moduleOf(name),
    env: { ...process.env, CGO_ENABLED: c ? '1' : '0' },
    maxBuffer: 64 * 1024 * 1024,
  });
  renameSync(building, path);
  for (const old of readdirSync(cache)) {
    const other =
      old.startsWith(`${name}-`) && join(cache, old) !== path && /^[0-9a-f]{16}$/.test(old.slice(name.length + 1));
    if (other) rmSync(join(cache, old), { force: true });
  }
  return path;
}

/** Modules that are built at a time: one is fetched while another is compiled. */
const AT_A_TIME = 2;

/** Builds all programs that can be built here. Those of one module share what is compiled, so they come one after the other. */
export async function buildTools(): Promise<void> {
  const names = (Object.keys(tools) as readonly ToolName[]).filter(canBuild);
  const build = async (module: string): Promise<void> => {
    for (const name of names.filter((one) => moduleOf(one) === module)) await tool(name);
  };
  await inTurns([...new Set(names.map(moduleOf))], build, AT_A_TIME);
}

/** The module that a program is built from: its version, and its folder for what it ships beside its code. */
export async function moduleBehind(
  name: ToolName,
  module: string,
): Promise<{ readonly folder: string; readonly version: string }> {
  const args = ['list', '-mod=readonly', '-m', '-f', '{{.Dir}} {{.Version}}', module];
  const { stdout } = await run('go', args, { cwd: moduleOf(name) });
  const [folder = '', version = ''] = stdout.trim().split(' ');
  return { folder, version };
}
