import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Texts } from '../../src/kubernetes/manifest.ts';
import { defined, type JsonObject } from '../../src/lib/json.ts';
import { databaseAuthority } from '../../src/plan/container.ts';
import { createCluster } from '../support/cluster.ts';
import { dittoServer } from '../support/server.ts';
import { canNameHosts, hasOwnNetwork, startDfs, type RunningDfs } from './support/dfs-process.ts';
import {
  clusterAuthority,
  clusterNames,
  hasPostgres,
  startPostgres,
  type Database,
  type Postgres,
} from './support/postgres.ts';
import { renderedOf, type Rendered } from './support/rendered.ts';
import { writeSecret } from './support/secrets.ts';
import { goVersion, tool } from '../../lab/tools.ts';

const leftOut = 'dfs is not tested with PostgreSQL';
const can =
  (await goVersion()) !== undefined && hasOwnNetwork(leftOut) && hasPostgres(leftOut) && canNameHosts(leftOut);

const ADMIN_PASSWORD = 'Adm1n-of-the-test';
/** The name under which people know a PostgreSQL of their own. */
const HOST = 'postgres.example.com';
/** A name of the server that is not in its certificate. */
const OTHER_HOST = 'database.elsewhere.svc';
/** The names in the certificate: those of the cluster of the DittoServer `files`, and the one of people's own. */
const NAMES = [...clusterNames('files-postgres', 'team-a'), HOST];

/** The ways in which a DittoServer can say where its database is. */
type Way = 'percona' | 'fields' | 'secret';

/** What a boot differs in from one that has all it needs. */
interface Choices {
  /** By a cluster of Percona's unless given. */
  readonly way?: Way;
  readonly sslMode?: string;
  /** The certificate that it is given to trust; none unless given. */
  readonly ca?: string;
  readonly host?: string;
  readonly password?: string;
  readonly database?: string;
  readonly adminPassword?: string;
}

/** A DittoServer's fields, and the Secrets behind them. */
interface Wanted {
  readonly spec: JsonObject;
  readonly secrets: Readonly<Record<string, Texts>>;
}

