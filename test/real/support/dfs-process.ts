import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../../lab/program.ts';
import { asUser, give } from './unprivileged.ts';

/** What the server is started with. */
export interface Start {
  readonly dfs: string;
  /** config.yaml as it was rendered. */
  readonly config: string;
  /** The container's environment, with the values of its Secrets. */
  readonly env: Readonly<Record<string, string>>;
  readonly apiPort: number;
  /** What its volumes hold: file names and contents, by the folder where they are mounted. */
  readonly volumes?: Readonly<Record<string, Readonly<Record<string, string>>>>;
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
interface Folder {
  readonly path: string;
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
  readonly hosts: string;
}

/** A temporary folder with what the pod has at `/`; the paths of its volumes move there, in the file and the environment. */
function folderFor({ config, env, volumes = {}, hosts = {} }: Start): Folder {
  const root = mkdtempSync(join(tmpdir(), 'function-dittofs-dfs-'));
  const folder = (path: string): void => {
    mkdirSync(join(root, path), { recursive: true });
    give(USER, join(root, path));
  };
  const file = (path: string, content: string): string => {
    writeFileSync(join(root, path), content);
    give(USER, join(root, path));
    return join(root, path);
  };
  const mounts = ['/data', ...Object.keys(volumes)];
  for (const path of ['/', ...mounts, '/data/controlplane']) folder(path);
  for (const [mount, files] of Object.entries(volumes))
    for (const [name, content] of Object.entries(files)) file(join(mount, name), content);
  const lines = Object.entries({ localhost: '127.0.0.1', ...hosts }).map(([name, address]) => `${address} ${name}\n`);
  const moved = mounts.reduce((text, mount) => text.replaceAll(`${mount}/`, `${root}${mount}/`), config);
  return {
    path: root,
    config: file('config.yaml', moved),
    env: Object.fromEntries(
      Object.entries(env).map(([name, value]) => {
        const isPath = mounts.some((mount) => value.startsWith(`${mount}/`));
        return [name, isPath ? join(root, value) : value];
      }),
    ),
    hosts: file('hosts', lines.join('')),
  };
}

/** The command with an /etc/hosts of its own, as the kubelet gives one to each pod. */
function withHosts(file: string, command: readonly string[]): readonly [string, ...string[]] {
  return ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', file, ...command];
}

/** Starts the server as an unprivileged user; its ports are on all addresses, so run it in a network of its own. */
export function startDfs(start: Start): RunningDfs {
  const folder = folderFor(start);
  const server = asUser(USER, start.dfs, 'start', '--foreground', '--config', folder.config);
  const [command, ...args] = start.hosts === undefined ? server : withHosts(folder.hosts, server);
  const child = spawn(command, args, { env: { PATH: process.env.PATH, ...folder.env } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;

  const api = `http://127.0.0.1:${start.apiPort}`;
  const get = async (path: string): Promise<Response | undefined> => fetch(`${api}${path}`).catch(() => undefined);
  return {
    get,
    ready: async () => eventually(async () => (await get('/health/ready'))?.status === 200, READY, hasEnded),
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
