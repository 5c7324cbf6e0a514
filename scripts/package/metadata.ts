import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { api } from '../../src/api/v1alpha1/xrd.ts';
import { registry, source, type PackageName } from './repository.ts';

const folder = join(import.meta.dirname, '../../package');

/** The folder of a package under package/, and its one sentence. */
export const about = {
  'function-dittofs': {
    folder: 'function',
    description: 'A composition function that turns a DittoServer into a running DittoFS file server.',
  },
  'configuration-dittofs': {
    folder: 'configuration',
    description: 'NFS and SMB file servers for tenants: DittoServer as a namespaced API, for Crossplane v2.',
  },
  'configuration-dittofs-claims': {
    folder: 'configuration-claims',
    description: 'NFS and SMB file servers for tenants: DittoServer as a claim, for Crossplane v1.20 and v2.',
  },
} as const satisfies Record<PackageName, unknown>;

/** Where the provider is, and the first release with all that we ask of it. */
const provider = {
  package: 'xpkg.crossplane.io/crossplane-contrib/provider-kubernetes',
  // renovate: datasource=github-releases depName=crossplane-contrib/provider-kubernetes
  version: '>=v1.2.0',
};

/**
 * What marketplaces and cluster users see of a package.
 *
 * @see https://github.com/crossplane/crossplane/blob/main/contributing/specifications/xpkg.md#object-annotations
 */
function metadata(name: PackageName) {
  const icon = readFileSync(join(folder, 'icon.svg')).toString('base64');
  return {
    name,
    annotations: {
      'friendly-name.meta.crossplane.io': 'DittoFS',
      [`friendly-group-name.meta.crossplane.io/${api.group}`]: 'DittoFS',
      'meta.crossplane.io/maintainer': `The maintainers of function-dittofs <${source}>`,
      'meta.crossplane.io/source': source,
      'meta.crossplane.io/license': 'Apache-2.0',
      'meta.crossplane.io/description': about[name].description,
      'meta.crossplane.io/readme': readFileSync(join(folder, about[name].folder, 'README.md'), 'utf8'),
      'meta.crossplane.io/iconURI': `data:image/svg+xml;base64,${icon}`,
    },
  };
}

/** What makes an image a Function package. */
export function functionMetadata() {
  return {
    apiVersion: 'meta.pkg.crossplane.io/v1',
    kind: 'Function',
    metadata: metadata('function-dittofs'),
    spec: { crossplane: { version: '>=v1.20.0-0' }, capabilities: ['composition'] },
  };
}

/**
 * What makes an image a Configuration package, with its dependencies.
 *
 * The function is at least as new as the Configuration, whose Composition it has to understand. A range that names no
 * pre-release admits none: so a release never draws in a release candidate, and a candidate (`>=v1.2.0-rc.1`) finds
 * its own.
 *
 * @see https://github.com/Masterminds/semver#checking-version-constraints
 */
function configurationMetadata(
  name: 'configuration-dittofs' | 'configuration-dittofs-claims',
  crossplane: string,
  version: string,
) {
  const dependency = { apiVersion: 'pkg.crossplane.io/v1' };
  return {
    apiVersion: 'meta.pkg.crossplane.io/v1',
    kind: 'Configuration',
    metadata: metadata(name),
    spec: {
      crossplane: { version: crossplane },
      dependsOn: [
        { ...dependency, kind: 'Function', package: `${registry}/function-dittofs`, version: `>=${version}` },
        { ...dependency, kind: 'Provider', ...provider },
      ],
    },
  };
}

/** For Crossplane v2, from the release on that takes an activation policy in a package. */
export function namespacedMetadata(version: string) {
  return configurationMetadata('configuration-dittofs', '>=v2.0.3-0', version);
}

/** For claims, on Crossplane v1.20 and v2. */
export function claimsMetadata(version: string) {
  return configurationMetadata('configuration-dittofs-claims', '>=v1.20.0-0', version);
}
