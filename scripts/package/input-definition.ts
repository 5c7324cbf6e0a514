import { Input, inputType } from '../../src/api/v1alpha1/input.ts';
import { toStructuralSchema } from '../../src/api/v1alpha1/structural.ts';

/**
 * The definition of the Composition's input. Crossplane never installs it: editors, marketplaces and its CLI read it
 * from the Function package.
 */
export function inputDefinition() {
  const { properties } = toStructuralSchema(Input);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `inputs.${inputType.group}` },
    spec: {
      group: inputType.group,
      names: {
        categories: ['crossplane'],
        kind: inputType.kind,
        listKind: `${inputType.kind}List`,
        plural: 'inputs',
        singular: 'input',
      },
      scope: 'Namespaced',
      versions: [
        {
          name: inputType.version,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              description: 'What the platform team decides for all DittoServers: the input of the Composition’s step.',
              type: 'object',
              // Three are Kubernetes' own: a definition may say no more of them than their type.
              properties: {
                ...properties,
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
              },
            },
          },
        },
      ],
    },
  };
}
