import { owned } from '../composition/component.ts';
import { assessExistence } from '../kubernetes/health.ts';
import type { ServerComponent } from './server-component.ts';

/** The headless Service that a StatefulSet needs for the network name of its pod. */
export const headlessService: ServerComponent = {
  key: 'headless-service',
  render: ({ names, namespace, labelsOf, selector, api }) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: names.headlessService, namespace, labels: labelsOf('headless') },
    spec: {
      clusterIP: 'None',
      selector,
      ports: [{ name: 'api', port: api.port, protocol: 'TCP', targetPort: 'api' }],
    },
  }),
  assess: assessExistence,
  life: () => owned,
};
