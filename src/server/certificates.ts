import { X509Certificate } from 'node:crypto';
import { readFileSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';

/** The files that Crossplane mounts for a function, read and checked. */
export interface Certificates {
  /** PEM of the server's private key. */
  readonly key: string;
  /** PEM of the server's certificate, with its chain. */
  readonly cert: string;
  /** PEM of the authorities whose clients may call. */
  readonly ca: string;
  readonly authorities: readonly X509Certificate[];
  /** When the server's certificate is no longer valid, in milliseconds since 1970. */
  readonly expires: number;
}

const PEM = /-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g;

/** Reads `tls.crt`, `tls.key` and `ca.crt` from a folder; throws with what is wrong with which file. */
export function readCertificates(folder: string): Certificates {
  const [key, cert, ca] = ['tls.key', 'tls.crt', 'ca.crt'].map((file) => read(folder, file));
  if (key === undefined || cert === undefined || ca === undefined) throw new Error(`cannot read ${folder}`);
  const authorities = (ca.match(PEM) ?? []).map((pem) => parse(pem, join(folder, 'ca.crt')));
  if (authorities.length === 0) throw new Error(`cannot use ${join(folder, 'ca.crt')}: it holds no certificate`);
  const own = parse(cert, join(folder, 'tls.crt'));
  try {
    // Fails where key and certificate are not a pair, as while they are being replaced.
    createSecureContext({ key, cert });
  } catch (error) {
    throw new Error(`cannot use ${join(folder, 'tls.key')} with tls.crt: ${reasonOf(error)}`, { cause: error });
  }
  return { key, cert, ca, authorities, expires: Date.parse(own.validTo) };
}

function read(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch (error) {
    throw new Error(`cannot read ${join(folder, file)}: ${reasonOf(error)}`, { cause: error });
  }
}

function parse(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new Error(`cannot use ${path}: it is not a certificate in PEM form`, { cause: error });
  }
}

/** What an error says, without its stack, and without the path that Node repeats after it. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/, (open|watch|stat|lstat|read|scandir) .*$/, '');
}

function contentOf({ key, cert, ca }: Certificates): string {
  return key + cert + ca;
}

/** Watches a folder, where the node has a watch left; otherwise reading again from time to time has to do. */
function tryToWatch(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(folder, onChange).on('error', onChange);
  } catch {
    return undefined;
  }
}

/** Milliseconds for which a folder must be quiet before its files are read again. */
const QUIET = 200;

/** Milliseconds between two readings without a sign of change: not every file system tells about changes. */
const POLL = 60_000;

/**
 * Calls back with the certificates whenever the files change; with the error where they cannot be used, as while a
 * pair is half written. The kubelet replaces them by swapping a symbolic link.
 */
export function watchCertificates(
  folder: string,
  first: Certificates,
  onChange: (read: Certificates | Error) => void,
): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let known = contentOf(first);
  const reread = (): void => {
    try {
      const read = readCertificates(folder);
      if (contentOf(read) === known) return;
      known = contentOf(read);
      onChange(read);
    } catch (error) {
      onChange(error instanceof Error ? error : new Error(reasonOf(error)));
    }
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(reread, QUIET);
  };
  const watcher = tryToWatch(folder, soon);
  const poll = setInterval(reread, POLL).unref();
  return {
    [Symbol.dispose]: () => {
      watcher?.close();
      clearTimeout(timer);
      clearInterval(poll);
    },
  };
}
