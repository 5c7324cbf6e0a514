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

/**
 * An RFC 1035 label, as the names of Services must be; CEL reads the same pattern.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#rfc-1035-label-names
 */
const pattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const says = `is not a DNS-1035 label of at most ${longestName} characters such as "my-server"`;

/** What is wrong with a DittoServer's name, if anything. */
export function nameProblem(name: string): Problem | undefined {
  if (name.length <= longestName && pattern.test(name)) return undefined;
  return { field: 'metadata.name', detail: `${quote(name)} ${says}` };
}

/** The longest name of a DittoServer with a Percona cluster: `<name>-postgres` and its instances are named after it. */
const longestWithPercona = 28;

const saysWithPercona = `is longer than ${longestWithPercona} characters, which with percona.enabled is the most: Percona’s operator names pods after the cluster`;

/** What is wrong with the name of a DittoServer that has a Percona cluster, if anything. */
export function perconaNameProblem(name: string): Problem | undefined {
  if (name.length <= longestWithPercona) return undefined;
  return { field: 'metadata.name', detail: `${quote(name)} ${saysWithPercona}` };
}

/** The same rule in CEL. */
export const perconaNameRule: Readonly<Record<string, string>> = {
  rule: `!has(self.spec.percona) || !has(self.spec.percona.enabled) || !self.spec.percona.enabled || self.metadata.name.size() <= (self.kind == 'XDittoServer' ? ${longestWithPercona + CLAIM_SUFFIX} : ${longestWithPercona})`,
  message: saysWithPercona,
  messageExpression: `'"' + self.metadata.name + '" ${saysWithPercona}'`,
  fieldPath: '.metadata.name',
};

/** The rule of names in CEL, for the root of the XRD's schema; the XR of a claim is named by Crossplane. */
export const nameRule: Readonly<Record<string, string>> = {
  rule: `self.metadata.name.size() <= (self.kind == 'XDittoServer' ? ${longestXrName} : ${longestName}) && self.metadata.name.matches('${pattern.source}')`,
  message: says,
  messageExpression: `'"' + self.metadata.name + '" ${says}'`,
  fieldPath: '.metadata.name',
};
