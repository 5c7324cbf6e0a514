import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../lab/ports.ts';
import { startDfs, type RunningDfs, type Start } from './support/dfs-process.ts';
import { clusterAuthority, postgresPrograms, startPostgres, type Database, type Postgres } from './support/postgres.ts';
import { goVersion, tool } from './support/tools.ts';

const go = await goVersion();

/** Whether a process can have an /etc/hosts of its own, with a program of Debian's package util-linux. */
function canNameHosts(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if (process.env.CI === 'true') throw new Error('CI needs unshare', { cause: error });
    return false;
  }
}

const missing = [
  ...(go === undefined ? ['Go'] : []),
  ...(postgresPrograms() === undefined ? ['Debian’s package postgresql'] : []),
  ...(canNameHosts() ? [] : ['mount namespaces']),
];
if (missing.length > 0) process.stderr.write(`There is no PostgreSQL for dfs here: ${missing.join(', ')} missing\n`);

const ADMIN_PASSWORD = 'Adm1n-of-the-test';
/** A name of the server that is not in its certificate. */
const OTHER_HOST = 'database.elsewhere.svc';
const CA_FOLDER = '/database-ca';
/** It asks its database at most every five seconds. */
const ASKED_ANEW = { timeout: 15_000, interval: 500 };

/** What a boot differs in from one that has all it needs. */
interface Choices {
  readonly sslMode?: string;
  /** The certificate that it trusts; none unless given. */
  readonly ca?: string;
  readonly host?: string;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly adminPassword?: string;
}

let dfs: string;
let apiPort: number;
let postgres: Postgres;

/** config.yaml and the environment that lead dfs to a database. */
function databaseEnvironment(server: Postgres, database: Database, choices: Choices): Pick<Start, 'config' | 'env'> {
  return {
    config: [
      'logging: {level: INFO, format: json, output: stdout}',
      'database: {type: postgres}',
      `controlplane: {host: 127.0.0.1, port: ${apiPort}}`,
    ].join('\n'),
    env: {
      DITTOFS_CONTROLPLANE_SECRET: 'a-secret-of-at-least-thirty-two-characters',
      DITTOFS_ADMIN_INITIAL_PASSWORD: choices.adminPassword ?? ADMIN_PASSWORD,
      DITTOFS_DATABASE_POSTGRES_HOST: choices.host ?? server.host,
      DITTOFS_DATABASE_POSTGRES_PORT: `${server.port}`,
      DITTOFS_DATABASE_POSTGRES_DATABASE: choices.database ?? database.name,
      DITTOFS_DATABASE_POSTGRES_USER: choices.user ?? database.user,
      DITTOFS_DATABASE_POSTGRES_PASSWORD: choices.password ?? database.password,
      DITTOFS_DATABASE_POSTGRES_SSLMODE: choices.sslMode ?? 'require',
      ...(choices.ca !== undefined && { DITTOFS_DATABASE_POSTGRES_SSL_ROOT_CERT: `${CA_FOLDER}/ca.crt` }),
    },
  };
}

function boot(server: Postgres, database: Database, choices: Choices = {}): RunningDfs {
  return startDfs({
    dfs,
    ...databaseEnvironment(server, database, choices),
    apiPort,
    hosts: { [server.host]: '127.0.0.1', [OTHER_HOST]: '127.0.0.1' },
    ...(choices.ca !== undefined && { volumes: { [CA_FOLDER]: { 'ca.crt': choices.ca } } }),
  });
}

/** Boots to the end of the boot and back, and says how it went. */
async function bootOnce(database: Database, choices: Choices = {}): Promise<{ ready: boolean; output: string }> {
  await using server = boot(postgres, database, choices);
  const ready = await server.ready();
  if (ready) expect(await server.stop(), server.output()).toBe(0);
  return { ready, output: server.output() };
}

/** The tables of a schema, by name. */
async function tablesOf(database: Database, schema: string): Promise<readonly string[]> {
  const tables = await postgres.query(database.name, `SELECT tablename FROM pg_tables WHERE schemaname = '${schema}'`);
  return tables === '' ? [] : tables.split('\n').sort();
}

