import { at, isObject, objectAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { copy } from './json.ts';

/** The two ways in which a DittoServer reaches the function. */
export type XrFlavour = 'namespaced' | 'claim';

/** Who a DittoServer of a test is. */
export interface Identity {
  readonly name?: string;
  readonly namespace?: string;
  readonly flavour?: XrFlavour;
}

/** The XR that Crossplane hands to the function for a DittoServer that somebody wrote. */
export function xrOf(manifest: JsonObject, flavour: XrFlavour, uid = 'xr-1'): JsonObject {
  const name = textAt(manifest, 'metadata', 'name') ?? '';
  const namespace = textAt(manifest, 'metadata', 'namespace') ?? 'default';
  const spec = objectAt(manifest, 'spec') ?? {};
  const composition = {
    compositionRef: { name: 'dittoservers' },
    compositionRevisionRef: { name: 'dittoservers-1a2b3c4' },
    compositionUpdatePolicy: 'Automatic',
  };
  if (flavour === 'namespaced') {
    return copy({
      apiVersion: 'dittofs.dittofs.com/v1alpha1',
      kind: 'DittoServer',
      metadata: { name, namespace, uid, generation: 1 },
      spec: { crossplane: composition, ...spec },
    });
  }
  return copy({
    apiVersion: 'dittofs.dittofs.com/v1alpha1',
    kind: 'XDittoServer',
    metadata: {
      name: `${name}-x7k2p`,
      uid,
      generation: 1,
      labels: { 'crossplane.io/claim-name': name, 'crossplane.io/claim-namespace': namespace },
    },
    spec: {
      ...composition,
      ...spec,
      claimRef: { apiVersion: 'dittofs.dittofs.com/v1alpha1', kind: 'DittoServer', name, namespace },
    },
  });
}

/** The XR of a DittoServer with a spec; `files` in namespace `team-a` where nothing else is said. */
export function dittoServer(spec: JsonObject = {}, identity: Identity = {}): JsonObject {
  const { name = 'files', namespace = 'team-a', flavour = 'namespaced' } = identity;
  return xrOf({ metadata: { name, namespace }, spec }, flavour);
}

/** The name and namespace that count: the claim's, where there is one. */
export function identityOf(xr: JsonObject): { readonly name: string; readonly namespace: string } {
  const claim = at(xr, 'spec', 'claimRef');
  const source = isObject(claim) ? claim : objectAt(xr, 'metadata');
  return { name: textAt(source, 'name') ?? '', namespace: textAt(source, 'namespace') ?? '' };
}
