import { defaultPostgresVersion, testedImages } from '../../src/api/v1alpha1/percona.ts';
import { inputType } from '../../src/api/v1alpha1/input.ts';
import { api, claimsDefinition, namespacedDefinition } from '../../src/api/v1alpha1/xrd.ts';
import { testedImage } from '../../src/plan/pod.ts';
import { functionName, registry } from './repository.ts';

/**
 * The Composition of one kind of XR, named as its definition expects it.
 *
 * Default images stand here and not in the function: a Composition has revisions, which an XR may stay on, but an
 * upgrade of the function reaches every DittoServer at once.
 */
function compositionFor(
  { spec }: ReturnType<typeof namespacedDefinition> | ReturnType<typeof claimsDefinition>,
  version: string,
) {
  return {
    apiVersion: 'apiextensions.crossplane.io/v1',
    kind: 'Composition',
    metadata: { name: spec.defaultCompositionRef.name, labels: { provider: 'provider-kubernetes' } },
    spec: {
      compositeTypeRef: { apiVersion: `${api.group}/${api.version}`, kind: spec.names.kind },
      mode: 'Pipeline',
      pipeline: [
        {
          step: 'compose-dittoserver',
          functionRef: { name: functionName },
          input: {
            apiVersion: `${inputType.group}/${inputType.version}`,
            kind: inputType.kind,
            images: {
              server: testedImage,
              provisioner: `${registry}/function-dittofs:${version}`,
              postgres: testedImages.postgres[defaultPostgresVersion],
              pgBouncer: testedImages.pgBouncer,
              pgBackRest: testedImages.pgBackRest,
            },
            postgresVersion: defaultPostgresVersion,
          },
        },
      ],
    },
  };
}

/** The Composition of DittoServers that are themselves XRs. */
export const namespacedComposition = (version: string) => compositionFor(namespacedDefinition(), version);

/** The Composition of the XDittoServers behind claims. */
export const claimsComposition = (version: string) => compositionFor(claimsDefinition(), version);
