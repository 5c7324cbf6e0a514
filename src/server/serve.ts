import { randomBytes } from 'node:crypto';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { failedResponse, runFunction } from '../function.ts';
import { listen, type Address } from '../listen/address.ts';
import { createHttpServer } from '../listen/http.ts';
import { readCertificates, watchCertificates, type Certificates } from './certificates.ts';
import { addFunctionService, serviceName, type CallReport } from './function-service.ts';
import { addHealthService } from './health-service.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { mutualTls } from './mutual-tls.ts';

/** How to serve. */
export interface ServeOptions {
  readonly address: Address;
  /** The folder with Crossplane's certificates; undefined serves without TLS to anybody. */
  readonly certificates: string | undefined;
  /** Where probes and metrics are served. */
  readonly metricsAddress: Address;
  /** The largest request, in bytes. */
  readonly maxReceiveBytes: number;
  /** Seconds for which Crossplane may keep a settled response. */
  readonly ttl: number;
  readonly logger: Logger;
}

/** A server that runs. */
export interface RunningServer {
  readonly address: Address;
  readonly metricsAddress: Address;
  /** Takes no new connection, answers the calls in flight, and resolves; after `graceMs` whatever is left is cut off. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** Calls that one connection may have in flight: a bound on memory; Crossplane's client queues beyond it. */
const CONCURRENT_CALLS = 100;

/** Connections of clients that may call, at a time: Crossplane holds one for each of its replicas. */
const CONNECTIONS = 100;

/** Sockets at a time, those of strangers in their handshake included: so that these keep nobody out for long. */
const SOCKETS = 2000;

/** Milliseconds after which a client that answers no ping is gone. */
const KEEPALIVE = { time: 30_000, timeout: 10_000 };

function grpcServer(
  { maxReceiveBytes, ttl, logger }: ServeOptions,
  metrics: Metrics,
  isServing: () => boolean,
): Server {
  const server = new Server({
    'grpc.max_receive_message_length': maxReceiveBytes,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': CONCURRENT_CALLS,
    'grpc.keepalive_time_ms': KEEPALIVE.time,
    'grpc.keepalive_timeout_ms': KEEPALIVE.timeout,
  });
  const report = (call: CallReport): void => {
    metrics.observeCall(call.result, call.seconds, call.requestBytes, call.responseBytes);
    if (call.failure !== undefined) logger.error(call, 'failed to answer a call');
    else logger.debug(call, 'answered a call');
  };
  addFunctionService(
    server,
    (request) => runFunction(request, { ttl, entropy: randomBytes(32) }),
    failedResponse,
    report,
  );
  addHealthService(server, serviceName, isServing);
  return server;
}

/** Closes a listener and resolves when its last connection is gone; those that are left after `graceMs` are cut off. */
function drained(listener: NetServer, connections: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      for (const connection of connections) connection.destroy();
    }, graceMs);
    listener.close(() => {
      clearTimeout(deadline);
      resolve();
    });
  });
}

/** The open connections of a listener, those that have not finished their handshake included. */
function trackConnections(listener: NetServer): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  listener.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  return open;
}

/** The listener that lets only Crossplane in, with certificates that follow their files. */
function secureFront(
  folder: string,
  accept: (connection: Duplex) => void,
  metrics: Metrics,
  logger: Logger,
  use: (certificates: Certificates) => void,
): Disposable & { readonly listener: NetServer } {
  const first = readCertificates(folder);
  const front = mutualTls(first, accept, (refusal) => {
    metrics.refuseConnection(refusal);
    logger.debug({ refusal }, 'refused a connection');
  });
  use(first);
  const watching = watchCertificates(folder, first, (read) => {
    if (read instanceof Error) {
      logger.warn({ reason: read.message }, 'kept the former certificates');
      return;
    }
    front.use(read);
    use(read);
    logger.info({ expires: new Date(read.expires).toISOString() }, 'took up new certificates');
  });
  return {
    listener: front.listener,
    [Symbol.dispose]: () => {
      watching[Symbol.dispose]();
    },
  };
}

/** Starts the server; rejects with one clear line where a certificate or an address cannot be used. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { logger, certificates: folder } = options;
  const metrics = createMetrics();
  let draining = false;
  let expires = Infinity;
  const whyNotReady = (): string | undefined => {
    if (draining) return 'shutting down';
    return Date.now() < expires ? undefined : 'the server certificate has expired';
  };

  const server = grpcServer(options, metrics, () => whyNotReady() === undefined);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  let accepted = 0;
  const accept = (connection: Duplex): void => {
    if (accepted >= CONNECTIONS) {
      connection.destroy();
      return;
    }
    accepted += 1;
    connection.once('close', () => (accepted -= 1));
    injector.injectConnection(connection);
  };

  const use = (certificates: Certificates): void => {
    expires = certificates.expires;
    metrics.setCertificateExpiry(expires);
  };
  const front = folder === undefined ? undefined : secureFront(folder, accept, metrics, logger, use);
  const listener = front?.listener ?? createServer(accept);
  listener.maxConnections = SOCKETS;
  const connections = trackConnections(listener);
  const http = createHttpServer(metrics, whyNotReady);

  try {
    const metricsAddress = await listen(http, options.metricsAddress);
    const address = await listen(listener, options.address);
    return {
      address,
      metricsAddress,
      stop: async (graceMs) => {
        draining = true;
        injector.drain(graceMs);
        await drained(listener, connections, graceMs);
        front?.[Symbol.dispose]();
        server.forceShutdown();
        http.closeAllConnections();
        http.close();
      },
    };
  } catch (error) {
    front?.[Symbol.dispose]();
    http.close();
    throw error;
  }
}
