import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../lab/ports.ts';
import { eventually } from '../../../lab/program.ts';
import { tool } from '../../../lab/tools.ts';
import { asUser, give } from './unprivileged.ts';

/** A dfs with a configuration of its own, which can be stopped and started again with what it has stored. */
export interface DfsServer extends AsyncDisposable {
  readonly url: string;
  /** Where its adapters listen. */
  readonly ports: { readonly nfs: number; readonly smb: number };
  /** A folder that it may write to. */
  readonly folder: string;
  /** Starts it, and resolves once it is ready. */
  readonly start: () => Promise<void>;
  /** Ends it at once. */
  readonly kill: () => Promise<void>;
  /** Asks its API as somebody else than the provisioner; rejects where it refuses. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<unknown>;
  /** The status of a login. */
  readonly login: (username: string, password: string) => Promise<number>;
  readonly output: () => string;
}

/** The password that servers of the tests start with. */
export const ADMIN_PASSWORD = 'the-first-password';

/** Another one, which a test may give the administrator. */
export const SECOND_PASSWORD = 'the-second-password';

/** The user that the image runs as. */
const USER = 65532;
const READY = 15_000;

/** Prepares a server; its adapters get ports of their own when it starts first, so that several can run. */
export async function createDfsServer(): Promise<DfsServer> {
  const dfs = await tool('dfs');
  const folder = mkdtempSync(join(tmpdir(), 'function-dittofs-server-'));
  const [port, nfs, smb] = [await freePort(), await freePort(), await freePort()];
  const config = {
    logging: { level: 'INFO', format: 'text', output: 'stdout' },
    controlplane: { host: '127.0.0.1', port, write_timeout: '60s' },
    database: { type: 'sqlite', sqlite: { path: join(folder, 'controlplane.db') } },
  };
  const configFile = join(folder, 'config.yaml');
  writeFileSync(configFile, JSON.stringify(config));
  mkdirSync(join(folder, 'data'));
  give(USER, folder, configFile, join(folder, 'data'));
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let output = '';
  let token = '';

  const login = async (username: string, with_: string): Promise<Response> =>
    fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password: with_ }),
    });

  /** Logs in with whatever password the test has given the administrator. */
  const enter = async (): Promise<string> => {
    for (const password of [ADMIN_PASSWORD, SECOND_PASSWORD]) {
      const entered = await login('admin', password);
      if (entered.ok) return ((await entered.json()) as { access_token: string }).access_token;
    }
    throw new Error('cannot log in');
  };

  const asAdmin = async (method: string, path: string, body: unknown): Promise<Response> =>
    fetch(`${url}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  const kill = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('close', resolve));
    running.kill('SIGKILL');
    await ended;
  };

  const ask: DfsServer['ask'] = async (method, path, body) => {
    let response = await asAdmin(method, path, body);
    if (response.status === 401 || response.status === 403) {
      token = await enter();
      response = await asAdmin(method, path, body);
    }
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };

  const launch = async (): Promise<void> => {
    const [command, ...args] = asUser(USER, dfs, 'start', '--foreground', '--config', configFile);
    const started = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        DITTOFS_CONTROLPLANE_SECRET: 'a-secret-of-at-least-32-characters',
        DITTOFS_ADMIN_INITIAL_PASSWORD: ADMIN_PASSWORD,
      },
    });
    child = started;
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const isReady = async (): Promise<boolean> => (await fetch(`${url}/health/ready`)).status === 200;
    if (!(await eventually(isReady, READY, { stop: () => started.exitCode !== null })))
      throw new Error(`cannot start dfs: ${output}`);
  };

  let isMoved = false;
  return {
    url,
    ports: { nfs, smb },
    folder: join(folder, 'data'),
    start: async () => {
      await launch();
      if (isMoved) return;
      isMoved = true;
      // Only its API knows of ports; it starts again, for it would go on to tell for a while how the former ones were.
      await ask('PUT', 'adapters/nfs', { port: nfs });
      await ask('PUT', 'adapters/smb', { port: smb });
      await kill();
      await launch();
    },
    kill,
    ask,
    login: async (username, with_) => (await login(username, with_)).status,
    output: () => output,
    [Symbol.asyncDispose]: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
