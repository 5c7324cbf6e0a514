import { owned } from '../composition/component.ts';
import { assessStatefulSet, called, progressing, type Health } from '../kubernetes/health.ts';
import type { ObservedObject } from '../kubernetes/object.ts';
import { whenRolledOut } from '../kubernetes/readiness.ts';
import type { SecretKeyRef } from '../kubernetes/secret.ts';
import type { Texts } from '../kubernetes/manifest.ts';
import { sha256 } from '../lib/hash.ts';
import { at, covers, defined, sortFields, type JsonObject } from '../lib/json.ts';
import {
  configFile,
  configFolder,
  databaseAuthority,
  dataFolders,
  drainSeconds,
  encryptionFolder,
  listenerPorts,
} from '../plan/container.ts';
import { FORMER_DATABASES, type DatabasePlan } from '../plan/database.ts';
import type { Plan } from '../plan/plan.ts';
import { volumeKey } from '../plan/volumes.ts';
import type { ComponentKey } from './keys.ts';
import { missingSecrets } from './missing-secrets.ts';
import type { ServerComponent } from './server-component.ts';

/** The container's name: the Go operator's, so that its StatefulSet is taken over in place. */
const CONTAINER = 'dittofs';

/** Seconds between two startup probes. */
const STARTUP_PERIOD = 5;

function secretEnv(name: string, ref: SecretKeyRef): JsonObject {
  return { name, valueFrom: { secretKeyRef: { name: ref.name, key: ref.key } } };
}

function probe(path: string, periodSeconds: number, failureThreshold: number): JsonObject {
  return { httpGet: { path, port: 'api', scheme: 'HTTP' }, periodSeconds, timeoutSeconds: 5, failureThreshold };
}

function databaseEnv({ kind, variables }: DatabasePlan): readonly JsonObject[] {
  const fromSecrets = variables.map(({ name, ref, optional }) => ({
    name,
    valueFrom: { secretKeyRef: { name: ref.name, key: ref.key, ...(optional && { optional }) } },
  }));
  // Otherwise the server hangs without a word where packets are dropped on the way.
  return kind === 'sqlite' ? [] : [...fromSecrets, { name: 'PGCONNECT_TIMEOUT', value: '10' }];
}

