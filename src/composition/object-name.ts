import { sha256 } from '../lib/hash.ts';
import type { Flavour } from '../kubernetes/object.ts';

/**
 * The longest name of an Object: the provider's field manager is `provider-kubernetes/<name>`, and Kubernetes allows
 * 128 characters for it.
 */
const LONGEST = 108;

/** For whom an Object is made. */
export interface ObjectOwner {
  readonly flavour: Flavour;
  readonly namespace: string;
  readonly name: string;
}

/**
 * The name of an Object: always the same for the same DittoServer and key, so that a re-created DittoServer waits for
 * the Objects of the dying one instead of racing them.
 *
 * Under a claim Objects are cluster-scoped: the namespace goes into the name, and a hash keeps `a-b/c` from `a/b-c`.
 */
export function objectName({ flavour, namespace, name }: ObjectOwner, key: string): string {
  if (flavour === 'namespaced') return `${name}-${key}`;
  const hash = sha256(`${namespace}/${name}/${key}`).slice(0, 8);
  const rest = `-${name}-${key}-${hash}`;
  return `${namespace.slice(0, LONGEST - rest.length)}${rest}`;
}
