import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { end, runs, type Started } from './program.ts';

/** What a lab has started. */
export interface State {
  /** Whether all of it was started. */
  readonly ready: boolean;
  readonly programs: readonly Started[];
}

/** The file that makes a folder a lab's. */
function stateFile(folder: string): string {
  return join(folder, 'programs.json');
}

/** The state of the lab in a folder; undefined where there is none. */
export function readState(folder: string): State | undefined {
  return existsSync(stateFile(folder)) ? (JSON.parse(readFileSync(stateFile(folder), 'utf8')) as State) : undefined;
}

/** Remembers what was started. */
export function writeState(folder: string, state: State): void {
  writeFileSync(stateFile(folder), JSON.stringify(state, undefined, 2));
}

/** Makes a fresh folder for a lab, in place of an ended one; throws where it holds anything else, or a lab that runs. */
export function makeStateFolder(folder: string): void {
  const state = readState(folder);
  if (state?.programs.some(runs) === true) throw new Error(`cannot use ${folder}: a lab runs there`);
  if (state === undefined && existsSync(folder) && readdirSync(folder).length > 0)
    throw new Error(`cannot use ${folder}: it is not empty, and not a lab's`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'logs'), { recursive: true });
  writeState(folder, { ready: false, programs: [] });
}

/** Ends the programs of a lab, the last one first, removes its state, and returns what it has ended. */
export async function stopLab(folder: string): Promise<readonly Started[]> {
  const state = readState(folder);
  if (state === undefined) return [];
  const ended = state.programs.filter(runs).toReversed();
  for (const program of ended) await end(program);
  rmSync(folder, { recursive: true, force: true });
  return ended;
}
