import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One program of the control plane. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it does its work; asked again and again until it does. A rejection is a "not yet". */
  readonly ready: () => Promise<boolean>;
}

/** A program that was started. The time of its start tells it from a later process with the same number. */
export interface Started {
  readonly name: string;
  readonly pid: number;
  readonly startedAt: string;
}

/** Milliseconds in which a program has to get ready, and in which it has to end after it was asked to. */
const READY = 60_000;
const END = 20_000;

/** When a process started, as the kernel counts; undefined where there is no such process, or only what is left of one. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // While it has threads that are still ending, its ports are taken.
    const hasEnded = state === 'Z' && readdirSync(`/proc/${pid}/task`).length < 2;
    return hasEnded ? undefined : fields[18];
  } catch {
    return undefined;
  }
}

/** Whether a program that was started still runs. */
export function runs({ pid, startedAt }: Started): boolean {
  return startOf(pid) === startedAt;
}

/** The file that holds what a program prints. */
export function logFile(folder: string, name: string): string {
  return join(folder, 'logs', `${name}.log`);
}

/** The last lines that a program has printed. */
export function endOfLog(folder: string, name: string): string {
  return readFileSync(logFile(folder, name), 'utf8').trimEnd().split('\n').slice(-20).join('\n');
}

/** Asks every `period` until the answer is yes; false when that takes longer than `milliseconds`, or `stop` says that it never will. */
export async function eventually(
  check: () => Promise<boolean>,
  milliseconds: number,
  { stop = () => false, period = 100 }: { readonly stop?: () => boolean; readonly period?: number } = {},
): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (Date.now() < deadline && !stop()) {
    if (await check().catch(() => false)) return true;
    await sleep(period);
  }
  return false;
}

/** Go's programs collect garbage later than they would: there is memory enough, and all of them share few processors. */
const garbage = { GOGC: '300', GOMEMLIMIT: '1500MiB' };

/** Starts a program in the background; it goes on when this process ends. */
export function launch({ name, command, args, env }: Program, folder: string): Started {
  const log = openSync(logFile(folder, name), 'a');
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...garbage, ...env },
  });
  closeSync(log);
  child.unref();
  child.on('error', (error) => {
    process.stderr.write(`cannot start ${name}: ${error.message}\n`);
  });
  const { pid = 0 } = child;
  return { name, pid, startedAt: startOf(pid) ?? '' };
}

/** Resolves when a program does its work; rejects with the end of its log where it does not. */
export async function untilReady(program: Program, started: Started, folder: string): Promise<void> {
  if (await eventually(program.ready, READY, { stop: () => !runs(started) })) return;
  const why = runs(started) ? `is not ready after ${READY / 1000} s` : 'has ended';
  throw new Error(`cannot start ${program.name}: it ${why}; its log ends with\n${endOfLog(folder, program.name)}`);
}

/** Sends a signal; a program that is gone by then needs none. */
function kill(started: Started, signal: NodeJS.Signals): void {
  try {
    if (runs(started)) process.kill(started.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends a program: asks first, and cuts it off when it does not listen. */
export async function end(started: Started, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (!runs(started)) return;
  kill(started, signal);
  if (await eventually(() => Promise.resolve(!runs(started)), END)) return;
  kill(started, 'SIGKILL');
  await eventually(() => Promise.resolve(!runs(started)), END);
}
