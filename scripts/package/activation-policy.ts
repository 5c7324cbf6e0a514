/**
 * Activates the kind of provider-kubernetes in which everything is composed: a cluster may have been told to leave a
 * provider's kinds inactive until somebody asks for them.
 *
 * @see https://docs.crossplane.io/latest/managed-resources/managed-resource-activation-policies/
 */
export function activationPolicy() {
  return {
    apiVersion: 'apiextensions.crossplane.io/v1alpha1',
    kind: 'ManagedResourceActivationPolicy',
    metadata: { name: 'configuration-dittofs' },
    spec: { activate: ['objects.kubernetes.m.crossplane.io'] },
  };
}
