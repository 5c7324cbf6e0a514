import { inputType } from '../../src/api/v1alpha1/input.ts';
import { claimsDefinition, namespacedDefinition } from '../../src/api/v1alpha1/xrd.ts';
import { activationPolicy } from './activation-policy.ts';
import { claimsComposition, namespacedComposition } from './composition.ts';
import { inputDefinition } from './input-definition.ts';
import { claimsMetadata, functionMetadata, namespacedMetadata } from './metadata.ts';
import type { PackageName } from './repository.ts';

/** The objects of a package, metadata first, by the file in which each is kept for reviewers and for kubectl. */
export type PackageContents = Readonly<Record<string, object>>;

/** What is in each package of a version such as `v0.1.0`. */
export function contentsOf(version: string): Readonly<Record<PackageName, PackageContents>> {
  return {
    'function-dittofs': {
      'package/function/crossplane.yaml': functionMetadata(),
      [`package/function/input/${inputType.group}_inputs.yaml`]: inputDefinition(),
    },
    'configuration-dittofs': {
      'package/configuration/crossplane.yaml': namespacedMetadata(version),
      'package/configuration/activation-policy.yaml': activationPolicy(),
      'apis/namespaced/definition.yaml': namespacedDefinition(),
      'apis/namespaced/composition.yaml': namespacedComposition(version),
    },
    'configuration-dittofs-claims': {
      'package/configuration-claims/crossplane.yaml': claimsMetadata(version),
      'apis/claims/definition.yaml': claimsDefinition(),
      'apis/claims/composition.yaml': claimsComposition(version),
    },
  };
}
