import { owned } from '../composition/component.ts';
import { assessExistence } from '../kubernetes/health.ts';
import { annotated } from '../kubernetes/manifest.ts';
import type { ServerComponent } from './server-component.ts';

/** The Service of the REST API; never public unless asked for. */
export const apiService: ServerComponent = {
  key: 'api-service',
  render: ({ names, namespace, labelsOf, selector, api }) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: names.apiService, namespace, labels: labelsOf('api'), ...annotated(api.annotations) },
    spec: { type: api.type, selector, ports: [{ name: 'api', port: api.port, protocol: 'TCP', targetPort: 'api' }] },
  }),
  assess: assessExistence,
  life: () => owned,
  watch: true,
};
