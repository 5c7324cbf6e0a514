import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The built program. */
export const built = join(import.meta.dirname, '..', '..', '..', 'dist', 'main.js');

/** A function that serves, as a process of its own. */
export interface FunctionProcess extends AsyncDisposable {
  readonly port: number;
  readonly metricsPort: number;
  readonly process: ChildProcess;
  /** What it has logged, one object for each line. */
  readonly log: readonly LogLine[];
  /** Its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

interface LogLine {
  readonly msg: string;
  readonly address?: { readonly port: number };
  readonly metricsAddress?: { readonly port: number };
}

/** Starts the built program on free ports of the loopback and resolves when it serves. */
export async function startFunction(...args: readonly string[]): Promise<FunctionProcess> {
  if (!existsSync(built)) throw new Error('dist/main.js is not built: npm run build');
  return startCommand([process.execPath, built, ...args]);
}

/** Starts a command that runs the function, on free ports of the loopback, and resolves when it serves. */
export async function startCommand(
  [command = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<FunctionProcess> {
  const flags = ['--address', '127.0.0.1:0', '--metrics-address', '127.0.0.1:0'];
  const child = spawn(command, [...args, ...flags], { stdio: ['ignore', 'pipe', 'pipe'], env });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const log: LogLine[] = [];
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const serving = await new Promise<LogLine>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as LogLine;
      log.push(line);
      if (line.msg === 'serving') resolve(line);
    });
    void exited.then((code) => {
      reject(new Error(`exited with ${String(code)}: ${stderr}`));
    });
  });
  return {
    port: serving.address?.port ?? 0,
    metricsPort: serving.metricsAddress?.port ?? 0,
    process: child,
    log,
    exited,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Runs the built program to its end. */
export async function runToEnd(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; stderr: string; stdout: string }> {
  const child = spawn(process.execPath, [built, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...env },
  });
  let stderr = '';
  let stdout = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stderr, stdout };
}
