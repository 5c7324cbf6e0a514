import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../../lab/program.ts';
import type { Rendered } from './rendered.ts';
import { asUser, give } from './unprivileged.ts';

/** What the server is started with. */
export interface Start extends Rendered {
  readonly dfs: string;
  /** Names of Services and their addresses, which this process alone knows. */
  readonly hosts?: Readonly<Record<string, string>>;
}

/** A dfs that was started; disposing it ends it and removes what it has written. */
export interface RunningDfs extends AsyncDisposable {
  /** Whether it says that it is ready, before it ends and within 15 s. */
  readonly ready: () => Promise<boolean>;
  /** What it answers on a path of its API; undefined without an answer. */
  readonly get: (path: string) => Promise<Response | undefined>;
  /** The status of a login as admin, 0 without an answer. */
  readonly login: (password: string) => Promise<number>;
  /** Asks it to end, and resolves with its exit code. */
  readonly stop: () => Promise<number | null>;
  /** Resolves with its exit code once it ends, asked or not. */
  readonly exited: Promise<number | null>;
  /** What it has printed. */
  readonly output: () => string;
}

/** The user that the image runs as. */
const USER = 65532;

/** Milliseconds in which it has to get ready. */
const READY = 15_000;

/** Where the server finds what it is started with. */
interface Folder extends Pick<Rendered, 'args' | 'env'> {
  readonly path: string;
  readonly hosts: string;
}

/** A temporary folder with what the pod has at `/`; every path of a volume moves there, wherever it is written. */
function folderFor({ args, env, volumes, hosts = {} }: Start): Folder {
  const root = mkdtempSync(join(tmpdir(), 'function-dittofs-dfs-'));
  const file = (path: string, content: string): string => {
    writeFileSync(join(root, path), content);
    give(USER, join(root, path));
    return join(root, path);
  };
  const mounts = Object.keys(volumes);
  const moved = (path: string): string =>
    mounts.some((mount) => `${path}/`.startsWith(`${mount}/`)) ? join(root, path) : path;
  give(USER, root);
  for (const [mount, files] of Object.entries(volumes)) {
    mkdirSync(join(root, mount), { recursive: true });
    give(USER, join(root, mount));
    for (const [name, content] of Object.entries(files))
      file(
        join(mount, name),
        content.replaceAll(/"(\/[^"]*)"/g, (_, path: string) => JSON.stringify(moved(path))),
      );
  }
  const lines = Object.entries({ localhost: '127.0.0.1', ...hosts }).map(([name, address]) => `${address} ${name}\n`);
  return {
    path: root,
    args: args.map(moved),
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, moved(value)])),
    hosts: file('hosts', lines.join('')),
  };
}

/** The command with an /etc/hosts of its own, as the kubelet gives one to each pod. */
export function withHosts(file: string, command: readonly string[]): readonly [string, ...string[]] {
  return ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', file, ...command];
}

/** Whether nobody else is in this network: the server takes fixed ports on all addresses. Says what is left out otherwise. */
export function hasOwnNetwork(leftOut: string): boolean {
  if (Object.keys(networkInterfaces()).every((name) => name === 'lo')) return true;
  if (process.env.CI === 'true') throw new Error('CI needs a network of its own: node test/real/run.ts');
  process.stderr.write(`This network is shared: ${leftOut}\n`);
  return false;
}

/** Whether the server can have an /etc/hosts of its own, with a program of Debian's package util-linux. */
export function canNameHosts(leftOut: string): boolean {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if (process.env.CI === 'true') throw new Error('CI needs unshare', { cause: error });
    process.stderr.write(`There are no mount namespaces here: ${leftOut}\n`);
    return false;
  }
}

/** Starts the server as an unprivileged user; its ports are on all addresses, so run it in a network of its own. */
export function startDfs(start: Start): RunningDfs {
  const folder = folderFor(start);
  const server = asUser(USER, start.dfs, ...folder.args);
  const [command, ...args] = start.hosts === undefined ? server : withHosts(folder.hosts, server);
  const child = spawn(command, args, { env: { PATH: process.env.PATH, ...folder.env } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;

  const api = `http://127.0.0.1:${start.ports.api ?? 0}`;
  const get = async (path: string): Promise<Response | undefined> => fetch(`${api}${path}`).catch(() => undefined);
  return {
    get,
    ready: async () => eventually(async () => (await get('/health/ready'))?.status === 200, READY, { stop: hasEnded }),
    login: async (password) => {
      const response = await fetch(`${api}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'admin', password }),
      }).catch(() => undefined);
      return response?.status ?? 0;
    },
    stop: async () => {
      child.kill('SIGTERM');
      return exited;
    },
    exited,
    output: () => output,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder.path, { recursive: true, force: true });
    },
  };
}
