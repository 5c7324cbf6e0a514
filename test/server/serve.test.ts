import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RunFunctionRequest, RunFunctionResponse } from '../../src/crossplane/protocol.ts';
import { int32, message, single, text } from '../../src/crossplane/wire/types.ts';
import { runToEnd, startFunction } from './support/function-process.ts';
import { connectTo, endOf, frame } from './support/grpc-client.ts';

const OK = 0;
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;

const request = RunFunctionRequest.encode({ ...RunFunctionRequest.empty(), meta: { tag: 'wire', capabilities: [] } });

describe('the command line', () => {
  const refused: [name: string, args: string[], says: string][] = [
    ['an unknown flag', ['--bogus'], "unknown option '--bogus'"],
    ['no certificates', [], 'give --tls-certs-dir or TLS_SERVER_CERTS_DIR, or --insecure'],
    ['a folder that does not exist', ['--tls-certs-dir', '/nonexistent'], 'cannot read /nonexistent/tls.key'],
    ['an address that is none', ['--insecure', '--address', 'nowhere'], 'It is not an address such as "0.0.0.0:9443"'],
    ['a size that is none', ['--insecure', '--max-recv-message-size', '0'], 'It is not a whole number above 0'],
  ];
  it.each(refused)('refuses %s with one clear line', async (_name, args, says) => {
    const { code, stderr } = await runToEnd(args);
    expect(code).not.toBe(0);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(says);
  });

  it('reads the folder of certificates from the environment', async () => {
    const { code, stderr } = await runToEnd([], { TLS_SERVER_CERTS_DIR: '/nonexistent/from-env' });
    expect(code).not.toBe(0);
    expect(stderr).toContain('/nonexistent/from-env/tls.key');
  });

  it('refuses a busy port with one clear line', async () => {
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const { port } = busy.address() as { port: number };
    const args = ['--insecure', '--address', `127.0.0.1:${port}`, '--metrics-address', '127.0.0.1:0'];
    const { code, stderr } = await runToEnd(args);
    busy.close();
    expect(code).not.toBe(0);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`cannot listen on 127.0.0.1:${port}`);
  });

  it('listens on [::] too', async () => {
    await using running = await startFunction('--insecure', '--address', '[::]:0');
    using client = await connectTo(running.port);
    expect((await client.call(request)).status).toBe(OK);
  });
});

describe('calls', () => {
  it('are answered with their tag', async () => {
    await using running = await startFunction('--insecure');
    using client = await connectTo(running.port);
    const { status, body } = await client.call(request);
    expect(status).toBe(OK);
    expect(RunFunctionResponse.decode(body).meta?.tag).toBe('wire');
  });

  it('that are malformed, too large, too deep or unknown get a proper status, and the server goes on', async () => {
    await using running = await startFunction('--insecure', '--max-recv-message-size', '1');
    using client = await connectTo(running.port);
    const malformed = await client.call(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f]));
    expect(malformed).toMatchObject({ status: INVALID_ARGUMENT });
    const notUtf8 = await client.call(Buffer.from([0x0a, 0x03, 0x0a, 0x01, 0xff]));
    expect(notUtf8).toMatchObject({ status: INVALID_ARGUMENT });
    const tooLarge = await client.call(Buffer.alloc(1024 * 1024 + 1));
    expect(tooLarge).toMatchObject({ status: RESOURCE_EXHAUSTED });
    const unknown = await client.call(request, '/apiextensions.fn.proto.v1.FunctionRunnerService/Other');
    expect(unknown).toMatchObject({ status: UNIMPLEMENTED });
    expect((await client.call(request)).status).toBe(OK);
  });

  it('that never end, or whose client vanishes, do not disturb others', async () => {
    await using running = await startFunction('--insecure');
    using slow = await connectTo(running.port);
    const half = slow.open();
    half.on('error', () => undefined);
    half.write(frame(request).subarray(0, 7));
    const vanishing = await connectTo(running.port);
    vanishing
      .open()
      .on('error', () => undefined)
      .write(frame(request).subarray(0, 7));
    vanishing.session.destroy();
    using client = await connectTo(running.port);
    expect((await client.call(request)).status).toBe(OK);
  });

  it('1,000 at once are all answered', async () => {
    await using running = await startFunction('--insecure');
    const clients = await Promise.all(Array.from({ length: 10 }, () => connectTo(running.port)));
    const ends = await Promise.all(
      clients.flatMap((client) => Array.from({ length: 100 }, () => client.call(request))),
    );
    for (const client of clients) client[Symbol.dispose]();
    expect(ends.filter(({ status }) => status === OK)).toHaveLength(1000);
  });

  it('leave one debug line each, without the XR', async () => {
    await using running = await startFunction('--insecure', '--debug');
    using client = await connectTo(running.port);
    const xr = {
      apiVersion: 'dittofs.dittofs.com/v1alpha1',
      kind: 'DittoServer',
      metadata: { name: 'marked-server', namespace: 'default' },
      spec: { extraEnv: [{ name: 'MARKER', value: 'marked-value' }] },
    };
    const observed = { composite: { resource: xr, connectionDetails: {}, ready: 0 }, resources: {} };
    await client.run({ meta: { tag: 'tag-1', capabilities: [] }, observed });
    await sleep(50);
    const lines = running.log.filter(({ msg }) => msg === 'answered a call');
    expect(lines).toMatchObject([{ tag: 'tag-1', result: 'ok' }]);
    expect(JSON.stringify(running.log)).not.toContain('marked');
  });
});

