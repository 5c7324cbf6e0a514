import { quote, type Problem } from './problem.ts';

/** Who a DittoServer is. */
export interface ServerIdentity {
  /** namespaced: an XR of Crossplane v2, in the tenant's namespace. claim: a cluster-scoped XR behind a claim. */
  readonly flavour: 'namespaced' | 'claim';
  /** The name that the user gave; every object is named after it. */
  readonly name: string;
  /** The namespace in which every object lives. */
  readonly namespace: string;
}

/** The longest name: the longest suffix of an object must still fit into the 63 characters of a DNS label. */
export const longestName = 40;

/** How many characters Crossplane adds to a claim's name to name its XR: a dash and five random ones. */
const CLAIM_SUFFIX = 6;

/** The longest name of the XR behind a claim. */
export const longestXrName = longestName + CLAIM_SUFFIX;

const pattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const says = `is not a DNS-1035 label of at most ${longestName} characters such as "my-server"`;

/** What is wrong with a DittoServer's name, if anything. */
export function nameProblem(name: string): Problem | undefined {
  if (name.length <= longestName && pattern.test(name)) return undefined;
  return { field: 'metadata.name', detail: `${quote(name)} ${says}` };
}

/** The same rule in CEL, for the root of the XRD's schema; the XR of a claim is named by Crossplane. */
export const nameRule: Readonly<Record<string, string>> = {
  rule: `self.metadata.name.size() <= (self.kind == 'XDittoServer' ? ${longestXrName} : ${longestName}) && self.metadata.name.matches('${pattern.source}')`,
  message: says,
  messageExpression: `'"' + self.metadata.name + '" ${says}'`,
  fieldPath: '.metadata.name',
};