/** Where a database is, and how it is reached. */
interface Target extends Pick<Choices, 'sslMode' | 'ca' | 'host'> {
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** The values that are there. */
function given(values: Readonly<Record<string, string | undefined>>): Texts {
  return defined(values) as Texts;
}

/** How it is said where the database is: by Percona's operator, in the fields of the spec, or in a Secret. */
const ways: Readonly<Record<Way, (target: Target) => Wanted>> = {
  percona: ({ sslMode, ca, host, port, database, user, password }) => ({
    spec: { percona: defined({ enabled: true, sslMode }) },
    secrets: {
      'files-postgres-pguser-dittofs': given({ host, port: `${port}`, dbname: database, user, password }),
      'files-postgres-cluster-cert': given({ 'ca.crt': ca }),
    },
  }),
  fields: ({ sslMode, ca, host = HOST, port, database, user, password }) => {
    const passwordSecretRef = { name: 'database', key: 'password' };
    const caSecretRef = ca === undefined ? undefined : { name: 'database', key: 'authority' };
    const postgres = defined({ host, port, database, user, sslMode, passwordSecretRef, caSecretRef });
    return { spec: { database: { postgres } }, secrets: { database: given({ password, authority: ca }) } };
  },
  secret: ({ sslMode, host = HOST, port, database, user, password }) => ({
    spec: { database: { postgresSecretRef: { name: 'database' } } },
    secrets: { database: given({ host, port: `${port}`, dbname: database, user, password, sslmode: sslMode }) },
  }),
};

let dfs: string;
let postgres: Postgres;

/** What the function makes of a DittoServer with that database, and a kubelet of that. */
function render(port: number, database: Database, choices: Choices): Rendered {
  const { way = 'percona', adminPassword = ADMIN_PASSWORD, ...rest } = choices;
  const { name, user, password } = database;
  const { spec, secrets } = ways[way]({ port, database: name, user, password, ...rest });
  const admin = { passwordSecretRef: { name: 'admin', key: 'password' } };
  const cluster = createCluster({ xr: dittoServer({ ...spec, identity: { admin } }) });
  writeSecret(cluster, 'admin', { password: adminPassword });
  // Percona's operator makes its Secrets first.
  cluster.bringUp();
  for (const [secret, values] of Object.entries(secrets)) writeSecret(cluster, secret, values);
  cluster.bringUp();
  return renderedOf(cluster, 'files');
}

function boot(
  { port, hosts }: Pick<Postgres, 'port' | 'hosts'>,
  database: Database,
  choices: Choices = {},
): RunningDfs {
  const rendered = render(port, database, choices);
  return startDfs({ dfs, ...rendered, hosts: { ...hosts, [OTHER_HOST]: '127.0.0.1' } });
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

describe.skipIf(!can)('the real dfs with a PostgreSQL that takes only TLS', () => {
  beforeAll(async () => {
    dfs = await tool('dfs');
    postgres = await startPostgres({ names: NAMES });
  });
  afterAll(async () => {
    await postgres[Symbol.asyncDispose]();
  });

  /** What the sessions of a database's user are: `t` where they are encrypted. */
  async function encryption({ name, user }: Database): Promise<string> {
    const sessions = 'pg_stat_ssl JOIN pg_stat_activity USING (pid)';
    return postgres.query(name, `SELECT DISTINCT ssl FROM ${sessions} WHERE usename = '${user}'`);
  }

  it.each<Way>(['percona', 'fields', 'secret'])(
    'makes its tables over TLS in the schema of its user: %s',
    async (way) => {
      const database = await postgres.createDatabase(`by_${way}`);
      await using server = boot(postgres, database, { way });
      expect(await server.ready(), server.output()).toBe(true);
      expect(await server.login(ADMIN_PASSWORD)).toBe(200);
      expect(await tablesOf(database, database.user)).toEqual(expect.arrayContaining(['shares', 'users', 'settings']));
      expect(await tablesOf(database, 'public')).toEqual([]);
      expect(await encryption(database)).toBe('t');
    },
  );

  it('finds everything again after its own restart', async () => {
    const database = await postgres.createDatabase('finds_again');
    expect(await bootOnce(database)).toMatchObject({ ready: true });
    await using again = boot(postgres, database, { adminPassword: 'Another-1-for-nobody' });
    expect(await again.ready(), again.output()).toBe(true);
    expect(await again.login(ADMIN_PASSWORD)).toBe(200);
    expect(again.output()).not.toContain('Admin user created');
  });

  it.each(['verify-ca', 'verify-full'])('trusts the authority that it is given with %s', async (sslMode) => {
    const database = await postgres.createDatabase(sslMode);
    expect(await bootOnce(database, { way: 'fields', sslMode, ca: postgres.ca })).toMatchObject({ ready: true });
  });

  it('trusts a cluster of Percona’s by its Service’s name, with nothing but its ca.crt', async () => {
    const database = await postgres.createDatabase('percona_full');
    const choices = { sslMode: 'verify-full', ca: postgres.ca } as const;
    const { env, volumes } = render(postgres.port, database, choices);
    expect(env.DITTOFS_DATABASE_POSTGRES_HOST).toBe('files-postgres-primary.team-a.svc');
    expect(volumes[databaseAuthority.folder]).toEqual({ 'ca.crt': postgres.ca });
    expect(await bootOnce(database, choices)).toMatchObject({ ready: true });
  });

  // Were it mounted, the server would check it even so, as libpq does.
  it('is given no authority with `require`', async () => {
    const database = await postgres.createDatabase('unchecked');
    const { cert: ca } = await clusterAuthority();
    expect(await bootOnce(database, { way: 'fields', sslMode: 'require', ca })).toMatchObject({ ready: true });
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

    const NO_ENTRY = 'no pg_hba.conf entry for host';
    const UNKNOWN = 'signed by unknown authority';
    const FULL = { sslMode: 'verify-full' } as const;
    it.each<readonly [why: string, words: string, choices: () => Choices]>([
      ['with a wrong password', 'password authentication failed for user "refused"', () => ({ password: 'wrong' })],
      ['with a database that is not there', 'database "none" does not exist', () => ({ database: 'none' })],
      ['without TLS by its fields', NO_ENTRY, () => ({ way: 'fields', sslMode: 'disable' })],
      ['without TLS by its Secret', NO_ENTRY, () => ({ way: 'secret', sslMode: 'disable' })],
      ['with no authority to trust in its fields', UNKNOWN, () => ({ way: 'fields', ...FULL })],
      ['with none in its Secret, which cannot bring one', UNKNOWN, () => ({ way: 'secret', ...FULL })],
      ['with that of another cluster', UNKNOWN, () => ({ ...FULL, ca: authorityOfAnother })],
      ['with it and `verify-ca`', UNKNOWN, () => ({ way: 'fields', sslMode: 'verify-ca', ca: authorityOfAnother })],
      ['with no certificate in the file', 'unable to add CA to cert pool', () => ({ ...FULL, ca: 'none' })],
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
      await using plain = await startPostgres({ names: NAMES, tls: false });
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

  it('ends, and says why, with a server that says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    try {
      await once(silent, 'listening');
      const { port } = silent.address() as AddressInfo;
      await using server = boot({ ...postgres, port }, { name: 'silent', user: 'silent', password: 'silent' });
      expect(await server.exited).toBe(1);
      expect(server.output()).toContain('timeout: context deadline exceeded');
    } finally {
      silent.close();
    }
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
        .poll(async () => databaseHealth(server))
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
      .poll(async () => databaseHealth(server))
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
