import type { JsonObject } from '../../lib/json.ts';
import { struct } from './struct.ts';
import {
  bytes,
  int32,
  int64,
  mapOf,
  message,
  optional,
  packed,
  repeated,
  single,
  text,
  type Message,
} from './types.ts';

/*
 * The messages of Crossplane's function protocol, apiextensions.fn.proto.v1, as far as this function reads or writes
 * them; other fields are passed over.
 * https://github.com/crossplane/crossplane/blob/main/proto/fn/v1/run_function.proto
 */

/** A resource as the protocol carries it, with its readiness and connection details. */
export interface Resource {
  readonly resource: JsonObject | undefined;
  readonly connectionDetails: Record<string, Buffer>;
  /** One of `Ready`. */
  readonly ready: number;
}

/** A composite resource and its composed resources by key. */
export interface State {
  readonly composite: Resource | undefined;
  readonly resources: Record<string, Resource>;
}

/** Resources that a function asked for. */
export interface Resources {
  readonly items: Resource[];
}

/** What identifies a request, and what the Crossplane that sent it can do. */
export interface RequestMeta {
  readonly tag: string;
  /** Numbers of `Capability`. */
  readonly capabilities: number[];
}

/** One call. */
export interface RunFunctionRequest {
  readonly meta: RequestMeta | undefined;
  readonly observed: State | undefined;
  readonly desired: State | undefined;
  readonly input: JsonObject | undefined;
  readonly context: JsonObject | undefined;
  readonly requiredResources: Record<string, Resources>;
}

/** A span of time. */
export interface ProtocolDuration {
  readonly seconds: number;
  readonly nanos: number;
}

/** The request's tag again, and how long the response may be kept. */
export interface ResponseMeta {
  readonly tag: string;
  readonly ttl: ProtocolDuration | undefined;
}

/** Which resource to read. */
export interface ResourceSelector {
  readonly apiVersion: string;
  readonly kind: string;
  readonly matchName: string | undefined;
  readonly namespace: string | undefined;
}

/** What to read before the next call. */
export interface Requirements {
  readonly resources: Record<string, ResourceSelector>;
}

/** A message for the user. */
export interface Result {
  /** One of `Severity`. */
  readonly severity: number;
  readonly message: string;
  readonly reason: string | undefined;
  /** One of `Target`. */
  readonly target: number | undefined;
}

/** A condition of the composite resource. */
export interface ProtocolCondition {
  readonly type: string;
  /** One of `Status`. */
  readonly status: number;
  readonly reason: string;
  readonly message: string | undefined;
  /** One of `Target`. */
  readonly target: number | undefined;
}

/** The answer to a call. */
export interface RunFunctionResponse {
  readonly meta: ResponseMeta | undefined;
  readonly desired: State | undefined;
  readonly results: Result[];
  readonly context: JsonObject | undefined;
  readonly requirements: Requirements | undefined;
  readonly conditions: ProtocolCondition[];
}

const Resource = message<Resource>({
  resource: optional(1, struct),
  connectionDetails: mapOf(2, bytes, () => Buffer.alloc(0)),
  ready: single(3, int32, 0),
});

const State = message<State>({ composite: optional(1, Resource), resources: mapOf(2, Resource, Resource.empty) });

const Resources = message<Resources>({ items: repeated(1, Resource) });

const RequestMeta = message<RequestMeta>({ tag: single(1, text, ''), capabilities: packed(2) });

const ProtocolDuration = message<ProtocolDuration>({ seconds: single(1, int64, 0), nanos: single(2, int32, 0) });

const ResponseMeta = message<ResponseMeta>({ tag: single(1, text, ''), ttl: optional(2, ProtocolDuration) });

const ResourceSelector = message<ResourceSelector>({
  apiVersion: single(1, text, ''),
  kind: single(2, text, ''),
  matchName: optional(3, text),
  namespace: optional(5, text),
});

const Requirements = message<Requirements>({ resources: mapOf(2, ResourceSelector, ResourceSelector.empty) });

const Result = message<Result>({
  severity: single(1, int32, 0),
  message: single(2, text, ''),
  reason: optional(3, text),
  target: optional(4, int32),
});

const ProtocolCondition = message<ProtocolCondition>({
  type: single(1, text, ''),
  status: single(2, int32, 0),
  reason: single(3, text, ''),
  message: optional(4, text),
  target: optional(5, int32),
});

/** One call, on the wire. */
export const RunFunctionRequest: Message<RunFunctionRequest> = message({
  meta: optional(1, RequestMeta),
  observed: optional(2, State),
  desired: optional(3, State),
  input: optional(4, struct),
  context: optional(5, struct),
  requiredResources: mapOf(8, Resources, Resources.empty),
});

/** The answer to a call, on the wire. */
export const RunFunctionResponse: Message<RunFunctionResponse> = message({
  meta: optional(1, ResponseMeta),
  desired: optional(2, State),
  results: repeated(3, Result),
  context: optional(4, struct),
  requirements: optional(5, Requirements),
  conditions: repeated(6, ProtocolCondition),
});
