import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Cluster } from '../../src/provisioner/status-config-map.ts';
import { authority, leaf, usage } from '../../lab/certificates.ts';

/** An API server with one ConfigMap, `team/status`. */
export interface FakeCluster extends AsyncDisposable {
  readonly cluster: Cluster;
  /** The data of the ConfigMap; undefined where there is none. */
  data: Record<string, string> | undefined;
  /** The token that it lets in. */
  token: string;
  readonly requests: string[];
  /** Whether it takes requests, and answers none. */
  silent: boolean;
}

/** Serves a ConfigMap over TLS to whoever has the token, and writes the folder of a service account for it. */
export async function startFakeCluster(): Promise<FakeCluster> {
  const ca = await authority({ subject: 'CN=kubernetes' });
  const { cert, key } = await leaf(ca, {
    subject: 'CN=kube-apiserver',
    usages: [usage.serverAuth],
    names: ['localhost'],
  });
  const account = mkdtempSync(join(tmpdir(), 'function-dittofs-account-'));
  writeFileSync(join(account, 'ca.crt'), ca.cert);
  writeFileSync(join(account, 'token'), 'a-token\n');
  const server = createServer({ cert, key }, (request, response) => {
    void text(request).then((body) => {
      fake.requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
      if (fake.silent) return;
      const answer = (status: number, value: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      };
      if (request.headers.authorization !== `Bearer ${fake.token}`) {
        answer(401, { kind: 'Status', message: 'Unauthorized' });
        return;
      }
      if (request.url !== '/api/v1/namespaces/team/configmaps/status' || fake.data === undefined) {
        answer(404, { kind: 'Status', message: 'configmaps "status" not found' });
        return;
      }
      if (request.method === 'PATCH') {
        if (request.headers['content-type'] !== 'application/merge-patch+json') {
          answer(415, { kind: 'Status', message: 'unsupported' });
          return;
        }
        fake.data = { ...fake.data, ...(JSON.parse(body) as { data: Record<string, string> }).data };
      }
      answer(200, { kind: 'ConfigMap', data: fake.data });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeCluster = {
    cluster: { host: 'localhost', port: `${(server.address() as AddressInfo).port}`, account },
    data: {},
    token: 'a-token',
    requests: [],
    silent: false,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(account, { recursive: true });
    },
  };
  return fake;
}
