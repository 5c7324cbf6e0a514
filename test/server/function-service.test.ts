import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RunFunctionRequest, RunFunctionResponse, Severity } from '../../src/crossplane/protocol.ts';
import { failedResponse } from '../../src/function.ts';
import { addFunctionService, type CallReport } from '../../src/server/function-service.ts';
import { connectTo, type Client } from './support/grpc-client.ts';

/** Serves a function that may throw, and tells what is reported about its calls. */
async function withFunction(
  run: (request: RunFunctionRequest) => RunFunctionResponse,
  use: (client: Client, reports: readonly CallReport[]) => Promise<void>,
): Promise<void> {
  const reports: CallReport[] = [];
  const server = new Server();
  addFunctionService(server, run, failedResponse, (report) => reports.push(report));
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer((socket) => {
    injector.injectConnection(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  using client = await connectTo((listener.address() as { port: number }).port);
  try {
    await use(client, reports);
  } finally {
    client[Symbol.dispose]();
    server.forceShutdown();
    await new Promise<void>((resolve) => {
      listener.close(() => {
        resolve();
      });
    });
  }
}

const xr = { metadata: { name: 'x' }, spec: { extraEnv: [{ name: 'A', value: 'marked' }] } };
const request = {
  meta: { tag: 'bug', capabilities: [] },
  observed: { composite: { resource: xr, connectionDetails: {}, ready: 0 }, resources: {} },
  desired: {
    composite: undefined,
    resources: { theirs: { resource: { kind: 'ConfigMap' }, connectionDetails: {}, ready: 1 } },
  },
};

describe('a bug in composing', () => {
  it('is a fatal result of that call alone, and is reported without the XR', async () => {
    let calls = 0;
    const flaky = (received: RunFunctionRequest): RunFunctionResponse => {
      calls += 1;
      if (calls === 1) throw new TypeError(`cannot read ${JSON.stringify(received.observed)}`);
      return { ...RunFunctionResponse.empty(), meta: { tag: received.meta?.tag ?? '', ttl: undefined } };
    };
    await withFunction(flaky, async (client, reports) => {
      const failed = await client.run(request);
      expect(failed.results).toMatchObject([{ severity: Severity.SEVERITY_FATAL, reason: 'InternalError' }]);
      expect(failed.meta).toEqual({ tag: 'bug', ttl: { seconds: 0, nanos: 0 } });
      expect(Object.keys(failed.desired?.resources ?? {})).toEqual(['theirs']);
      expect(JSON.stringify(failed.results)).not.toContain('marked');

      expect((await client.run(request)).results).toEqual([]);
      expect(reports.map(({ result }) => result)).toEqual(['error', 'ok']);
      expect(reports[0]?.failure).toMatch(/^TypeError at /);
      expect(JSON.stringify(reports)).not.toContain('marked');
    });
  });
});
