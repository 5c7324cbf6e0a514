import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { writeTar, type TarEntry } from './tar.ts';

/** A layer of an image: a tar archive, compressed. */
export interface Layer {
  /** Names the compressed archive. */
  readonly digest: string;
  /** Names the archive as it is unpacked. */
  readonly diffId: string;
  readonly blob: Buffer;
}

/** The digest of some bytes as images write it: `sha256:` and 64 hex digits. */
export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Makes a layer of files. */
export async function layerOf(entries: readonly TarEntry[]): Promise<Layer> {
  return toLayer(await writeTar(entries));
}

/** Takes a layer as it is stored in an archive: compressed with gzip, or not. Throws where it is neither. */
export function toLayer(stored: Buffer): Layer {
  if (stored.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))) {
    return { digest: digestOf(stored), diffId: digestOf(gunzipSync(stored)), blob: stored };
  }
  const magic = stored.subarray(257, 262).toString('latin1');
  if (magic !== 'ustar') throw new Error('cannot read a layer: it is neither a tar archive nor one compressed by gzip');
  const blob = gzipSync(stored);
  return { digest: digestOf(blob), diffId: digestOf(stored), blob };
}
