import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder outside the checkout, made if need be, where what was downloaded is kept from run to run. */
export function cacheFolder(...names: readonly string[]): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'function-dittofs', ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}
