import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Refusal } from './mutual-tls.ts';

/** How a call ended: ok; fatal, a refused spec or input; error, bytes that are no request, or a bug. */
export type CallResult = 'ok' | 'fatal' | 'error';

/** What the server counts. */
export interface Metrics {
  /** A call that was answered, with its duration in seconds and its sizes in bytes. */
  readonly observeCall: (result: CallResult, seconds: number, requestBytes: number, responseBytes: number) => void;
  readonly refuseConnection: (reason: Refusal) => void;
  /** When the server's certificate expires, in milliseconds since 1970. */
  readonly setCertificateExpiry: (expires: number) => void;
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  readonly text: () => Promise<string>;
}

/** Sizes of requests and responses: a first render is 7 kB, 4 MB is the usual limit. */
const SIZES = [1_000, 10_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_000_000, 4_000_000];

/** Metrics of one server, process figures included. */
export function createMetrics(): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const calls = new Counter({
    name: 'function_dittofs_calls_total',
    help: 'Calls of RunFunction by how they ended: ok, fatal (a refused spec or input), error (the call itself failed).',
    labelNames: ['result'],
    registers,
  });
  const duration = new Histogram({
    name: 'function_dittofs_call_duration_seconds',
    help: 'Time from the received bytes of a request to the bytes of its response.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
    registers,
  });
  const requestSize = new Histogram({
    name: 'function_dittofs_request_bytes',
    help: 'Size of a request.',
    buckets: SIZES,
    registers,
  });
  const responseSize = new Histogram({
    name: 'function_dittofs_response_bytes',
    help: 'Size of a response.',
    buckets: SIZES,
    registers,
  });
  const refusals = new Counter({
    name: 'function_dittofs_refused_connections_total',
    help: 'Connections that were dropped because of their TLS handshake or certificate.',
    labelNames: ['reason'],
    registers,
  });
  const expiry = new Gauge({
    name: 'function_dittofs_certificate_expiry_timestamp_seconds',
    help: 'When the server certificate expires, in seconds since 1970.',
    registers,
  });
  for (const result of ['ok', 'fatal', 'error']) calls.inc({ result }, 0);
  return {
    observeCall: (result, seconds, requestBytes, responseBytes) => {
      calls.inc({ result });
      duration.observe(seconds);
      requestSize.observe(requestBytes);
      if (responseBytes > 0) responseSize.observe(responseBytes);
    },
    refuseConnection: (reason) => {
      refusals.inc({ reason });
    },
    setCertificateExpiry: (expires) => {
      expiry.set(expires / 1000);
    },
    contentType: register.contentType,
    text: () => register.metrics(),
  };
}
