import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';

/** A file, folder or symbolic link in a tar archive; paths have no leading slash. */
export type TarEntry =
  | { readonly type: 'file'; readonly path: string; readonly mode?: number; readonly content: Buffer }
  | { readonly type: 'directory'; readonly path: string; readonly mode?: number }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string };

/** Writes an archive that depends on nothing but its entries: sorted, owned by root, and from 1970. */
export async function writeTar(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const entry of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const header = { name: entry.path, type: entry.type, mtime: new Date(0), uid: 0, gid: 0 };
    if (entry.type === 'symlink') archive.entry({ ...header, mode: 0o777, linkname: entry.target });
    else if (entry.type === 'directory') archive.entry({ ...header, mode: entry.mode ?? 0o755 });
    else archive.entry({ ...header, mode: entry.mode ?? 0o644 }, entry.content);
  }
  archive.finalize();
  return buffer(archive);
}

/** Reads files, folders and symbolic links of an archive; other things, such as devices, are left out. */
export async function readTar(archive: Buffer): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  const reading = extract();
  Readable.from([archive]).pipe(reading);
  for await (const entry of reading) {
    const content = await buffer(entry);
    const { type, name, mode, linkname } = entry.header;
    const path = name.replace(/^(\.?\/)+/, '').replace(/\/$/, '');
    if (type === 'file' || type === 'contiguous-file') entries.push({ type: 'file', path, mode, content });
    else if (type === 'directory' && path !== '') entries.push({ type, path, mode });
    else if (type === 'symlink') entries.push({ type, path, target: linkname });
  }
  return entries;
}
