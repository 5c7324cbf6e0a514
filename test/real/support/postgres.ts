import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '../../../lab/ports.ts';
import { eventually } from '../../../lab/program.ts';
import { authority, leaf, type Issued } from '../../../lab/certificates.ts';
import { asUser, give } from './unprivileged.ts';

/** How a server is set up. */
export interface Setup {
  /** The names in its certificate. */
  readonly names: readonly string[];
  /** One that is free unless given. */
  readonly port?: number;
  /** Without TLS it lets nobody in, for its rules want TLS. */
  readonly tls?: boolean;
}

/** A database and the one role that uses it. */
export interface Database {
  readonly name: string;
  readonly user: string;
  readonly password: string;
}

/** How a database and its role differ from those that Percona's operator makes. */
export interface Deviations {
  /** The name of the database unless given. */
  readonly user?: string;
  readonly password?: string;
  /** UTF8 unless said otherwise. */
  readonly encoding?: string;
  /** Without a schema of its own the role may make nothing (autoCreateUserSchema: false). */
  readonly withUserSchema?: boolean;
  /** Whether the role owns the database, as most people set it up by hand. */
  readonly owned?: boolean;
}

/** A PostgreSQL that runs; disposing it ends it and removes its folder. */
export interface Postgres extends AsyncDisposable {
  /** The names in its certificate, each with its address: the loopback. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly port: number;
  /** The certificate of the authority behind its own, as PEM. */
  readonly ca: string;
  readonly start: () => Promise<void>;
  /** Ends it in the way that cuts off its clients; or at once, as a node that fails does. */
  readonly stop: (how?: 'fast' | 'immediate') => Promise<void>;
  readonly createDatabase: (name: string, deviations?: Deviations) => Promise<Database>;
  /** What a query of the superuser says: one line per row, columns parted by `|`. */
  readonly query: (database: string, statement: string) => Promise<string>;
}

/** Debian's `nobody`: initdb takes no number without a name, and that of `postgres` differs from machine to machine. */
const USER = 65534;
const SUPERUSER = 'postgres';

/** Milliseconds in which it has to get ready. */
const READY = 30_000;

/** Percona's only rule for clients; the superuser of the tests comes through the socket. */
const RULES = `local all ${SUPERUSER} trust\nhostssl all all all scram-sha-256\n`;

/** What ends a server, its children with it: SIGKILL would leave them. */
const signals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** The folder of the newest PostgreSQL's programs, where Debian puts them. Under CI it has to be there. */
function postgresPrograms(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const folder = versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'postgres')));
  if (folder === undefined && process.env.CI === 'true') throw new Error('CI needs Debian’s package postgresql');
  return folder;
}

/** Whether there is a PostgreSQL to start. Says what is left out otherwise. */
export function hasPostgres(leftOut: string): boolean {
  if (postgresPrograms() !== undefined) return true;
  process.stderr.write(`Debian’s package postgresql is not installed: ${leftOut}\n`);
  return false;
}

/** An authority as each of Percona's clusters gets one: they differ by nothing but their keys. */
export async function clusterAuthority(): Promise<Issued> {
  return authority({ subject: 'CN=postgres-operator-ca', names: [], elliptic: true });
}

/** The names in the certificate of a cluster of Percona's: four for each of two Services. */
export function clusterNames(name: string, namespace: string): readonly string[] {
  return [`${name}-primary`, `${name}-replicas`].flatMap((service) => {
    const inNamespace = `${service}.${namespace}`;
    return [`${inNamespace}.svc.cluster.local`, `${inNamespace}.svc`, inNamespace, service];
  });
}

/** A certificate such as Percona's operator makes: without usages. */
async function serverCertificate(ca: Issued, names: readonly string[]): Promise<Issued> {
  return leaf(ca, { subject: `CN=${names[0] ?? ''}`, names, usages: [], elliptic: true });
}

/** A temporary folder with the certificate and the rules of a server, and its data. */
function folderFor(programs: string, server: Issued): string {
  const root = mkdtempSync(join(tmpdir(), 'function-dittofs-postgres-'));
  const data = join(root, 'data');
  mkdirSync(data, { mode: 0o700 });
  give(USER, root, data);
  const files = { 'tls.crt': server.cert, 'tls.key': server.key, rules: RULES };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(root, name), content, { mode: 0o600 });
    give(USER, join(root, name));
  }
  const options = ['--no-sync', '--username', SUPERUSER, '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C'];
  const [initdb, ...args] = asUser(USER, join(programs, 'initdb'), '--pgdata', data, ...options);
  try {
    execFileSync(initdb, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  } catch (error) {
    rmSync(root, { recursive: true });
    throw error;
  }
  return root;
}

