/** Where probes and metrics are served. */
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
