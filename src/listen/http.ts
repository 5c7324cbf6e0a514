import { createServer, type Server } from 'node:http';

/** All metrics of a process. */
export interface Exposition {
  readonly contentType: string;
  /** Prometheus' text format. */
  readonly text: () => Promise<string>;
}

/**
 * The plain HTTP listener for probes and metrics: the kubelet's own gRPC probe speaks no TLS.
 *
 * /healthz: the process runs. /readyz: it does what it is there for, or why not. /metrics: Prometheus' text format.
 */
export function createHttpServer(metrics: Exposition, whyNotReady: () => string | undefined): Server {
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
