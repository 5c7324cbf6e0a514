import type { ObservedObjects } from '../kubernetes/object.ts';
import { encodeBase64 } from '../lib/hash.ts';
import { textsAt } from '../lib/json.ts';
import type { Texts } from '../kubernetes/manifest.ts';
import { endpointText, type Endpoints } from './endpoints.ts';
import { protocols, type FileExposure } from './exposure.ts';
import type { Provisioning } from './provisioning.ts';
import type { Serving } from './serving.ts';

/** The first share that is served: the one that goes without saying only where the server has no others. */
function servedShare(shares: Serving['shares'], { tried, shares: reported }: Provisioning): string | undefined {
  const isThere = (name: string): boolean => tried === '' || reported.some((report) => report.name === name);
  return shares.find(({ name, enabled, fallback }) => enabled && (!fallback || isThere(name)))?.name;
}

/**
 * How an application finds the first share, in base64, by the entries that the Service Binding specification knows; as
 * it was before, while the cluster is still to decide where that is. Undefined before it ever did, and without a protocol.
 *
 * @see https://servicebinding.io/spec/core/1.1.0/#well-known-secret-entries
 */
export function planConnection(
  { protocols: offered }: FileExposure,
  endpoints: Endpoints,
  shares: Serving['shares'],
  provisioning: Provisioning,
  observed: ObservedObjects,
): Texts | undefined {
  if (offered.length === 0) return undefined;
  const protocol = protocols.find((candidate) => endpoints[candidate] !== undefined);
  const endpoint = protocol === undefined ? undefined : endpoints[protocol];
  if (protocol === undefined || endpoint === undefined) {
    const before = textsAt(observed.get('connection')?.manifest, 'data');
    return Object.keys(before).length === 0 ? undefined : before;
  }
  const share = servedShare(shares, provisioning);
  const entries = {
    type: protocol,
    provider: 'dittofs',
    ...(endpoint.host !== undefined && { host: endpoint.host }),
    port: String(endpoint.port),
    ...(share !== undefined && { share }),
    ...(endpoint.host !== undefined && { uri: `${protocol}://${endpointText(endpoint)}${share ?? '/'}` }),
  };
  return Object.fromEntries(Object.entries(entries).map(([name, text]) => [name, encodeBase64(text)]));
}