/** The command line of a server with this folder. */
function serverCommand(programs: string, root: string, port: number, tls: boolean): readonly [string, ...string[]] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: root,
    password_encryption: 'scram-sha-256',
    ssl: tls ? 'on' : 'off',
    ssl_cert_file: join(root, 'tls.crt'),
    ssl_key_file: join(root, 'tls.key'),
    hba_file: join(root, 'rules'),
    // Nobody needs this data after the test.
    fsync: 'off',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return asUser(USER, join(programs, 'postgres'), '-D', join(root, 'data'), ...options);
}

/** Runs a server once, and ends it. */
interface Run {
  readonly hasEnded: () => boolean;
  readonly end: (how: keyof typeof signals) => Promise<void>;
  readonly log: () => string;
}

function runServer([command, ...args]: readonly [string, ...string[]]): Run {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  return {
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    end: async (how) => {
      child.kill(signals[how]);
      await ended;
    },
    log: () => log,
  };
}

/** The SQL of a string, whatever is in it. */
function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** Starts a PostgreSQL in a temporary folder, with the rules of Percona's clusters. */
export async function startPostgres({ names, port: wantedPort, tls = true }: Setup): Promise<Postgres> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('cannot start PostgreSQL: Debian’s package postgresql is not installed');
  const ca = await clusterAuthority();
  const port = wantedPort ?? (await freePort());
  const root = folderFor(programs, await serverCertificate(ca, names));
  const command = serverCommand(programs, root, port, tls);
  let run: Run | undefined;

  const query = async (database: string, statement: string): Promise<string> => {
    const connection = ['--host', root, '--port', `${port}`, '--username', SUPERUSER, '--dbname', database];
    const flags = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set', 'ON_ERROR_STOP=1'];
    const child = spawn(join(programs, 'psql'), [...connection, ...flags], { stdio: 'pipe' });
    child.stdin.end(`${statement};\n`);
    const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
    if (error !== '') throw new Error(`cannot query PostgreSQL: ${error}`);
    return out.trim();
  };

  const stop = async (how: keyof typeof signals = 'fast'): Promise<void> => {
    await run?.end(how);
    run = undefined;
  };

  const start = async (): Promise<void> => {
    const started = runServer(command);
    run = started;
    const answers = async (): Promise<boolean> => (await query(SUPERUSER, 'SELECT 1')) === '1';
    if (await eventually(answers, READY, { stop: started.hasEnded })) return;
    await stop('immediate');
    throw new Error(`cannot start PostgreSQL: ${started.log()}`);
  };

  const dispose = async (): Promise<void> => {
    await stop();
    rmSync(root, { recursive: true, force: true });
  };

  const createDatabase = async (
    name: string,
    { user = name, password = 'a-password', encoding = 'UTF8', withUserSchema = true, owned = false }: Deviations = {},
  ): Promise<Database> => {
    const hasRole = (await query(SUPERUSER, `SELECT 1 FROM pg_roles WHERE rolname = ${quote(user)}`)) === '1';
    if (!hasRole) await query(SUPERUSER, `CREATE ROLE "${user}" LOGIN PASSWORD ${quote(password)}`);
    await query(SUPERUSER, `CREATE DATABASE "${name}" TEMPLATE template0 ENCODING ${quote(encoding)}`);
    await query(SUPERUSER, `GRANT ALL ON DATABASE "${name}" TO "${user}"`);
    if (owned) await query(SUPERUSER, `ALTER DATABASE "${name}" OWNER TO "${user}"`);
    if (withUserSchema) await query(name, `CREATE SCHEMA "${user}" AUTHORIZATION "${user}"`);
    return { name, user, password };
  };

  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    hosts: Object.fromEntries(names.map((name) => [name, '127.0.0.1'])),
    port,
    ca: ca.cert,
    start,
    stop,
    createDatabase,
    query,
    [Symbol.asyncDispose]: dispose,
  };
}
