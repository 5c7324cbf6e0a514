import { objectAt, type JsonObject } from '../../../src/lib/json.ts';
import type { Texts } from '../../../src/kubernetes/manifest.ts';
import type { Cluster } from '../../support/cluster.ts';
import { base64, secret } from '../../support/json.ts';
import { identityOf } from '../../support/server.ts';

/** Writes values into a Secret beside the DittoServer; makes it where there is none, and keeps its other values. */
export function writeSecret({ api, xr }: Pick<Cluster, 'api' | 'xr'>, name: string, values: Texts): void {
  const { namespace } = identityOf(xr());
  const ref = { kind: 'Secret', namespace, name };
  if (api.get(ref) === undefined) api.put(secret(namespace, name, {}));
  api.patch(ref, (object) => {
    object.data = { ...objectAt(object as JsonObject, 'data'), ...base64(values) };
  });
}
