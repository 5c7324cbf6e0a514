import { owned } from '../composition/component.ts';
import { assessExistence } from '../kubernetes/health.ts';
import type { ServerComponent } from './server-component.ts';

/** Gives the provisioner's account its role. */
export const provisionerBinding: ServerComponent = {
  key: 'provisioner-binding',
  render: ({ names, namespace, labelsOf }) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: names.provisioner, namespace, labels: labelsOf('provisioner') },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: names.provisioner },
    subjects: [{ kind: 'ServiceAccount', name: names.provisioner, namespace }],
  }),
  assess: assessExistence,
  life: () => owned,
  // The API server looks into the role, to see that nobody gives more than he has.
  uses: () => ['provisioner-role'],
};
