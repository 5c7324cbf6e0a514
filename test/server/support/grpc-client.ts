import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { RunFunctionRequest, RunFunctionResponse } from '../../../src/crossplane/protocol.ts';

/** How a call ended. */
export interface CallEnd {
  /** The gRPC status code. */
  readonly status: number;
  readonly details: string;
  readonly body: Buffer;
}

export const RUN_FUNCTION = '/apiextensions.fn.proto.v1.FunctionRunnerService/RunFunction';

/**
 * A gRPC client by hand, on HTTP/2: it can do what a well-behaved client cannot, such as to stop in the middle.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export interface Client extends Disposable {
  readonly session: ClientHttp2Session;
  /** Opens a call; the caller writes and ends it. */
  readonly open: (path?: string) => ClientHttp2Stream;
  readonly call: (message: Uint8Array, path?: string) => Promise<CallEnd>;
  readonly run: (request: Partial<RunFunctionRequest>) => Promise<RunFunctionResponse>;
}

/** A message as gRPC frames it: not compressed, its length, its bytes. */
export function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Collects the end of a call. */
export function endOf(stream: ClientHttp2Stream): Promise<CallEnd> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const headers: Record<string, unknown> = {};
    const collect = (received: object): void => {
      Object.assign(headers, received);
    };
    stream.on('response', collect);
    stream.on('trailers', collect);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => {
      const status = headers['grpc-status'];
      if (status === undefined) reject(new Error('the call ended without a status'));
      const details = headers['grpc-message'];
      resolve({
        status: Number(status),
        details: typeof details === 'string' ? decodeURIComponent(details) : '',
        body: Buffer.concat(chunks).subarray(5),
      });
    });
  });
}

/** Connects to a function; with TLS where options are given. Rejects when the server drops the connection. */
export async function connectTo(port: number, tls?: ConnectionOptions): Promise<Client> {
  const socket =
    tls === undefined
      ? connectPlain({ host: '127.0.0.1', port })
      : connectTls({
          host: '127.0.0.1',
          port,
          servername: 'localhost',
          ALPNProtocols: ['h2'],
          rejectUnauthorized: false,
          ...tls,
        });
  const session = connect('http://localhost', { createConnection: () => socket });
  await new Promise<void>((resolve, reject) => {
    session.once('remoteSettings', () => {
      resolve();
    });
    session.once('error', reject);
    session.once('close', () => {
      reject(new Error('the connection was dropped'));
    });
  });
  session.on('error', () => undefined);

  const open = (path = RUN_FUNCTION): ClientHttp2Stream =>
    session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
    });
  const call = (message: Uint8Array, path?: string): Promise<CallEnd> => {
    const stream = open(path);
    stream.end(frame(message));
    return endOf(stream);
  };
  return {
    session,
    open,
    call,
    run: async (request) => {
      const { status, details, body } = await call(
        RunFunctionRequest.encode({ ...RunFunctionRequest.empty(), ...request }),
      );
      if (status !== 0) throw new Error(`status ${status}: ${details}`);
      return RunFunctionResponse.decode(body);
    },
    [Symbol.dispose]: () => {
      session.destroy();
    },
  };
}