describe('SIGTERM', () => {
  it('answers the calls in flight and ends with 0 within 10 seconds', async () => {
    await using running = await startFunction('--insecure');
    using client = await connectTo(running.port);
    const inFlight = client.open();
    const bytes = frame(request);
    inFlight.write(bytes.subarray(0, 7));
    await sleep(100);
    running.process.kill('SIGTERM');
    await sleep(200);
    const ready = await fetch(`http://127.0.0.1:${running.metricsPort}/readyz`);
    expect(ready.status).toBe(503);
    await expect(connectTo(running.port)).rejects.toThrow();
    inFlight.end(bytes.subarray(7));
    const { status, body } = await endOf(inFlight);
    expect(status).toBe(OK);
    expect(RunFunctionResponse.decode(body).meta?.tag).toBe('wire');
    expect(await running.exited).toBe(0);
  });

  it('ends although a call hangs', async () => {
    await using running = await startFunction('--insecure');
    using client = await connectTo(running.port);
    client
      .open()
      .on('error', () => undefined)
      .write(frame(request).subarray(0, 7));
    await sleep(100);
    const started = Date.now();
    running.process.kill('SIGTERM');
    expect(await running.exited).toBe(0);
    expect(Date.now() - started).toBeLessThan(10_000);
  }, 15_000);

  it('a second time ends at once', async () => {
    await using running = await startFunction('--insecure');
    using client = await connectTo(running.port);
    client
      .open()
      .on('error', () => undefined)
      .write(frame(request).subarray(0, 7));
    await sleep(100);
    running.process.kill('SIGTERM');
    // Two signals that wait for the process at once are one.
    const isDraining = async (): Promise<number> =>
      (await fetch(`http://127.0.0.1:${running.metricsPort}/readyz`)).status;
    await expect.poll(isDraining, { timeout: 8_000 }).toBe(503);
    running.process.kill('SIGTERM');
    expect(await running.exited).toBe(1);
  });
});

describe('probes and metrics', () => {
  const Health = message<{ service: string }>({ service: single(1, text, '') });
  const Status = message<{ status: number }>({ status: single(1, int32, 0) });

  it('tell that the server is healthy and ready, and count its calls', async () => {
    await using running = await startFunction('--insecure');
    using client = await connectTo(running.port);
    const get = async (path: string) => fetch(`http://127.0.0.1:${running.metricsPort}${path}`);
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/other')).status).toBe(404);
    await client.call(request);
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain('function_dittofs_calls_total{result="fatal"} 1');
    expect(metrics).toContain('process_resident_memory_bytes');
  });

  it('answer the gRPC health service', async () => {
    await using running = await startFunction('--insecure');
    using client = await connectTo(running.port);
    const check = async (service: string) => client.call(Health.encode({ service }), '/grpc.health.v1.Health/Check');
    for (const service of ['', 'apiextensions.fn.proto.v1.FunctionRunnerService']) {
      expect(Status.decode((await check(service)).body).status).toBe(1);
    }
    expect((await check('other')).status).toBe(NOT_FOUND);
  });
});
