import { loadBalancerAddress } from '../kubernetes/health.ts';
import type { ObservedObjects } from '../kubernetes/object.ts';
import { listAt, numberAt, textAt, type JsonObject } from '../lib/json.ts';
import type { FileExposure } from './exposure.ts';

/** Where a client reaches something. */
export interface Endpoint {
  /** Left out for a node port, which every node has. */
  readonly host?: string;
  readonly port: number;
}

/** Where clients reach the server, as far as the cluster has decided it. */
export type Endpoints = Readonly<Partial<Record<'nfs' | 'smb' | 'api', Endpoint>>>;

/** The endpoint of a Service's port: its load balancer's address, its node port, or its name in the cluster. */
function endpoint(service: JsonObject, port: string): Endpoint | undefined {
  const entry = listAt(service, 'spec', 'ports').find((candidate) => textAt(candidate, 'name') === port);
  const servicePort = numberAt(entry, 'port');
  if (servicePort === undefined) return undefined;
  switch (textAt(service, 'spec', 'type')) {
    case 'LoadBalancer': {
      const host = loadBalancerAddress(service);
      return host === undefined ? undefined : { host, port: servicePort };
    }
    case 'NodePort': {
      const nodePort = numberAt(entry, 'nodePort');
      return nodePort === undefined ? undefined : { port: nodePort };
    }
    default: {
      const name = textAt(service, 'metadata', 'name') ?? '';
      const namespace = textAt(service, 'metadata', 'namespace') ?? '';
      return { host: `${name}.${namespace}.svc`, port: servicePort };
    }
  }
}

/** The endpoints that a client can use now, from the live Services. */
export function planEndpoints(file: FileExposure, observed: ObservedObjects): Endpoints {
  const fileService = observed.get('file-service')?.live;
  const apiService = observed.get('api-service')?.live;
  const found: [keyof Endpoints, Endpoint | undefined][] = [
    ...file.protocols.map(({ protocol }): [keyof Endpoints, Endpoint | undefined] => [
      protocol,
      fileService === undefined ? undefined : endpoint(fileService, protocol),
    ]),
    ['api', apiService === undefined ? undefined : endpoint(apiService, 'api')],
  ];
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

/** `host:port`, with an IPv6 address in brackets; `:port` for a node port. */
export function endpointText({ host = '', port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
