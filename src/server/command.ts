import { Command, InvalidArgumentError, Option } from 'commander';
import { addressFlag } from '../listen/address-flag.ts';
import type { Address } from '../listen/address.ts';
import type { Exit } from '../listen/exit.ts';
import { reasonOf } from './certificates.ts';
import type { RunningServer } from './serve.ts';

/** Flags of the function specification, as they are written. */
interface Flags {
  readonly insecure: boolean;
  readonly tlsCertsDir?: string;
  readonly address: Address;
  readonly metricsAddress: Address;
  readonly maxRecvMessageSize: number;
  readonly ttl: number;
  readonly debug: boolean;
}

const MEBIBYTE = 1024 * 1024;

/** Milliseconds for calls in flight after SIGTERM; within 10 s the process is gone. */
const GRACE = 8_000;

const address = addressFlag(9443);

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It is not a whole number above 0.');
  return number;
}

/** Stops on the first signal, at once on the second. */
function stopOnSignal(server: RunningServer, stopped: () => void, exit: Exit): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) exit(1);
    stopping = true;
    void server.stop(GRACE).then(stopped);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function run(flags: Flags, exit: Exit): Promise<void> {
  if (!flags.insecure && (flags.tlsCertsDir ?? '') === '') {
    throw new Error('cannot serve without certificates: give --tls-certs-dir or TLS_SERVER_CERTS_DIR, or --insecure');
  }
  // Loaded only here: the preview needs neither a server nor a log.
  const [{ serve }, { pino }] = await Promise.all([import('./serve.ts'), import('pino')]);
  const logger = pino({ level: flags.debug ? 'debug' : 'info' }, pino.destination({ dest: 1, sync: true }));
  const server = await serve({
    address: flags.address,
    certificates: flags.insecure ? undefined : flags.tlsCertsDir,
    metricsAddress: flags.metricsAddress,
    maxReceiveBytes: flags.maxRecvMessageSize * MEBIBYTE,
    ttl: flags.ttl,
    logger,
  });
  const stopped = (): void => {
    logger.info('stopped');
    exit(0);
  };
  stopOnSignal(server, stopped, exit);
  logger.info({ address: server.address, metricsAddress: server.metricsAddress, tls: !flags.insecure }, 'serving');
}

/** `serve`, the default command: answers Crossplane's calls. https://github.com/crossplane/crossplane/blob/main/contributing/specifications/functions.md */
export function serveCommand(exit: Exit): Command {
  return new Command('serve')
    .description('answer Crossplane’s calls over gRPC (the default)')
    .option('--insecure', 'serve without TLS, to anybody who can connect', false)
    .addOption(
      new Option(
        '--tls-certs-dir <folder>',
        'folder with tls.crt, tls.key and ca.crt, which clients are checked against',
      ).env('TLS_SERVER_CERTS_DIR'),
    )
    .addOption(
      new Option('--address <host:port>', 'where to listen')
        .argParser(address)
        .default(address('0.0.0.0:9443'), '0.0.0.0:9443'),
    )
    .addOption(
      new Option('--metrics-address <host:port>', 'where /healthz, /readyz and /metrics are served in plain HTTP')
        .argParser(address)
        .default(address(':8080'), ':8080'),
    )
    .addOption(new Option('--max-recv-message-size <MB>', 'largest request').argParser(positive).default(4))
    .addOption(new Option('--ttl <seconds>', 'how long a settled response may be kept').argParser(positive).default(60))
    .option('-d, --debug', 'log a line for every call', false)
    .action(async (flags: Flags, command: Command) => {
      await run(flags, exit).catch((error: unknown) => command.error(`error: ${reasonOf(error)}`));
    });
}
