import type { Server } from 'node:net';

/** Where to listen. */
export interface Address {
  /** Empty for all addresses. */
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `[ipv6]:port` or `:port` (all addresses); undefined where it is none of them. */
export function parseAddress(text: string): Address | undefined {
  const [, ipv6, name = '', digits = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return digits === '' || port > 65535 ? undefined : { host: ipv6 ?? name, port };
}

/**
 * Listens; the address then holds the port that was given where 0 was asked for. Rejects with one clear line.
 *
 * A later error, such as too many open files for a new connection, ends nothing: those that are there go on.
 */
export function listen(server: Server, { host, port }: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.on('error', (error) => {
      reject(new Error(`cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}: ${error.message}`));
    });
    // Without a host Node listens on all addresses, of both families where there are both.
    server.listen(host === '' ? { port } : { host, port }, () => {
      const bound = server.address();
      resolve({ host, port: typeof bound === 'object' && bound !== null ? bound.port : port });
    });
  });
}
