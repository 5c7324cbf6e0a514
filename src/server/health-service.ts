import {
  status as grpcStatus,
  type sendUnaryData,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { int32, message, single, text } from '../crossplane/wire/types.ts';

interface HealthCheckRequest {
  readonly service: string;
}

interface HealthCheckResponse {
  readonly status: number;
}

const Request = message<HealthCheckRequest>({ service: single(1, text, '') });
const Response = message<HealthCheckResponse>({ status: single(1, int32, 0) });

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

function method(path: string, responseStream: boolean) {
  return {
    path,
    requestStream: false,
    responseStream,
    requestSerialize: Request.encode,
    requestDeserialize: Request.decode,
    responseSerialize: Response.encode,
    responseDeserialize: Response.decode,
  };
}

/**
 * Serves grpc.health.v1.Health, Check and Watch, for the server as a whole and for the named service.
 *
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function addHealthService(server: Server, service: string, isServing: () => boolean): void {
  const statusOf = (asked: string): number => {
    if (asked !== '' && asked !== service) return SERVICE_UNKNOWN;
    return isServing() ? SERVING : NOT_SERVING;
  };
  server.addService(
    { check: method('/grpc.health.v1.Health/Check', false), watch: method('/grpc.health.v1.Health/Watch', true) },
    {
      check: (
        call: ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
        callback: sendUnaryData<HealthCheckResponse>,
      ) => {
        const status = statusOf(call.request.service);
        if (status === SERVICE_UNKNOWN)
          callback({ code: grpcStatus.NOT_FOUND, details: `unknown service ${JSON.stringify(call.request.service)}` });
        else callback(null, { status });
      },
      watch: (call: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>) => {
        let told: number | undefined;
        const stop = (): void => {
          clearInterval(timer);
          call.end();
        };
        const tell = (): void => {
          const status = statusOf(call.request.service);
          if (status === told) return;
          told = status;
          call.write({ status });
          // A server that stops serving is going; a stream that stays open would only hold it up.
          if (status === NOT_SERVING) stop();
        };
        const timer = setInterval(tell, 1000).unref();
        call.on('cancelled', stop);
        tell();
      },
    },
  );
}
