import { status, type sendUnaryData, type Server, type ServerUnaryCall } from '@grpc/grpc-js';
import { RunFunctionRequest, RunFunctionResponse, Severity } from '../crossplane/protocol.ts';
import type { CallResult } from './metrics.ts';

/** The gRPC service that Crossplane calls. */
export const serviceName = 'apiextensions.fn.proto.v1.FunctionRunnerService';

/** What is told about a call: never its content. */
export interface CallReport {
  readonly result: CallResult;
  /** Seconds from the received bytes to the response's bytes. */
  readonly seconds: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly tag: string;
  /** Where a bug threw: its kind and the places it passed, without its message, which may quote the XR. */
  readonly failure?: string;
}

/** The kind of an error and the places that it passed, without its message. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const places = (error.stack ?? '').split('\n').filter((line) => line.trim().startsWith('at '));
  return [error.name, ...places.slice(0, 12).map((line) => line.trim())].join(' ');
}

const passBytes = (bytes: Buffer): Buffer => bytes;

/**
 * Serves RunFunction: bytes in, bytes out.
 *
 * Bytes that are no request are INVALID_ARGUMENT. A bug in composing is a fatal result of that call alone: nothing in
 * the cluster changes, and the process goes on.
 */
export function addFunctionService(
  server: Server,
  run: (request: RunFunctionRequest) => RunFunctionResponse,
  fail: (request: RunFunctionRequest) => RunFunctionResponse,
  report: (call: CallReport) => void,
): void {
  const handle = (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
    const started = process.hrtime.bigint();
    const done = (result: CallResult, tag: string, response?: Buffer, failure?: string): void => {
      report({
        result,
        seconds: Number(process.hrtime.bigint() - started) / 1e9,
        requestBytes: call.request.length,
        responseBytes: response?.length ?? 0,
        tag,
        ...(failure !== undefined && { failure }),
      });
    };

    let request: RunFunctionRequest;
    try {
      request = RunFunctionRequest.decode(call.request);
    } catch (error) {
      callback({
        code: status.INVALID_ARGUMENT,
        details: error instanceof RangeError ? error.message : 'malformed message',
      });
      done('error', '', undefined, traceOf(error));
      return;
    }

    const tag = request.meta?.tag ?? '';
    try {
      const response = run(request);
      const bytes = RunFunctionResponse.encode(response);
      callback(null, bytes);
      done(response.results.some(({ severity }) => severity === Severity.SEVERITY_FATAL) ? 'fatal' : 'ok', tag, bytes);
    } catch (error) {
      const bytes = RunFunctionResponse.encode(fail(request));
      callback(null, bytes);
      done('error', tag, bytes, traceOf(error));
    }
  };
  server.addService(
    {
      runFunction: {
        path: `/${serviceName}/RunFunction`,
        requestStream: false,
        responseStream: false,
        requestSerialize: passBytes,
        requestDeserialize: passBytes,
        responseSerialize: passBytes,
        responseDeserialize: passBytes,
      },
    },
    { runFunction: handle },
  );
}
