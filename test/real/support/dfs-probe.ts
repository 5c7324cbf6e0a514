import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually } from '../../../lab/program.ts';
import { startDfs } from './dfs-process.ts';

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

/** Milliseconds until a port has to be open once the server is ready. */
const OPEN = 15_000;

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

/** Boots the server in the network that this process has to itself, and looks at it. */
async function probe({ ports, adminPassword, ...start }: Boot): Promise<Probe> {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  await using server = startDfs(start);
  const ready = await server.ready();
  const listening: number[] = [];
  for (const port of ready ? ports : []) if (await eventually(async () => listens(port), OPEN)) listening.push(port);
  const loginStatus = await server.login(adminPassword);
  const asked = Date.now();
  const exitCode = await server.stop();
  return { ready, listening, loginStatus, stoppedAfter: Date.now() - asked, exitCode, output: server.output() };
}

process.stdout.write(JSON.stringify(await probe(JSON.parse(await text(process.stdin)) as Boot)));
