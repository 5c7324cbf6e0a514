/** Who publishes the packages and keeps their source. */
const owner = 'dittofs';

/** The registry and the folder in it to which all packages are pushed. */
export const registry = `ghcr.io/${owner}`;

/** Where the source of all packages is. */
export const source = `https://github.com/${owner}/function-dittofs`;

/** The packages, named like their repositories. */
export const packageNames = ['function-dittofs', 'configuration-dittofs', 'configuration-dittofs-claims'] as const;
export type PackageName = (typeof packageNames)[number];

/**
 * The name of the Function object in a cluster, as Crossplane makes it of the repository when it installs the package
 * as a dependency. A Composition finds its function only by this name.
 *
 * @see https://github.com/crossplane/crossplane-runtime/blob/main/pkg/xpkg/name.go (ToDNSLabel)
 */
export const functionName = `${owner}-function-dittofs`;