function container({ pod, api, jwt, admin, database, encryption, volumes }: Plan): JsonObject {
  return defined({
    name: CONTAINER,
    image: pod.image,
    imagePullPolicy: pod.imagePullPolicy,
    command: ['/app/dfs'],
    args: ['start', '--foreground', '--config', `${configFolder}/${configFile}`],
    env: [
      secretEnv('DITTOFS_CONTROLPLANE_SECRET', jwt.ref),
      secretEnv('DITTOFS_ADMIN_INITIAL_PASSWORD', admin.ref),
      ...databaseEnv(database),
      ...(encryption.passphrase === undefined
        ? []
        : [secretEnv('DITTOFS_ENCRYPTION_PASSPHRASE', encryption.passphrase)]),
      ...pod.extraEnv,
    ],
    ports: [
      { name: 'api', containerPort: api.port, protocol: 'TCP' },
      { name: 'nfs', containerPort: listenerPorts.nfs, protocol: 'TCP' },
      { name: 'smb', containerPort: listenerPorts.smb, protocol: 'TCP' },
    ],
    startupProbe: probe('/health', STARTUP_PERIOD, Math.ceil(pod.startupTimeout / STARTUP_PERIOD)),
    livenessProbe: probe('/health', 10, 3),
    readinessProbe: probe('/health/ready', 5, 3),
    lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', `sleep ${drainSeconds}`] } } },
    resources: pod.resources,
    securityContext: pod.securityContext,
    volumeMounts: [
      { name: 'config', mountPath: configFolder, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
      ...volumes.map(({ name }) => ({ name, mountPath: dataFolders[name] })),
      ...(database.authority === undefined
        ? []
        : [{ name: 'database-ca', mountPath: databaseAuthority.folder, readOnly: true }]),
      ...(encryption.keys.length === 0 ? [] : [{ name: 'encryption', mountPath: encryptionFolder, readOnly: true }]),
      ...pod.extraVolumeMounts,
    ],
  });
}

/** The certificates alone: what lies beside them in the Secret is none of the server's business. */
function authorityVolumes({ database: { authority } }: Plan): readonly JsonObject[] {
  if (authority === undefined) return [];
  const items = [{ key: authority.key, path: 'ca.crt' }];
  return [{ name: 'database-ca', secret: { secretName: authority.name, items } }];
}

/** One key file for each store that encrypts. */
function encryptionVolumes({ encryption: { keys } }: Plan): readonly JsonObject[] {
  if (keys.length === 0) return [];
  const sources = keys.map(({ store, ref }) => ({
    secret: { name: ref.name, items: [{ key: ref.key, path: store }] },
  }));
  return [{ name: 'encryption', projected: { sources } }];
}

function podSpec(plan: Plan): JsonObject {
  const { pod, names, volumes } = plan;
  return defined({
    automountServiceAccountToken: false,
    // A Service named dittofs-metrics would set DITTOFS_METRICS_PORT, and the server would not start.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: pod.terminationGracePeriod,
    securityContext: pod.podSecurityContext,
    imagePullSecrets: pod.imagePullSecrets.length === 0 ? undefined : pod.imagePullSecrets.map((name) => ({ name })),
    nodeSelector: pod.nodeSelector,
    tolerations: pod.tolerations,
    affinity: pod.affinity,
    topologySpreadConstraints: pod.topologySpreadConstraints,
    priorityClassName: pod.priorityClassName,
    containers: [container(plan)],
    volumes: [
      { name: 'config', configMap: { name: names.config } },
      { name: 'tmp', emptyDir: {} },
      ...volumes.map(({ name, claim }) => ({ name, persistentVolumeClaim: { claimName: claim } })),
      ...authorityVolumes(plan),
      ...encryptionVolumes(plan),
      ...pod.extraVolumes,
    ],
  });
}

/**
 * Marks the StatefulSet with the template that it was made from. The live template cannot be compared with ours: a
 * webhook may have changed it, for example the image to its digest.
 */
const TEMPLATE_CHECKSUM = 'checksum.dittofs.com/template';

function template(plan: Plan): JsonObject {
  return {
    metadata: {
      labels: { ...plan.labelsOf('server'), ...plan.pod.labels, ...plan.selector },
      annotations: { ...plan.pod.annotations, ...plan.checksums },
    },
    spec: podSpec(plan),
  };
}

function templateChecksum(plan: Plan): Texts {
  return { [TEMPLATE_CHECKSUM]: sha256(JSON.stringify(sortFields(template(plan)))) };
}

function formerDatabases({ database: { former } }: Plan): Texts {
  return former.length === 0 ? {} : { [FORMER_DATABASES]: former.join(',') };
}

/** What the live StatefulSet must show before its health says anything about what is wanted now. */
function isCurrent(live: JsonObject, plan: Plan): boolean {
  const marked = covers(at(live, 'metadata', 'annotations'), templateChecksum(plan));
  return marked && at(live, 'spec', 'replicas') === plan.pod.replicas;
}

function assess(observed: ObservedObject, plan: Plan): Health {
  const { live } = observed;
  if (live !== undefined && !isCurrent(live, plan))
    return progressing('RollingOut', `${called(live)} is being changed`);
  return assessStatefulSet(observed);
}

/** What the pod mounts and reads beside its configuration, as far as it is made here. */
export function serverMounts({ jwt, admin, volumes }: Plan): readonly ComponentKey[] {
  return [
    ...(jwt.isGenerated ? ['jwt-secret' as const] : []),
    ...(admin.isGenerated ? ['admin-secret' as const] : []),
    ...volumes.map(({ name }) => volumeKey(name)),
  ];
}

/** The StatefulSet that runs the server. */
export const server: ServerComponent = {
  key: 'server',
  render: (plan) => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      name: plan.names.server,
      namespace: plan.namespace,
      labels: plan.labelsOf('server'),
      annotations: { ...templateChecksum(plan), ...formerDatabases(plan) },
    },
    spec: {
      replicas: plan.pod.replicas,
      serviceName: plan.names.headlessService,
      selector: { matchLabels: plan.selector },
      template: template(plan),
    },
  }),
  assess,
  life: () => owned,
  uses: (plan) => ['config', ...serverMounts(plan)],
  after: ({ database: { kind, used } }) => (kind === 'percona' && used !== kind ? ['database'] : []),
  obstacle: missingSecrets,
  steered: [['spec', 'replicas']],
  readiness: () => whenRolledOut,
  watch: true,
};
