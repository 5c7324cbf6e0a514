import type { ObservedObjects } from '../kubernetes/object.ts';
import { encodeBase64 } from '../lib/hash.ts';
import { textsAt } from '../lib/json.ts';
import type { Texts } from '../kubernetes/manifest.ts';
import { endpointText, type Endpoints } from './endpoints.ts';
import { protocols } from './exposure.ts';
import type { Serving } from './serving.ts';

/**
 * How an application finds the first share, in base64, by the entries that the Service Binding specification knows; as
 * it was before, while the cluster is still to decide where that is. Undefined before it ever did.
 *
 * @see https://servicebinding.io/spec/core/1.1.0/#well-known-secret-entries
 */
export function planConnection(
  endpoints: Endpoints,
  [first]: Serving['shares'],
  observed: ObservedObjects,
): Texts | undefined {
  const protocol = protocols.find((candidate) => endpoints[candidate] !== undefined);
  const endpoint = protocol === undefined ? undefined : endpoints[protocol];
  if (protocol === undefined || endpoint === undefined) {
    const before = textsAt(observed.get('connection')?.manifest, 'data');
    return Object.keys(before).length === 0 ? undefined : before;
  }
  const share = first?.name;
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
