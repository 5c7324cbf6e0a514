import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** How often the function was called so far. */
export async function callsOf({ metrics }: Pick<Lab, 'metrics'>): Promise<number> {
  const text = await (await fetch(metrics)).text();
  const counts = text.matchAll(/^function_dittofs_calls_total\{.*\} (\d+)/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
