import { longestName, longestXrName, nameRule, perconaNameRule } from './name.ts';
import { Spec } from './spec.ts';
import { Status } from './status.ts';
import { toStructuralSchema } from './structural.ts';

/** The group and version of the API. */
export const api = { group: 'dittofs.dittofs.com', version: 'v1alpha1' } as const;

/** What kubectl takes for the kind that users write. */
const handles = { shortNames: ['ditto', 'dittofs'], categories: ['dittofs'] };

const names = {
  kind: 'DittoServer',
  listKind: 'DittoServerList',
  plural: 'dittoservers',
  singular: 'dittoserver',
  ...handles,
};

/** An XR behind a claim is the platform's: listing the category must not ask tenants for cluster-wide rights. */
const claimsXrNames = {
  kind: 'XDittoServer',
  listKind: 'XDittoServerList',
  plural: 'xdittoservers',
  singular: 'xdittoserver',
};

/** What `kubectl get` shows before Crossplane's own columns. */
const printerColumns = [
  { name: 'PHASE', type: 'string', jsonPath: '.status.phase' },
  { name: 'ENDPOINT', type: 'string', jsonPath: '.status.endpoint' },
  { name: 'DATABASE', type: 'string', jsonPath: '.status.database.type' },
  { name: 'VERSION', type: 'string', jsonPath: '.status.version' },
];

/** `kubectl scale`; Crossplane knows it from v2.3 on, and v1.20 refuses it. */
const scale = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.labelSelector',
};

/**
 * The schema of a whole DittoServer. Crossplane keeps the description, the rules and the longest name of its root, and
 * adds its own fields to spec and status; it drops defaults there, so none may stand at their roots. The rules use
 * quantity() and format(), which the API server takes in a definition from Kubernetes 1.30 on.
 *
 * @see https://docs.crossplane.io/latest/composition/composite-resource-definitions/
 */
function schemaOf(longest: number) {
  return {
    description: 'A DittoFS file server: NFS and SMB, with volumes, credentials and Services of its own.',
    type: 'object',
    required: ['spec'],
    'x-kubernetes-validations': [nameRule, perconaNameRule],
    properties: {
      metadata: { type: 'object', properties: { name: { type: 'string', maxLength: longest } } },
      spec: { description: 'What is wanted.', ...toStructuralSchema(Spec) },
      status: { description: 'What there is.', ...toStructuralSchema(Status) },
    },
  };
}

function versionOf(longest: number) {
  return {
    name: api.version,
    served: true,
    referenceable: true,
    additionalPrinterColumns: printerColumns,
    schema: { openAPIV3Schema: schemaOf(longest) },
  };
}

/** The definition for Crossplane v2: a DittoServer is itself an XR, in the tenant's namespace. */
export function namespacedDefinition() {
  const name = `${names.plural}.${api.group}`;
  return {
    apiVersion: 'apiextensions.crossplane.io/v2',
    kind: 'CompositeResourceDefinition',
    metadata: { name },
    spec: {
      scope: 'Namespaced',
      group: api.group,
      names,
      defaultCompositionRef: { name },
      versions: [{ ...versionOf(longestName), subresources: { scale } }],
    },
  };
}

/**
 * The definition for claims, on Crossplane v1.20 and v2: a DittoServer is a claim, behind which Crossplane makes an
 * XDittoServer. It names no scope, which v1.20 does not know; v2 then takes LegacyCluster.
 */
export function claimsDefinition() {
  const name = `${claimsXrNames.plural}.${api.group}`;
  return {
    apiVersion: 'apiextensions.crossplane.io/v1',
    kind: 'CompositeResourceDefinition',
    metadata: { name },
    spec: {
      group: api.group,
      names: claimsXrNames,
      claimNames: names,
      defaultCompositionRef: { name },
      defaultCompositeDeletePolicy: 'Foreground',
      versions: [versionOf(longestXrName)],
    },
  };
}
