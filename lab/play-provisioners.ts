/**
 * Plays the provisioners of all DittoServers, whose pods kwok only plays: where a Deployment is available with the plan
 * that the ConfigMap holds, it reports that everything is applied, with the rights of that pod and no more.
 *
 *   node lab/play-provisioners.ts <kubeconfig>
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { askWith } from './api.ts';
import { ServingPlan, statusKeys } from '../src/api/provisioning.ts';
import { listAt, numberAt, textAt, textsAt, type Json, type JsonObject } from '../src/lib/json.ts';

/** Milliseconds between two looks. */
const PERIOD = 700;

const [kubeconfig = ''] = process.argv.slice(2);
const ask = askWith(kubeconfig);

/** What is there; undefined where it is not. Fails with the API server's words. */
async function get(path: string): Promise<JsonObject | undefined> {
  const { status, body } = await ask('GET', path);
  if (status === 404) return undefined;
  if (status >= 300) throw new Error(`GET ${path}: ${textAt(body, 'message') ?? status}`);
  return body;
}

/** Whether the pod of a plan runs, as kwok has it. */
function runsPlan(deployment: JsonObject | undefined, { revision }: ServingPlan): boolean {
  const annotations = textsAt(deployment, 'spec', 'template', 'metadata', 'annotations');
  const isSeen =
    numberAt(deployment, 'status', 'observedGeneration') === numberAt(deployment, 'metadata', 'generation');
  return (
    annotations['checksum.dittofs.com/plan'] === revision &&
    isSeen &&
    (numberAt(deployment, 'status', 'availableReplicas') ?? 0) > 0 &&
    (numberAt(deployment, 'status', 'updatedReplicas') ?? 0) > 0
  );
}

/** Reports as the pod of a DittoServer would. */
async function report(namespace: string, name: string, plan: ServingPlan): Promise<void> {
  const shares = plan.shares.map((share) => ({ name: share.name, ready: true, message: '' }));
  const data = {
    [statusKeys.revision]: plan.revision,
    [statusKeys.report]: JSON.stringify({ revision: plan.revision, shares, problems: [] }),
  };
  const status = `/api/v1/namespaces/${namespace}/configmaps/${name}-provisioner-status`;
  const headers = {
    'content-type': 'application/merge-patch+json',
    'impersonate-user': `system:serviceaccount:${namespace}:${name}-provisioner`,
  };
  const answer = await ask('PATCH', status, { body: { data }, headers });
  if (answer.status >= 300) throw new Error(`PATCH ${status}: ${textAt(answer.body, 'message') ?? answer.status}`);
}

function nameOf(object: Json): string {
  return textAt(object, 'metadata', 'name') ?? '';
}

/** One look at all DittoServers. */
async function look(): Promise<void> {
  const selector = encodeURIComponent('app.kubernetes.io/part-of=dittofs');
  const found = await get(`/api/v1/configmaps?labelSelector=${selector}&resourceVersion=0`);
  const maps = listAt(found, 'items');
  for (const map of maps) {
    const text = textAt(map, 'data', 'plan.json');
    const plan = text === undefined ? undefined : ServingPlan.safeParse(JSON.parse(text)).data;
    if (plan === undefined) continue;
    const namespace = textAt(map, 'metadata', 'namespace') ?? '';
    const name = textsAt(map, 'metadata', 'labels')['app.kubernetes.io/instance'] ?? '';
    const status = maps.find(
      (one) => textAt(one, 'metadata', 'namespace') === namespace && nameOf(one) === `${name}-provisioner-status`,
    );
    if (status === undefined || textAt(status, 'data', statusKeys.revision) === plan.revision) continue;
    const deployment = await get(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}-provisioner`);
    if (runsPlan(deployment, plan)) await report(namespace, name, plan);
  }
}

for (;;) {
  // What a moment ago was there may be gone, or its rights may not be there yet.
  await look().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  });
  await sleep(PERIOD);
}
