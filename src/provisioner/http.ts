import { createServer, type Server } from 'node:http';
import type { Address } from './address.ts';
import type { Metrics } from './metrics.ts';

/** The plain HTTP listener of the provisioner. /healthz: the process runs. /readyz: everything declared is applied. */
export function createHttpServer(metrics: Metrics, whyNotReady: () => string | undefined): Server {
  return createServer((request, response) => {
    const [path] = (request.url ?? '').split('?');
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type }).end(request.method === 'HEAD' ? '' : body);
    };
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'only GET and HEAD\n');
    else if (path === '/healthz') answer(200, 'ok\n');
    else if (path === '/readyz') {
      const reason = whyNotReady();
      answer(reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`);
    } else if (path === '/metrics') {
      metrics.text().then(
        (text) => {
          answer(200, text, metrics.contentType);
        },
        () => {
          answer(500, 'cannot collect metrics\n');
        },
      );
    } else answer(404, 'try /healthz, /readyz or /metrics\n');
  });
}

/** Listens, and resolves with the port; rejects with one clear line. */
export function listen(server: Server, { host, port }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Error(`cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}: ${error.message}`));
    });
    server.listen(host === '' ? { port } : { host, port }, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}
