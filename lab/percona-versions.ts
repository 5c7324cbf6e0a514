/** The versions of Percona's operator whose PerconaPGCluster is known: the three that Percona supports. */
export const perconaVersions = ['v2.8.2', 'v2.9.0', 'v3.0.0'] as const;
export type PerconaVersion = (typeof perconaVersions)[number];

/** The file in test/crds with PerconaPGCluster as a version of the operator defines it. */
export function perconaCrd(version: PerconaVersion): string {
  return `percona-postgresql-operator-${version}.perconapgclusters.json`;
}
