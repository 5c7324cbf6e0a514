import { owned } from '../composition/component.ts';
import { assessExistence } from '../kubernetes/health.ts';
import { configFile, planFile } from '../plan/container.ts';
import { missingSecrets } from './missing-secrets.ts';
import { serverMounts } from './server.ts';
import type { ServerComponent } from './server-component.ts';

/**
 * The ConfigMap with the server's config.yaml, and the plan of what it serves. While a StatefulSet is held as it is, so
 * is this: a pod that starts again in the meantime needs the file that goes with its environment and its volumes.
 */
export const config: ServerComponent = {
  key: 'config',
  render: ({ names, namespace, labelsOf, config: text, serving }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: names.config, namespace, labels: labelsOf('config') },
    data: { [configFile]: text, [planFile]: serving.text },
  }),
  assess: assessExistence,
  life: () => owned,
  uses: (plan) => (plan.database.used === undefined ? [] : serverMounts(plan)),
  after: ({ database: { kind, used } }) =>
    used !== undefined && used !== kind && kind === 'percona' ? ['database'] : [],
  obstacle: (plan) => (plan.database.used === undefined ? undefined : missingSecrets(plan)),
};
