import { owned } from '../composition/component.ts';
import { assessExistence } from '../kubernetes/health.ts';
import type { ServerComponent } from './server-component.ts';

/** All that the provisioner may do in the cluster: report into the one ConfigMap that is made for it. */
export const provisionerRole: ServerComponent = {
  key: 'provisioner-role',
  render: ({ names, namespace, labelsOf }) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: names.provisioner, namespace, labels: labelsOf('provisioner') },
    rules: [
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: [names.provisionerStatus],
        verbs: ['get', 'patch'],
      },
    ],
  }),
  assess: assessExistence,
  life: () => owned,
};
