import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { statusKeys } from '../api/provisioning.ts';
import { stableWords } from './stable-words.ts';

/** The ConfigMap that the provisioner reports in. */
export interface StatusRef {
  readonly namespace: string;
  readonly name: string;
}

/** What is reported, by the keys of the ConfigMap; what is left out stays as it is. */
export type StatusData = Readonly<Partial<Record<(typeof statusKeys)[keyof typeof statusKeys], string>>>;

/** Where the API server of the cluster is, and the folder that says who asks. */
export interface Cluster {
  readonly host: string;
  readonly port: string;
  /** The folder of a service account: `token` and `ca.crt`. */
  readonly account: string;
}

/** Milliseconds in which the API server answers. */
const TIMEOUT = 10_000;

const ConfigMap = z.looseObject({ data: z.record(z.string(), z.string()).optional() });

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
const Status = z.looseObject({ message: z.string() });

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** The cluster that this process runs in, by its environment; undefined outside of one. */
export function clusterAround(env: NodeJS.ProcessEnv, account: string): Cluster | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  return host === undefined || port === undefined ? undefined : { host, port, account };
}

/** Asks the API server; its own client, because it needs the cluster's authority, and the token as it is now. */
async function ask(
  { host, port, account }: Cluster,
  { namespace, name }: StatusRef,
  signal: AbortSignal,
  data?: StatusData,
): Promise<Reply> {
  const read = (file: string): string => readFileSync(join(account, file), 'utf8');
  const options = {
    host,
    port,
    method: data === undefined ? 'GET' : 'PATCH',
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`,
    ca: read('ca.crt'),
    agent: false,
    headers: {
      authorization: `Bearer ${read('token').trim()}`,
      accept: 'application/json',
      ...(data !== undefined && { 'content-type': 'application/merge-patch+json' }),
    },
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
  };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      text(response).then((body) => {
        resolve({ status: response.statusCode ?? 0, body: parseJson(body) });
      }, reject);
    });
    sent.once('error', reject);
    sent.end(data === undefined ? undefined : JSON.stringify({ data }));
  });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Why a reply is none of the good ones. */
function refusal({ status, body }: Reply): string {
  const words = Status.safeParse(body).data?.message ?? `HTTP ${status}`;
  return stableWords(words);
}

/**
 * Writes the report into its ConfigMap, where that says something else; resolves with why it cannot, undefined where it did.
 *
 * It is read each time: somebody may have emptied it, or made it anew.
 */
export async function writeStatus(
  cluster: Cluster,
  ref: StatusRef,
  data: StatusData,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const found = await ask(cluster, ref, signal);
    if (found.status !== 200) return `cannot read ConfigMap ${ref.namespace}/${ref.name}: ${refusal(found)}`;
    const current = ConfigMap.safeParse(found.body).data?.data ?? {};
    if (Object.entries(data).every(([key, value]) => current[key] === value)) return undefined;
    const written = await ask(cluster, ref, signal, data);
    if (written.status === 200) return undefined;
    return `cannot write ConfigMap ${ref.namespace}/${ref.name}: ${refusal(written)}`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `cannot reach the API server of the cluster: ${stableWords(why)}`;
  }
}
