import { X509Certificate } from 'node:crypto';
import { eventually } from '../../../../lab/program.ts';
import { whenClusterReadyOrPaused } from '../../../../src/kubernetes/readiness.ts';
import { isObject, listAt, numberAt, objectAt, textAt, textsAt, type JsonObject } from '../../../../src/lib/json.ts';
import { canBuild } from '../../../../lab/tools.ts';
import { canRunLab } from './can-run.ts';
import { holds, PERIOD, type Tenant } from './tenant.ts';

/** Resources, as kubectl names them. */
export const OBJECT = 'objects.kubernetes.m.crossplane.io';
export const CLUSTER = 'perconapgclusters.pgv2.percona.com';

/** Policies under which a cluster outlives its Object, and under which it does not. */
export const kept = ['Observe', 'Create', 'Update'];
export const owned = ['Observe', 'Create', 'Update', 'Delete'];

/** Milliseconds for anything that should come about by itself; the operator reconciles one cluster at a time. */
const PATIENCE = 300_000;

/** Whether Percona's operator can run in a lab here. */
export async function canRunPercona(): Promise<boolean> {
  if (!(await canRunLab())) return false;
  if (canBuild('percona-operator')) return true;
  process.stderr.write('There is no C compiler here: the tests with Percona’s operator are skipped\n');
  return false;
}

/** The Object of a cluster, as the function composes it. */
export function objectOf(manifest: JsonObject, policies: readonly string[]): JsonObject {
  const name = textAt(manifest, 'metadata', 'name') ?? '';
  return {
    apiVersion: 'kubernetes.m.crossplane.io/v1alpha1',
    kind: 'Object',
    metadata: { name, annotations: { 'crossplane.io/external-name': name } },
    spec: {
      watch: true,
      managementPolicies: policies,
      readiness: { ...whenClusterReadyOrPaused },
      providerConfigRef: { kind: 'ClusterProviderConfig', name: 'default' },
      forProvider: { manifest },
    },
  };
}

/** A cluster's state, as its operator says. */
export function stateOf(cluster: JsonObject): string | undefined {
  return textAt(cluster, 'status', 'state');
}

/** Whether a cluster is ready as it is wanted now; its state alone may still be about less instances. */
export function isReady(cluster: JsonObject): boolean {
  return (
    stateOf(cluster) === 'ready' &&
    numberAt(cluster, 'status', 'observedGeneration') === numberAt(cluster, 'metadata', 'generation') &&
    numberAt(cluster, 'status', 'postgres', 'ready') === numberAt(cluster, 'spec', 'instances', 0, 'replicas')
  );
}

/** Waits until a check of the cluster holds; rejects with its status where it never does. */
export async function untilCluster(
  { get }: Tenant,
  name: string,
  check: (cluster: JsonObject) => boolean,
): Promise<JsonObject> {
  let last: JsonObject | undefined;
  const seen = await eventually(
    async () => {
      last = await get(`${CLUSTER}/${name}`);
      return last !== undefined && check(last);
    },
    PATIENCE,
    { period: PERIOD },
  );
  if (!seen || last === undefined)
    throw new Error(`${name} is never as it should be: ${JSON.stringify(last, undefined, 2)}`);
  return last;
}

/** Waits until an Object is Ready; rejects with its status where it never is. */
export async function untilObjectReady({ get }: Tenant, name: string): Promise<void> {
  let last: JsonObject | undefined;
  const ready = await eventually(
    async () => {
      last = await get(`${OBJECT}/${name}`);
      return last !== undefined && holds(last, 'Ready');
    },
    PATIENCE,
    { period: PERIOD },
  );
  if (!ready) throw new Error(`Object ${name} is never Ready: ${JSON.stringify(last?.status, undefined, 2)}`);
}

