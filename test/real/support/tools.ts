import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '..', 'tools');

/** The programs that the suite runs: the package to build in the module of that name, and what its version is told. */
const tools = {
  dfs: { package: 'github.com/marmos91/dittofs/cmd/dfs', flags: [] },
  'crossplane-cli': { package: 'github.com/crossplane/cli/v2/cmd/crossplane', flags: [] },
  crossplane: {
    package: 'github.com/crossplane/crossplane/v2/cmd/crossplane',
    flags: ['-X github.com/crossplane/crossplane-runtime/v2/pkg/version.version=v2.3.4'],
  },
  'crank-v1': {
    package: 'github.com/crossplane/crossplane/cmd/crank',
    flags: ['-X github.com/crossplane/crossplane/internal/version.version=v1.20.5'],
  },
  client: { package: '.', flags: [] },
} as const;
export type ToolName = keyof typeof tools;

/** All programs, in the order in which they are built. */
export const toolNames = Object.keys(tools) as readonly ToolName[];

/** Where built programs are kept from run to run, outside the checkout. */
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'function-dittofs', 'tools');

/** Everything that a built program depends on, as one name. */
function fingerprint(name: ToolName, goVersion: string): string {
  const hash = createHash('sha256').update(JSON.stringify([goVersion, tools[name]]));
  for (const file of readdirSync(join(folder, name)).sort())
    hash.update(file).update(readFileSync(join(folder, name, file)));
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
  const { package: target, flags } = tools[name];
  const ldflags = ['-s', '-w', ...flags].join(' ');
  process.stderr.write(`building ${name} …\n`);
  await run('go', ['build', '-mod=readonly', '-trimpath', '-ldflags', ldflags, '-o', building, target], {
    cwd: join(folder, name),
    env: { ...process.env, CGO_ENABLED: '0' },
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
