import { spawn, execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the server is booted with. */
export interface Boot {
  readonly dfs: string;
  /** config.yaml as it was rendered. */
  readonly config: string;
  /** The container's environment, with the values of its Secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Ports on which the pod has to listen, because a Service points there. */
  readonly ports: readonly number[];
  readonly apiPort: number;
  readonly adminPassword: string;
}

/** What was seen. */
export interface Probe {
  readonly ready: boolean;
  readonly listening: readonly number[];
  readonly loginStatus: number;
  /** Milliseconds from SIGTERM to the end. */
  readonly stoppedAfter: number;
  readonly exitCode: number | null;
  readonly output: string;
}

/** The user that the image runs as. */
const USER = 65532;

async function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

async function eventually(check: () => Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    if (await check().catch(() => false)) return true;
    await sleep(100);
  }
  return false;
}

/** Boots the server as an unprivileged user, with its folders moved below a temporary one, and looks at it. */
async function probe({ dfs, config, env, ports, apiPort, adminPassword }: Boot): Promise<Probe> {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  const root = mkdtempSync(join(tmpdir(), 'function-dittofs-dfs-'));
  mkdirSync(join(root, 'data', 'controlplane'), { recursive: true });
  writeFileSync(join(root, 'config.yaml'), config.replaceAll('/data/', `${root}/data/`));
  const asRoot = process.getuid?.() === 0 && process.env.DFS_KEEP_USER === undefined;
  if (asRoot)
    for (const path of ['', 'config.yaml', 'data', 'data/controlplane']) chownSync(join(root, path), USER, USER);

  const args = ['start', '--foreground', '--config', join(root, 'config.yaml')];
  const unprivileged = ['--reuid', String(USER), '--regid', String(USER), '--clear-groups', dfs, ...args];
  const child = asRoot ? spawn('setpriv', unprivileged, { env }) : spawn(dfs, args, { env });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  try {
    const api = `http://127.0.0.1:${apiPort}`;
    const ready = await eventually(async () => (await fetch(`${api}/health/ready`)).status === 200);
    const listening: number[] = [];
    for (const port of ports) if (await eventually(async () => listens(port))) listening.push(port);
    const login = await fetch(`${api}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password: adminPassword }),
    }).catch(() => undefined);
    const asked = Date.now();
    child.kill('SIGTERM');
    const exitCode = await exited;
    return { ready, listening, loginStatus: login?.status ?? 0, stoppedAfter: Date.now() - asked, exitCode, output };
  } finally {
    child.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }
}

process.stdout.write(JSON.stringify(await probe(JSON.parse(await text(process.stdin)) as Boot)));
