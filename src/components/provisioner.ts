import { owned } from '../composition/component.ts';
import { assessDeployment } from '../kubernetes/health.ts';
import { whenDeployed } from '../kubernetes/readiness.ts';
import { defined, type JsonObject } from '../lib/json.ts';
import { planFile } from '../plan/container.ts';
import type { Plan } from '../plan/plan.ts';
import type { SecretFile } from '../plan/serving.ts';
import { userKey } from '../plan/users.ts';
import type { ServerComponent } from './server-component.ts';

/** Where the pod finds what it reads. */
const folders = { plan: '/plan', secrets: '/secrets', account: '/var/run/secrets/kubernetes.io/serviceaccount' };

/** The port of its probes and metrics. */
const PORT = 8081;

/** Seconds for which a token is good; the kubelet brings a new one in time. */
const TOKEN_LIFE = 3600;

/** One folder for each Secret. What is not there yet keeps no pod from starting: the provisioner says what is missing. */
function secretSources(files: readonly SecretFile[]): readonly JsonObject[] {
  const names = [...new Set(files.map(({ secret }) => secret))].sort();
  return names.map((name) => {
    const keys = files.filter(({ secret }) => secret === name).map(({ key }) => key);
    const items = [...new Set(keys)].sort().map((key) => ({ key, path: `${name}/${key}` }));
    return { secret: { name, items, optional: true } };
  });
}

const accountSources: readonly JsonObject[] = [
  { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_LIFE } },
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
];

function probe(path: string, periodSeconds: number): JsonObject {
  return { httpGet: { path, port: 'http' }, periodSeconds, timeoutSeconds: 5 };
}

function container({ provisioner, names, namespace, api }: Plan): JsonObject {
  return {
    name: 'provisioner',
    image: provisioner.image,
    args: [
      'provision',
      ...['--plan', `${folders.plan}/${planFile}`],
      ...['--secrets', folders.secrets],
      ...['--url', `http://${names.apiService}.${namespace}.svc:${api.port}`],
      ...['--status', `${namespace}/${names.provisionerStatus}`],
      ...['--address', `:${PORT}`],
    ],
    ports: [{ name: 'http', containerPort: PORT, protocol: 'TCP' }],
    livenessProbe: probe('/healthz', 10),
    readinessProbe: probe('/readyz', 5),
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '192Mi' } },
    securityContext: provisioner.securityContext,
    volumeMounts: [
      { name: 'plan', mountPath: folders.plan, readOnly: true },
      { name: 'secrets', mountPath: folders.secrets, readOnly: true },
      { name: 'account', mountPath: folders.account, readOnly: true },
    ],
  };
}

function podSpec(plan: Plan): JsonObject {
  const { pod, provisioner, names } = plan;
  return defined({
    serviceAccountName: names.provisioner,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: provisioner.podSecurityContext,
    imagePullSecrets: pod.imagePullSecrets.length === 0 ? undefined : pod.imagePullSecrets.map((name) => ({ name })),
    nodeSelector: pod.nodeSelector,
    tolerations: pod.tolerations,
    priorityClassName: pod.priorityClassName,
    // What is being written is finished, and noted, before the next one begins.
    terminationGracePeriodSeconds: provisioner.terminationGracePeriod,
    containers: [container(plan)],
    volumes: [
      { name: 'plan', configMap: { name: names.config, items: [{ key: planFile, path: planFile }] } },
      { name: 'secrets', projected: { sources: secretSources(provisioner.files) } },
      { name: 'account', projected: { sources: accountSources } },
    ],
  });
}

/**
 * The Deployment that makes the running server serve what the spec declares, and keeps it so.
 *
 * A new plan is a new pod: it reads its ConfigMap at once, where a running one would see the change a minute later.
 */
export const provisioner: ServerComponent = {
  key: 'provisioner',
  render: (plan) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: plan.names.provisioner,
      namespace: plan.namespace,
      labels: plan.labelsOf('provisioner'),
    },
    spec: {
      replicas: plan.pod.replicas,
      revisionHistoryLimit: 1,
      // Two would write at the same time.
      strategy: { type: 'Recreate' },
      selector: { matchLabels: plan.provisioner.selector },
      template: {
        metadata: {
          labels: { ...plan.labelsOf('provisioner'), ...plan.provisioner.selector },
          annotations: { 'checksum.dittofs.com/plan': plan.serving.revision },
        },
        spec: podSpec(plan),
      },
    },
  }),
  assess: assessDeployment,
  life: () => owned,
  // It reads no password from somebody else's Secret, and reports into nobody else's ConfigMap.
  uses: ({ generatedUsers }) => [
    ...generatedUsers.filter(({ isUsed }) => isUsed).map(({ user }) => userKey(user)),
    ...(['config', 'provisioner-account', 'provisioner-status'] as const),
  ],
  relies: () => ['server'],
  steered: [['spec', 'replicas']],
  readiness: () => whenDeployed,
  watch: true,
};
