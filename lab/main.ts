import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { flavours, type FlavourName } from './flavours.ts';
import { startLab } from './lab.ts';
import { inOwnNetwork } from './own-network.ts';
import { endOfLog, runs } from './program.ts';
import { readState, stopLab } from './state.ts';
import { buildTools } from './tools.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

interface Flags {
  readonly flavour: FlavourName;
  readonly folder: string;
  readonly isolated: boolean;
  /** Whether everything is built: said to the command that runs in a network of its own. */
  readonly prepared: boolean;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** When the newest file of a folder was written, in milliseconds since 1970; 0 where there is none. */
function newest(folder: string, ending = ''): number {
  if (!existsSync(folder)) return 0;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(ending));
  return Math.max(0, ...files.map((file) => statSync(join(folder, file)).mtimeMs));
}

/** Whether the packages were built before what they are made of was changed. */
function packagesAreStale(): boolean {
  const sources = ['src', 'apis', 'package', 'scripts', 'examples'].map((folder) => newest(join(root, folder)));
  return Math.max(...sources, statSync(join(root, 'package.json')).mtimeMs) > newest(dist, '.xpkg');
}

/** Builds what is missing or stale; afterwards nothing is fetched any more. */
async function prepare(): Promise<void> {
  if (packagesAreStale())
    execFileSync('npm', ['run', '--silent', 'package'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  await buildTools();
}

/** Whether a lab runs already, as a whole; throws where only a part of it does. */
function isRunning(folder: string): boolean {
  const state = readState(folder);
  const alive = state?.programs.filter(runs) ?? [];
  if (state === undefined || alive.length === 0) return false;
  const [dead] = state.programs.filter((program) => !runs(program));
  if (dead !== undefined)
    throw new Error(
      `a lab runs there in part, without ${dead.name}; npm run lab -- stop\nIts log ends with\n${endOfLog(folder, dead.name)}`,
    );
  if (!state.ready) throw new Error('a lab is being started there; npm run lab -- stop ends it');
  return true;
}

async function start({ flavour, folder, isolated, prepared }: Flags): Promise<void> {
  if (isRunning(folder)) {
    print('The lab runs already.');
    tellWhatToTry(folder);
    return;
  }
  if (!prepared) await prepare();
  if (isolated) {
    const again = process.argv.slice(1).filter((argument) => argument !== '--isolated');
    process.exitCode = await inOwnNetwork([process.execPath, ...again, '--prepared']);
    const [first] = readState(folder)?.programs ?? [];
    if (process.exitCode === 0 && first !== undefined) {
      const user = process.getuid?.() === 0 ? '' : ' --user --preserve-credentials';
      print(`It has a network of its own: prefix commands with nsenter --target ${first.pid}${user} --net`);
    }
    return;
  }
  const aborting = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      aborting.abort();
    });
  const begun = Date.now();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const packages = { folder: dist, version: `v${version}` };
  await startLab({ flavour, folder, packages, says: print, abort: aborting.signal });
  print(`\n${flavours[flavour].says}, ready after ${((Date.now() - begun) / 1000).toFixed(0)} s`);
  tellWhatToTry(folder);
}

function tellWhatToTry(folder: string): void {
  print(`
export KUBECONFIG=${join(folder, 'kubeconfig')}

kubectl apply -f examples/quickstart.yaml
kubectl get dittoservers --watch
npm run lab -- stop

Logs are in ${join(folder, 'logs')}.`);
}

const folder = new Option('--folder <path>', 'where the lab keeps its state').default(
  join(tmpdir(), 'function-dittofs-lab'),
);

await new Command('lab')
  .description('A whole control plane on this machine: Kubernetes, Crossplane, provider-kubernetes and the function.')
  .addCommand(
    new Command('start')
      .description('start it (the default)')
      .addOption(folder)
      .addOption(
        new Option('--flavour <name>', 'how DittoServers are offered')
          .choices(Object.keys(flavours))
          .default('namespaced'),
      )
      .option('--isolated', 'in a network of its own', false)
      .addOption(new Option('--prepared').default(false).hideHelp())
      .action(start),
    { isDefault: true },
  )
  .addCommand(
    new Command('stop')
      .description('end exactly what was started')
      .addOption(folder)
      .action(async ({ folder }: Pick<Flags, 'folder'>) => {
        const ended = await stopLab(folder);
        print(ended.length === 0 ? 'No lab runs.' : `Ended ${ended.map(({ name }) => name).join(', ')}.`);
      }),
  )
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
