/** How a lab offers DittoServers. */
export interface Flavour {
  /** The program of Crossplane's core. */
  readonly core: 'crossplane' | 'crossplane-v1';
  /** The Go module that its core is built from, which ships its CRDs. */
  readonly module: string;
  /** The Configuration package that is installed. */
  readonly configuration: 'configuration-dittofs' | 'configuration-dittofs-claims';
  /** The section of docs/install.md that installs it. */
  readonly heading: 'Namespaced' | 'Claims';
  /** The kind of composite resource that stands behind a DittoServer. */
  readonly composite: 'DittoServer' | 'XDittoServer';
  /** What is activated beyond what the Configuration activates itself. */
  readonly activation: readonly string[];
  readonly says: string;
}

const v2 = { core: 'crossplane', module: 'github.com/crossplane/crossplane/v2' } as const;
const claims = { configuration: 'configuration-dittofs-claims', heading: 'Claims', composite: 'XDittoServer' } as const;

/** The flavours by name. */
export const flavours = {
  namespaced: {
    ...v2,
    configuration: 'configuration-dittofs',
    heading: 'Namespaced',
    composite: 'DittoServer',
    // The package brings a ManagedResourceActivationPolicy.
    activation: [],
    says: 'namespaced DittoServers on Crossplane v2',
  },
  // As Crossplane's Helm chart does.
  claims: { ...v2, ...claims, activation: ['--activation=*'], says: 'claims on Crossplane v2' },
  'claims-v1': {
    core: 'crossplane-v1',
    module: 'github.com/crossplane/crossplane',
    ...claims,
    activation: [],
    says: 'claims on Crossplane v1.20',
  },
} as const satisfies Record<string, Flavour>;
export type FlavourName = keyof typeof flavours;
