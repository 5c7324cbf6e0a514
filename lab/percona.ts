import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, listAt, textAt, type Json, type JsonObject } from '../src/lib/json.ts';
import { moduleBehind, tool } from './tools.ts';
import { perconaCrd, type PerconaVersion } from './percona-versions.ts';
import type { Kubectl } from './kubectl.ts';
import type { Lab } from './lab.ts';
import { eventually, type Program } from './program.ts';

const MODULE = 'github.com/percona/percona-postgresql-operator/v2';

/** Where its ClusterRoleBinding expects its ServiceAccount. */
const NAMESPACE = 'pg-operator';

/** The name of the operator's Deployment and ServiceAccount. */
const NAME = 'percona-postgresql-operator';

/** Its health, on all interfaces; it has no flag for it. */
const HEALTH = 'http://127.0.0.1:8081';

const CRD = 'crd/perconapgclusters.pgv2.percona.com';

/** Waits until the API server serves what is defined; kubectl alone does not wait for a definition without any status. */
async function untilEstablished(kubectl: Kubectl, ...which: readonly string[]): Promise<void> {
  const established = await eventually(async () => {
    await kubectl('wait', '--for=condition=Established', '--timeout=30s', ...which);
    return true;
  }, 90_000);
  if (!established) throw new Error(`the API server never serves ${which.join(' ')}`);
}

/** Installs PerconaPGCluster as a version of the operator defines it, in place of another version's; the operator is not started. */
export async function installPerconaCrd(kubectl: Kubectl, version: PerconaVersion): Promise<void> {
  const file = join(import.meta.dirname, '../test/crds', perconaCrd(version));
  await kubectl.apply(JSON.parse(readFileSync(file, 'utf8')) as JsonObject);
  await untilEstablished(kubectl, CRD);
}

/** Removes PerconaPGCluster, if it is there, and all clusters with it; those that keep a finalizer keep it from going. */
export async function removePerconaCrd(kubectl: Kubectl): Promise<void> {
  await kubectl('delete', '--ignore-not-found', '--timeout=60s', CRD);
}

/** A cluster in which programs can be started: a lab, above all. */
type Host = Pick<Lab, 'folder' | 'kubeconfig' | 'kubectl' | 'start'>;

/** A kubeconfig like that of the administrator, for somebody else. */
function kubeconfigFor(token: string, { kubeconfig, folder }: Host): string {
  const path = join(folder, 'percona-kubeconfig');
  const admin = JSON.parse(readFileSync(kubeconfig, 'utf8')) as JsonObject;
  writeFileSync(path, JSON.stringify({ ...admin, users: [{ name: 'lab', user: { token } }] }), { mode: 0o600 });
  return path;
}

/** What the kubelet would set in the container's environment, from its values and the fields of its pod. */
function environmentOf(pod: Json | undefined): Readonly<Record<string, string>> {
  const variables = listAt(pod, 'spec', 'containers', 0, 'env').filter(isObject);
  return Object.fromEntries(
    variables.map((variable) => {
      const field = (textAt(variable, 'valueFrom', 'fieldRef', 'fieldPath') ?? '').split('.');
      return [textAt(variable, 'name') ?? '', textAt(variable, 'value') ?? textAt(pod, ...field) ?? ''];
    }),
  );
}

/** Describes the operator in the place of its pod, which kwok only plays. */
async function describePercona(host: Host): Promise<Program> {
  const { kubectl } = host;
  const [pod] = listAt(await kubectl.get('pods', '-n', NAMESPACE), 'items');
  const token = await kubectl('create', 'token', NAME, '-n', NAMESPACE, '--duration=24h');
  return {
    name: 'percona-operator',
    command: await tool('percona-operator'),
    args: [],
    env: {
      ...environmentOf(pod),
      KUBECONFIG: kubeconfigFor(token.trim(), host),
      // It reads its pod to know its own image, from which it runs init containers.
      HOSTNAME: textAt(pod, 'metadata', 'name') ?? '',
      OPERATOR_NAMESPACE: NAMESPACE,
      // After a kill it would wait a minute for its own lease.
      PGO_CONTROLLER_LEADER_ELECTION_ENABLED: 'false',
      DISABLE_TELEMETRY: 'true',
    },
    // It has no checks, so that any answer is a good one.
    ready: async () => (await fetch(HEALTH)).status > 0,
  };
}

/**
 * Installs Percona's operator for PostgreSQL for all namespaces, with its own manifests and rights, and runs it.
 *
 * It makes what it makes in a cluster; in the pods, which kwok plays, nothing runs, so that it finds no database in them.
 */
export async function startPercona(host: Host): Promise<void> {
  const { kubectl, start } = host;
  const module = await moduleBehind('percona-operator', MODULE);
  const bundle = join(module.folder, 'deploy', 'cw-bundle.yaml');
  await kubectl('create', 'namespace', NAMESPACE);
  const apply = ['apply', '--server-side', '--force-conflicts', '-n', NAMESPACE, '-o', 'name', '-f', bundle];
  const applied = (await kubectl(...apply)).split('\n');
  await untilEstablished(kubectl, ...applied.filter((name) => name.startsWith('customresourcedefinition')));
  await kubectl('rollout', 'status', `deployment/${NAME}`, '-n', NAMESPACE, '--timeout=60s');
  await start(await describePercona(host));
}