/** Makes a cluster by its Object, and waits until both are ready. */
export async function bringUp(
  tenant: Tenant,
  manifest: JsonObject,
  policies: readonly string[] = kept,
): Promise<JsonObject> {
  const name = textAt(manifest, 'metadata', 'name') ?? '';
  const begun = Date.now();
  await tenant.apply(objectOf(manifest, policies));
  const cluster = await untilCluster(tenant, name, isReady);
  const instances = numberAt(cluster, 'status', 'postgres', 'size') ?? 0;
  console.log(`${name} with ${instances} instances is ready after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  await untilObjectReady(tenant, name);
  return cluster;
}

/** Changes the spec of a cluster in its Object. */
export async function edit({ kubectl }: Tenant, name: string, spec: JsonObject): Promise<void> {
  const patch = { spec: { forProvider: { manifest: { spec } } } };
  await kubectl('patch', OBJECT, name, '--type=merge', '-p', JSON.stringify(patch));
}

const KINDS = 'statefulsets,deployments,services,poddisruptionbudgets,jobs,cronjobs,persistentvolumeclaims,secrets';

/** What there is in a tenant's namespace, as `Kind/name`; what is random in a name is a star. */
export async function belongings({ get }: Tenant): Promise<readonly string[]> {
  return listAt(await get(KINDS), 'items')
    .map((object) => `${textAt(object, 'kind') ?? ''}/${textAt(object, 'metadata', 'name') ?? ''}`)
    .map((name) => name.replace(/-instance1-[a-z0-9]{4}/, '-instance1-*'))
    .sort();
}

/** What is warned of in a namespace, but for what the cluster itself does on the way: scheduling, and repairing addresses. */
export async function warningsOf({ get }: Tenant): Promise<readonly (string | undefined)[]> {
  return listAt(
    await get('events', '--field-selector=type=Warning,reason!=FailedScheduling,reason!=ClusterIPNotAllocated'),
    'items',
  ).map((event) => textAt(event, 'message'));
}

/** The texts in a Secret. */
export async function secretOf({ get }: Tenant, name: string): Promise<Readonly<Record<string, string>>> {
  const data = textsAt(await get(`secret/${name}`), 'data');
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

/** What is said in a certificate or a key. */
function pemShape(pem: string): unknown {
  const [kind] = pem.split('\n');
  if (kind !== '-----BEGIN CERTIFICATE-----') return kind;
  const { subject, issuer, subjectAltName, ca, validFromDate, validToDate } = new X509Certificate(pem);
  const years = Math.round((validToDate.getTime() - validFromDate.getTime()) / (365 * 24 * 60 * 60 * 1000));
  return { subject, issuer, subjectAltName, ca, years };
}

/** A Secret without what is random in it. */
async function secretShape(tenant: Tenant, name: string): Promise<unknown> {
  const secret = await tenant.get(`secret/${name}`);
  const texts = await secretOf(tenant, name);
  const data = Object.entries(texts).map(([key, text]): [string, unknown] => {
    if (text.startsWith('-----')) return [key, pemShape(text)];
    if (key === 'password') return [key, text.length];
    return [key, key === 'verifier' ? text.replaceAll(/[A-Za-z0-9+/]{21,43}=*/g, '…') : text];
  });
  return {
    type: textAt(secret, 'type'),
    labels: objectAt(secret, 'metadata', 'labels'),
    annotations: objectAt(secret, 'metadata', 'annotations'),
    owners: listAt(secret, 'metadata', 'ownerReferences').length,
    data: JSON.parse(JSON.stringify(Object.fromEntries(data)).replaceAll(texts.password ?? '…', '…')) as unknown,
  };
}

/** What a cluster named files tells, and the Secrets that others read, without what is random in them. */
export async function shapeOf(tenant: Tenant): Promise<unknown> {
  const status = objectAt(await tenant.get(`${CLUSTER}/files`), 'status') ?? {};
  const conditions = listAt(status, 'conditions')
    .filter(isObject)
    .map((one) => ({ ...one, lastTransitionTime: 'then' }))
    .sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  const shape = {
    status: { ...status, conditions },
    user: await secretShape(tenant, 'files-pguser-dittofs'),
    certificate: await secretShape(tenant, 'files-cluster-cert'),
  };
  const text = JSON.stringify(shape).replaceAll(tenant.namespace, 'tenant');
  return JSON.parse(text.replaceAll(/"repoOptionsHash":"[0-9a-f]+"/g, '"repoOptionsHash":"…"')) as unknown;
}
