import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request that went through. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly status: number;
}

/** Something between a client and a server that sees what is said. */
export interface RecordingProxy extends AsyncDisposable {
  readonly url: string;
  /** What went through since it was last forgotten. */
  readonly requests: Recorded[];
  /** Requests that change something: all but reads and logins. */
  readonly writes: () => readonly Recorded[];
  /** Requests whose answers do not come back. */
  cut: (method: string, path: string) => boolean;
  /** What an answer says instead of what the server said. */
  alter: (method: string, path: string, body: string) => string;
  /** Milliseconds after which a request is passed on. */
  delay: (method: string, path: string) => number;
  /** Answers requests that a test wants to fail, instead of the server, status 0 with nothing at all; undefined lets them through. */
  fail: (method: string, path: string) => { readonly status: number; readonly detail: string } | undefined;
}

/** Listens, and passes on what comes. */
export async function startProxy(target: string): Promise<RecordingProxy> {
  const requests: Recorded[] = [];
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const { method = '', url: path = '', headers } = incoming;
    void text(incoming).then(async (body) => {
      await sleep(proxy.delay(method, path));
      // Who does not wait any more is gone, and what it asked would come after what others ask now.
      if (outgoing.destroyed) return;
      const failure = proxy.fail(method, path);
      if (failure !== undefined) {
        requests.push({ method, path, body, status: failure.status });
        if (failure.status === 0) {
          outgoing.destroy();
          return;
        }
        outgoing.writeHead(failure.status, { 'content-type': 'application/problem+json' });
        outgoing.end(JSON.stringify({ title: 'refused', status: failure.status, detail: failure.detail }));
        return;
      }
      const onward = forward({ host: hostname, port, method, path, headers, agent: false }, (answer) => {
        requests.push({ method, path, body, status: answer.statusCode ?? 0 });
        if (proxy.cut(method, path)) {
          answer.resume();
          outgoing.destroy();
          return;
        }
        void text(answer).then((said) => {
          const altered = proxy.alter(method, path, said);
          const length = { 'content-length': Buffer.byteLength(altered) };
          outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...(said !== altered && length) });
          outgoing.end(altered);
        });
      });
      onward.once('error', () => outgoing.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: RecordingProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    writes: () => requests.filter(({ method, path }) => method !== 'GET' && path !== '/api/v1/auth/login'),
    cut: () => false,
    alter: (_method, _path, body) => body,
    delay: () => 0,
    fail: () => undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
