import { owned } from '../composition/component.ts';
import { assessExistence } from '../kubernetes/health.ts';
import { configFile } from '../plan/container.ts';
import type { ServerComponent } from './server-component.ts';

/** The ConfigMap with the server's config.yaml. */
export const config: ServerComponent = {
  key: 'config',
  render: ({ names, namespace, labelsOf, config: text }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: names.config, namespace, labels: labelsOf('config') },
    data: { [configFile]: text },
  }),
  assess: assessExistence,
  life: () => owned,
};
