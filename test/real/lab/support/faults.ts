import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import type { Lab } from '../../../../lab/lab.ts';
import { eventually } from '../../../../lab/program.ts';

/** Answers in the function's place, with its certificate, with bytes that mean nothing, until it was called. */
export async function garbageIn({ folder, endpoint }: Lab, meanwhile: () => Promise<unknown>): Promise<void> {
  const read = (name: string): Buffer => readFileSync(join(folder, 'function', name));
  let calls = 0;
  const server = createServer({ cert: read('tls.crt'), key: read('tls.key'), ALPNProtocols: ['h2'] }, (socket) => {
    calls += 1;
    socket.on('error', () => undefined);
    // Not only ended: a client that reads on would keep the server from closing.
    socket.write(randomBytes(512), () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(Number(endpoint.split(':').at(-1)), '127.0.0.1', resolve));
  await meanwhile();
  const called = await eventually(() => Promise.resolve(calls > 0), 60_000);
  await new Promise((resolve) => server.close(resolve));
  if (!called) throw new Error('nobody called in the place of the function');
}

async function etcd(endpoint: string, method: string, body: object): Promise<unknown> {
  const answer = await fetch(`${endpoint}/v3/kv/${method}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`cannot ${method}: ${await answer.text()}`);
  return answer.json();
}

/** Forgets all former revisions, as the API server lets etcd do every five minutes: watches have to start anew. */
export async function compactEtcd({ etcdEndpoint }: Lab): Promise<void> {
  const answer = (await etcd(etcdEndpoint, 'range', { key: Buffer.from('/').toString('base64') })) as {
    readonly header: { readonly revision: string };
  };
  await etcd(etcdEndpoint, 'compaction', { revision: answer.header.revision, physical: true });
}
