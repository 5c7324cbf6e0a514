import type { Server } from 'node:net';
import { reasonOf } from './certificates.ts';

/** Where to listen. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `[ipv6]:port` or `:port` (all addresses); undefined where it is none of them. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.port);
  if (match === null || port > 65535) return undefined;
  const host = match.groups?.ipv6 ?? match.groups?.host ?? '';
  return { host, port };
}

/** Listens; the address then holds the port that was given where 0 was asked for. Rejects with one clear line. */
export function listen(server: Server, { host, port }: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      reject(new Error(`cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}: ${reasonOf(error)}`));
    };
    server.once('error', refuse);
    // Without a host Node listens on all addresses, of both families where there are both.
    server.listen(host === '' ? { port } : { host, port }, () => {
      server.off('error', refuse);
      const bound = server.address();
      resolve({ host, port: typeof bound === 'object' && bound !== null ? bound.port : port });
    });
  });
}
