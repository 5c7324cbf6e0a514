import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { FlavourName } from '../../../../lab/flavours.ts';
import { startLab, type Lab } from '../../../../lab/lab.ts';

const root = join(import.meta.dirname, '../../../..');

/** The packages of this checkout. */
export function ownPackages(): { readonly folder: string; readonly version: string } {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return { folder: join(root, 'dist'), version: `v${version}` };
}

/** Starts a lab for one file of tests, and says what it starts. */
export async function labFor(flavour: FlavourName, packages = ownPackages()): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'function-dittofs-lab-'));
  return startLab({ flavour, folder, packages, says: (line) => process.stderr.write(`${line}\n`) });
}

/** The lab of a block of tests: it starts before them and ends after them, and is there while they run. */
export function labOfBlock(flavour: FlavourName): Lab {
  const lab = {} as Lab;
  beforeAll(async () => {
    Object.assign(lab, await labFor(flavour));
  });
  afterAll(async () => {
    // One that did not start has ended already.
    if (Symbol.asyncDispose in lab) await lab[Symbol.asyncDispose]();
  });
  return lab;
}

/** The sum of all series of a metric of the function. */
async function sumOf({ metrics }: Pick<Lab, 'metrics'>, metric: string): Promise<number> {
  const text = await (await fetch(metrics)).text();
  const values = text.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)`, 'gm'));
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** How often the function was called so far. */
export async function callsOf(lab: Pick<Lab, 'metrics'>): Promise<number> {
  return sumOf(lab, 'function_dittofs_calls_total');
}

/** Seconds of CPU that the function has used. */
export async function cpuOf(lab: Pick<Lab, 'metrics'>): Promise<number> {
  return sumOf(lab, 'process_cpu_seconds_total');
}
