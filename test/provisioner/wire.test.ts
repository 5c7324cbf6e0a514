import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { stopSeconds } from '../../src/api/provisioning.ts';
import { listen } from '../../src/listen/address.ts';
import { createWire, type Method, type Wire } from '../../src/provisioner/wire.ts';

/** A wire to a server that answers so. */
async function wireTo(
  answer: RequestListener,
  signal = new AbortController().signal,
): Promise<AsyncDisposable & { readonly wire: Wire }> {
  const server = createServer(answer);
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  const wire = createWire({
    url: `http://127.0.0.1:${port}/`,
    signal,
    hide: (text) => text.replaceAll('secret', '********'),
    observe: () => undefined,
  });
  return {
    wire,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const where = '/api/v1/shares';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('an answer', () => {
  const html = '<html>secret';
  it.each([
    ['is JSON', 'GET', 200, '[1]', { ok: true, body: [1] }],
    ['may be empty', 'DELETE', 204, '', { ok: true, body: undefined }],
    ['with a page is none', 'GET', 200, html, { ok: false, status: 0, reason: 'the answer is no JSON' }],
    ['to what writes is none either', 'POST', 200, html, { ok: false, status: 0 }],
    ['that is cut off is none', 'POST', 201, '{"id":"', { ok: false, status: 0 }],
    ['of a refusal may be text', 'POST', 401, 'no secret', { ok: false, status: 401, reason: 'no ********' }],
  ] as const)('%s: %s', async (_reason, method: Method, status, body, expected) => {
    await using to = await wireTo((_request, response) => {
      response.writeHead(status).end(body);
    });
    expect(await to.wire.send({ method, path: where })).toMatchObject(expected);
  });

  it('that leads elsewhere is not followed', async () => {
    const paths: string[] = [];
    await using to = await wireTo((request, response) => {
      paths.push(request.url ?? '');
      if (request.url === '/elsewhere') response.writeHead(200).end('[]');
      else response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(await to.wire.send({ method: 'POST', path: where }, 'a-token')).toMatchObject({ ok: false });
    expect(paths).toEqual([where]);
  });

  it('has 70 seconds to come', async () => {
    const real = AbortSignal.timeout.bind(AbortSignal);
    // A second is a millisecond here.
    const limit = vi.spyOn(AbortSignal, 'timeout').mockImplementation((milliseconds) => real(milliseconds / 1000));
    await using to = await wireTo(() => undefined);
    expect(await to.wire.send({ method: 'POST', path: where })).toMatchObject({
      ok: false,
      status: 0,
      reason: 'the server did not answer in time',
    });
    expect(limit.mock.calls).toEqual([[70_000]]);
    // A provisioner that stops waits for it.
    expect(70_000).toBeLessThan(stopSeconds * 1000 - 10_000);
  });

  it('is not waited for by a provisioner that stops, but for what writes', async () => {
    const stopping = new AbortController();
    const held: (() => void)[] = [];
    await using to = await wireTo((_request, response) => {
      held.push(() => response.writeHead(200).end('[]'));
      if (held.length === 3) stopping.abort();
    }, stopping.signal);
    const login = '/api/v1/auth/login';
    const reading = to.wire.send({ method: 'GET', path: where });
    const entering = to.wire.send({ method: 'POST', path: login });
    const writing = to.wire.send({ method: 'POST', path: where });
    expect([await reading, await entering]).toMatchObject([{ ok: false }, { ok: false }]);
    for (const answer of held.splice(0)) answer();
    expect(await writing).toMatchObject({ ok: true });
    // What is written may have to log in before its note.
    const again = to.wire.send({ method: 'POST', path: login });
    await vi.waitFor(() => {
      expect(held).toHaveLength(1);
    });
    for (const answer of held) answer();
    expect(await again).toMatchObject({ ok: true });
  });
});