/** What the server says about its database. */
async function databaseHealth(server: RunningDfs): Promise<unknown> {
  const response = await server.get('/health');
  const { status, data } = (await response?.json()) as { status: string; data: { control_plane_db: string } };
  return { code: response?.status, status, database: data.control_plane_db };
}

describe.skipIf(missing.length > 0)('the real dfs on a PostgreSQL as Percona makes it', () => {
  beforeAll(async () => {
    dfs = await tool('dfs');
    apiPort = await freePort();
    postgres = await startPostgres({ name: 'files-postgres', namespace: 'team-a' });
  }, 600_000);
  afterAll(async () => {
    await postgres[Symbol.asyncDispose]();
  });

  it('makes its tables over TLS in the schema of its user', async () => {
    const database = await postgres.createDatabase('makes_tables');
    await using server = boot(postgres, database);
    expect(await server.ready(), server.output()).toBe(true);
    expect(await server.login(ADMIN_PASSWORD)).toBe(200);
    expect(await tablesOf(database, database.user)).toEqual(expect.arrayContaining(['shares', 'users', 'settings']));
    expect(await tablesOf(database, 'public')).toEqual([]);
    const encrypted = `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = '${database.user}'`;
    expect(await postgres.query(database.name, encrypted)).toBe('t');
  });

  it('finds everything again after its own restart', async () => {
    const database = await postgres.createDatabase('finds_again');
    expect(await bootOnce(database)).toMatchObject({ ready: true });
    await using again = boot(postgres, database, { adminPassword: 'Another-1-for-nobody' });
    expect(await again.ready(), again.output()).toBe(true);
    expect(await again.login(ADMIN_PASSWORD)).toBe(200);
    expect(again.output()).not.toContain('Admin user created');
  });

  it.each(['verify-ca', 'verify-full'])('trusts the authority of the cluster with %s', async (sslMode) => {
    const database = await postgres.createDatabase(sslMode);
    expect(await bootOnce(database, { sslMode, ca: postgres.ca })).toMatchObject({ ready: true });
  });

  it('reads a password as it is, whatever is in it', async () => {
    const password = ` %&/"'\\@:?#=+;,$HOME\${HOME}\`{}[]<>|~^!*() ä%25 `;
    const database = await postgres.createDatabase('odd_password', { password });
    expect(await bootOnce(database)).toMatchObject({ ready: true });
  });

  describe('ends at once, and says why', () => {
    let database: Database;
    let authorityOfAnother: string;
    beforeAll(async () => {
      database = await postgres.createDatabase('refused', { password: 'Sesame-%&/"-open' });
      authorityOfAnother = (await clusterAuthority()).cert;
    });

    const FULL = { sslMode: 'verify-full' } as const;
    it.each<readonly [why: string, words: string, choices: () => Choices]>([
      ['with a wrong password', 'password authentication failed for user "refused"', () => ({ password: 'wrong' })],
      ['with a database that is not there', 'database "none" does not exist', () => ({ database: 'none' })],
      ['without TLS', 'no pg_hba.conf entry for host', () => ({ sslMode: 'disable' })],
      ['with an authority that Go does not know', 'signed by unknown authority', () => FULL],
      ['with that of another cluster', 'signed by unknown authority', () => ({ ...FULL, ca: authorityOfAnother })],
      // As libpq does: with a certificate to trust, `require` is `verify-ca`.
      ['with it and `require`', 'signed by unknown authority', () => ({ ca: authorityOfAnother })],
      ['with no certificate in the file', 'unable to add CA to cert pool', () => ({ ...FULL, ca: '' })],
      [
        'with a name that is not in the certificate',
        `not ${OTHER_HOST}`,
        () => ({ ...FULL, ca: postgres.ca, host: OTHER_HOST }),
      ],
    ])('%s', async (_why, words, choices) => {
      await using server = boot(postgres, database, choices());
      expect(await server.exited).toBe(1);
      expect(server.output()).toContain('failed to initialize control plane store');
      expect(server.output()).toContain(words);
      expect(server.output()).not.toContain(database.password);
      expect(server.output()).not.toContain(encodeURIComponent(database.password));
    });

    it('with a server that has no TLS', async () => {
      await using plain = await startPostgres({ name: 'plain', namespace: 'team-a', tls: false });
      await using server = boot(plain, await plain.createDatabase('refused'));
      expect(await server.exited).toBe(1);
      expect(server.output()).toContain('server refused TLS connection');
    });

    it('with a user who has no schema and may not use `public`', async () => {
      const poor = await postgres.createDatabase('without_schema', { withUserSchema: false });
      await using server = boot(postgres, poor);
      expect(await server.exited).toBe(1);
      expect(server.output()).toContain('permission denied for schema public');
    });

    it('with a server that is down; and boots once it is there', async () => {
      await postgres.stop();
      try {
        await using early = boot(postgres, database);
        expect(await early.exited).toBe(1);
        expect(early.output()).toContain('connection refused');
      } finally {
        await postgres.start();
      }
      expect(await bootOnce(database)).toMatchObject({ ready: true });
    });
  });

  it('starts anew where a schema of its user comes to hide the tables in `public`', async () => {
    const database = await postgres.createDatabase('hidden', { withUserSchema: false });
    await postgres.query(database.name, `GRANT CREATE ON SCHEMA public TO ${database.user}`);
    expect(await bootOnce(database)).toMatchObject({ ready: true });
    await postgres.query(database.name, `CREATE SCHEMA ${database.user} AUTHORIZATION ${database.user}`);
    const { ready, output } = await bootOnce(database);
    expect(ready, output).toBe(true);
    expect(output).toContain('Admin user created');
    expect(await tablesOf(database, 'public')).toEqual(await tablesOf(database, database.user));
  });

  it.each(['SQL_ASCII', 'LATIN1'])('boots only once on a database in %s, which SQL can tell', async (encoding) => {
    const name = encoding.toLowerCase();
    const database = await postgres.createDatabase(name, { encoding });
    expect(await postgres.query(name, 'SHOW server_encoding')).toBe(encoding);
    expect(await bootOnce(database)).toMatchObject({ ready: true });
    const { ready, output } = await bootOnce(database);
    expect(ready).toBe(false);
    expect(output).toContain('simple protocol queries must be run with client_encoding=UTF8');

    await postgres.query(name, `ALTER ROLE ${database.user} SET client_encoding = 'UTF8'`);
    expect(await bootOnce(database)).toMatchObject({ ready: true });
  });

  it('stays ready without its database, says so, and goes on when it is back', async () => {
    const database = await postgres.createDatabase('comes_back');
    await using server = boot(postgres, database);
    expect(await server.ready(), server.output()).toBe(true);
    expect(await databaseHealth(server)).toEqual({ code: 200, status: 'healthy', database: 'reachable' });

    await postgres.stop();
    try {
      expect(await server.login(ADMIN_PASSWORD)).toBe(500);
      await expect
        .poll(async () => databaseHealth(server), ASKED_ANEW)
        .toEqual({
          code: 200,
          status: 'degraded',
          database: 'unreachable',
        });
      expect((await server.get('/health/ready'))?.status).toBe(200);
    } finally {
      await postgres.start();
    }
    await expect.poll(async () => server.login(ADMIN_PASSWORD)).toBe(200);
    await expect
      .poll(async () => databaseHealth(server), ASKED_ANEW)
      .toEqual({ code: 200, status: 'healthy', database: 'reachable' });
    expect(await server.stop()).toBe(0);
  });

  it('goes on after PostgreSQL was cut off in the middle', async () => {
    const database = await postgres.createDatabase('cut_off');
    await using server = boot(postgres, database);
    expect(await server.ready(), server.output()).toBe(true);
    await postgres.stop('immediate');
    await postgres.start();
    // Each connection that it kept (five at most) fails once more.
    await expect.poll(async () => server.login(ADMIN_PASSWORD)).toBe(200);
  });

  it('stops cleanly while PostgreSQL is down', async () => {
    const database = await postgres.createDatabase('stops');
    await using server = boot(postgres, database);
    expect(await server.ready(), server.output()).toBe(true);
    await postgres.stop();
    try {
      expect(await server.stop(), server.output()).toBe(0);
    } finally {
      await postgres.start();
    }
  });
});
