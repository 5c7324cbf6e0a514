import { Command, InvalidArgumentError, Option } from 'commander';
import { stopSeconds } from '../api/provisioning.ts';
import { parseDuration } from '../lib/duration.ts';
import type { Address } from '../listen/address.ts';
import { addressFlag } from '../listen/address-flag.ts';
import type { Exit } from '../listen/exit.ts';
import type { StatusRef } from './status-config-map.ts';

/** Flags, as they are written. */
interface Flags {
  readonly plan: string;
  readonly secrets: string;
  readonly url: string;
  readonly status?: StatusRef;
  readonly serviceAccount: string;
  readonly interval: number;
  readonly address: Address;
  readonly once: boolean;
  readonly dryRun: boolean;
  readonly debug: boolean;
}

/** The most milliseconds for what is being written after SIGTERM; where nothing is, it ends at once. Less than its pod has, so that it ends by itself. */
const GRACE = stopSeconds * 1000 - 5_000;

/** Where Kubernetes puts the token of a pod. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

const address = addressFlag(8081);

function statusRef(text: string): StatusRef {
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (namespace === undefined || name === undefined)
    throw new InvalidArgumentError('It is not a namespace and a name such as "team/my-server-provisioner-status".');
  return { namespace, name };
}

function interval(text: string): number {
  const milliseconds = Number((parseDuration(text)?.nanos ?? 0n) / 1_000_000n);
  if (milliseconds < 1) throw new InvalidArgumentError('It is not a duration such as "5m" or "90s".');
  return milliseconds;
}

function url(text: string): string {
  if (!URL.canParse(text) || !/^https?:\/\//.test(text))
    throw new InvalidArgumentError('It is not a URL such as "http://my-server-api:8080".');
  return text;
}

async function run(flags: Flags, exit: Exit): Promise<void> {
  // Loaded only here: the other commands need none of it.
  const [{ provision, provisionOnce }, { clusterAround }, { pino }] = await Promise.all([
    import('./provision.ts'),
    import('./status-config-map.ts'),
    import('pino'),
  ]);
  const { username, password } = new URL(flags.url);
  // Said without the URL, for it would be in a log.
  if (username !== '' || password !== '')
    throw new Error('cannot use --url: it holds credentials; the password of admin comes from its Secret');
  const isOnce = flags.once || flags.dryRun;
  const level = flags.debug ? 'debug' : 'info';
  const logger = pino(
    { level: isOnce && !flags.debug ? 'silent' : level },
    pino.destination({ dest: isOnce ? 2 : 1, sync: true }),
  );
  const cluster = clusterAround(process.env, flags.serviceAccount);
  if (flags.status !== undefined && cluster === undefined)
    throw new Error(
      'cannot write the status outside of a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set',
    );

  const stopping = new AbortController();
  const options = {
    files: { plan: flags.plan, secrets: flags.secrets },
    url: flags.url,
    status: flags.status === undefined || cluster === undefined ? undefined : { ref: flags.status, cluster },
    interval: flags.interval,
    signal: stopping.signal,
    logger,
  };
  const onSignal = (): void => {
    if (stopping.signal.aborted) exit(1);
    stopping.abort();
    // One round that was cut short has not applied everything.
    setTimeout(() => {
      exit(isOnce ? 1 : 0);
    }, GRACE);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);

  if (isOnce) {
    const { stdout, stderr, failed } = await provisionOnce(options, flags.dryRun);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    exit(failed ? 1 : 0);
    return;
  }
  const { port, ended } = await provision(options, flags.address);
  logger.info({ url: flags.url, port }, 'provisioning');
  await ended;
  logger.info('stopped');
  exit(0);
}

/** `provision`: makes a running server serve what a plan declares, and keeps it so. */
export function provisionCommand(exit: Exit): Command {
  return new Command('provision')
    .description('make a running server serve what a plan declares, and keep it so')
    .requiredOption('--plan <file>', 'plan.json: what the server is to serve')
    .requiredOption('--secrets <folder>', 'folder with a folder for each Secret, and in it a file for each key')
    .addOption(new Option('--url <url>', 'the API of the server').argParser(url).makeOptionMandatory())
    .addOption(
      new Option('--status <namespace/name>', 'ConfigMap to report in, with the service account of the pod').argParser(
        statusRef,
      ),
    )
    .option('--service-account <folder>', 'folder with the token and ca.crt for that', SERVICE_ACCOUNT)
    .addOption(
      new Option('--interval <duration>', 'how often a server that is as declared is looked at again')
        .argParser(interval)
        .default(interval('5m'), '5m'),
    )
    .addOption(
      new Option('--address <host:port>', 'where /healthz, /readyz and /metrics are served in plain HTTP')
        .argParser(address)
        .default(address(':8081'), ':8081'),
    )
    .option(
      '--once',
      'one round: exit code 0 if everything is applied, else 1 and the problems on standard error',
      false,
    )
    .option('--dry-run', 'print what one round would change, and change nothing', false)
    .option('-d, --debug', 'log a line for every round', false)
    .action(async (flags: Flags, command: Command) => {
      await run(flags, exit).catch((error: unknown) =>
        command.error(`error: ${error instanceof Error ? error.message : String(error)}`),
      );
    });
}
