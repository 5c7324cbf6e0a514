import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const Version = z.stringFormat('version', /^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);

/** Reads a version as packages are tagged with it, such as `v0.1.0` or `v0.2.0-rc.1`. Throws where it is none. */
export function parseVersion(text: string): string {
  const version = Version.safeParse(text);
  if (!version.success)
    throw new Error(`cannot use the version "${text}": it is not one such as v0.1.0 or v0.2.0-rc.1`);
  return version.data;
}

/** The version that package.json has. */
export function ownVersion(): string {
  const file = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return `v${z.object({ version: z.string() }).parse(JSON.parse(file)).version}`;
}
