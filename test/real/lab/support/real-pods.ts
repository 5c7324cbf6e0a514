import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../../../../lab/lab.ts';
import { textAt, type JsonObject } from '../../../../src/lib/json.ts';
import { serve, type Served } from '../../support/served.ts';
import type { Objects } from '../../support/rendered.ts';
import type { Tenant } from './tenant.ts';

/** The pods of a DittoServer, run for real in the place of kwok's. */
export interface RealPods extends Served {
  /** Reads the objects again, from which the pods are started. */
  readonly refresh: () => Promise<void>;
}

/** Runs the server and its provisioner as their live objects say; the provisioner reports with the token of its account. */
export async function runPods(lab: Lab, tenant: Tenant, name: string): Promise<RealPods> {
  const { namespace } = tenant;
  const folder = mkdtempSync(join(tmpdir(), 'function-dittofs-account-'));
  const kubeconfig = JSON.parse(readFileSync(lab.kubeconfig, 'utf8')) as JsonObject;
  const cluster = ['clusters', 0, 'cluster'] as const;
  const server = new URL(textAt(kubeconfig, ...cluster, 'server') ?? '');
  mkdirSync(join(folder, 'account'));
  const token = await tenant.kubectl('create', 'token', `${name}-provisioner`);
  writeFileSync(join(folder, 'account/token'), token.trim());
  const ca = Buffer.from(textAt(kubeconfig, ...cluster, 'certificate-authority-data') ?? '', 'base64');
  writeFileSync(join(folder, 'account/ca.crt'), ca);

  let live: readonly JsonObject[] = await tenant.live();
  const objects: Objects = {
    live: (kind, wanted) => live.find((one) => one.kind === kind && textAt(one, 'metadata', 'name') === wanted),
  };
  const reporting = { host: server.hostname, port: Number(server.port), account: join(folder, 'account') };
  const served = await serve(objects, { name, namespace }, reporting);
  return {
    ...served,
    refresh: async () => {
      live = await tenant.live();
    },
    [Symbol.asyncDispose]: async () => {
      await served[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
