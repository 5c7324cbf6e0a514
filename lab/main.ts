import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { flavours, type FlavourName } from './flavours.ts';
import { running, startLab, stopLab } from './lab.ts';
import { inOwnNetwork } from './own-network.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

interface Flags {
  readonly flavour: FlavourName;
  readonly folder: string;
  readonly isolated: boolean;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function start({ flavour, folder, isolated }: Flags): Promise<void> {
  const alive = running(folder);
  if (alive.length > 0) {
    print(`The lab runs already: ${alive.map(({ name }) => name).join(', ')}.`);
    tellWhatToTry(folder);
    return;
  }
  if (isolated) {
    const again = process.argv.slice(1).filter((argument) => argument !== '--isolated');
    const code = await inOwnNetwork([process.execPath, ...again]);
    const [first] = running(folder);
    if (code === 0 && first !== undefined)
      print(
        `It has a network of its own: prefix commands with nsenter --net=/proc/${first.pid}/ns/net --preserve-credentials`,
      );
    process.exitCode = code;
    return;
  }
  const begun = Date.now();
  execFileSync('npm', ['run', '--silent', 'package'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  await startLab({ flavour, folder, packages: { folder: dist, version: `v${version}` }, says: print });
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
