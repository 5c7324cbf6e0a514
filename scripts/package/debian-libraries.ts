import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import type { Architecture } from './image.ts';
import { readTar, type TarEntry } from './tar.ts';

/** What Node is linked to; apt adds what these depend on. */
const packages = ['libc6', 'libstdc++6', 'libgcc-s1'] as const;

/** Debian's libraries for an image. */
export interface Libraries {
  readonly entries: readonly TarEntry[];
  /** Each package with its version: `libc6 2.36-9+deb12u14`. */
  readonly versions: readonly string[];
}

/**
 * Downloads the packages for a processor from the mirrors that apt uses on this machine, into a folder.
 *
 * Apt gets a state of its own, so that it works without root and for another processor, and checks what it downloads
 * by Debian's signed index. A version cannot be pinned: a mirror keeps only the newest one.
 */
function download(architecture: Architecture, folder: string): void {
  for (const name of ['lists', 'archives']) mkdirSync(join(folder, name, 'partial'), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  const options = [
    `Dir::State=${folder}`,
    `Dir::State::status=${join(folder, 'status')}`,
    `Dir::Cache=${folder}`,
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    'APT::Sandbox::User=',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option]);
  const apt = (...args: readonly string[]): void => {
    execFileSync('apt-get', [...options, '--quiet', '--quiet', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  apt('update');
  apt('install', '--yes', '--no-install-recommends', '--download-only', ...packages);
}

/** The .deb files for a processor: from the cache, or else from the mirror. To get newer ones, remove the folder. */
function debFiles(architecture: Architecture): string[] {
  const cache = cacheFolder('runtime');
  const folder = join(cache, `debian-${architecture}`);
  if (!existsSync(folder)) {
    const downloading = mkdtempSync(join(cache, 'apt-'));
    try {
      download(architecture, downloading);
      renameSync(join(downloading, 'archives'), folder);
    } catch (error) {
      const tried = `cannot download ${packages.join(', ')} for ${architecture} with apt-get`;
      throw new Error(`${tried}; --runtime-image-${architecture} gives an image instead`, { cause: error });
    } finally {
      rmSync(downloading, { recursive: true });
    }
  }
  const files = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  return files.sort().map((name) => join(folder, name));
}

/** Whether a file of a package belongs into the image: the shared libraries themselves, and their license. */
function isWanted(path: string): boolean {
  return (
    /^(usr\/)?lib(64)?\/([^/]+-linux-gnu\/)?[^/]+\.so[^/]*$/.test(path) ||
    /^usr\/share\/doc\/[^/]+\/copyright$/.test(path)
  );
}

/** The entry where all Debian releases have it since /lib is a link to /usr/lib. */
function inUsr(entry: TarEntry): TarEntry {
  return entry.path.startsWith('usr/') ? entry : { ...entry, path: `usr/${entry.path}` };
}

/** Reads one package; its control file goes where scanners look for it in an image without a package manager. */
async function readDeb(file: string): Promise<Libraries> {
  const run = (...args: readonly string[]): Buffer =>
    execFileSync('dpkg-deb', args, { maxBuffer: 256 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] });
  const [name = '', version = ''] = run('--show', '--showformat=${Package} ${Version}', file).toString().split(' ');
  const entries = await readTar(run('--fsys-tarfile', file));
  return {
    entries: [
      ...entries.filter(({ type, path }) => type !== 'directory' && isWanted(path)).map(inUsr),
      { type: 'file', path: `var/lib/dpkg/status.d/${name}`, content: run('--field', file) },
    ],
    versions: [`${name} ${version}`],
  };
}

/** The shared libraries that Node needs, with the links by which programs find them. */
export async function debianLibraries(architecture: Architecture): Promise<Libraries> {
  const read = await Promise.all(debFiles(architecture).map(readDeb));
  return {
    entries: [
      { type: 'symlink', path: 'lib', target: 'usr/lib' },
      { type: 'symlink', path: 'lib64', target: 'usr/lib64' },
      ...read.flatMap(({ entries }) => entries),
    ],
    versions: read.flatMap(({ versions }) => versions),
  };
}
