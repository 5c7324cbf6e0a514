import { runFunction } from '../../src/function.ts';
import {
  Capability,
  Ready,
  RunFunctionRequest,
  RunFunctionResponse,
  Severity,
  Status,
  Target,
  type Resource,
  type State,
} from '../../src/crossplane/protocol.ts';
import { objectAt, type JsonObject } from '../../src/lib/json.ts';
import { copy } from './json.ts';

/** What Crossplane v2.2 and newer say about themselves; older ones say nothing. */
export const capabilities = {
  v2: [
    Capability.CAPABILITY_CAPABILITIES,
    Capability.CAPABILITY_REQUIRED_RESOURCES,
    Capability.CAPABILITY_CREDENTIALS,
    Capability.CAPABILITY_CONDITIONS,
    Capability.CAPABILITY_REQUIRED_SCHEMAS,
  ],
  v1: [],
} as const;

export type CrossplaneVersion = keyof typeof capabilities;

/** Answers a request: the function under test. */
export type RunFunction = (request: RunFunctionRequest, entropy: Uint8Array) => RunFunctionResponse;

/** Seconds that the function's --ttl says in tests. */
export const TTL = 60;

export const theFunction: RunFunction = (request, entropy) => runFunction(request, { ttl: TTL, entropy });

/** Everything that a request is made of; what is left out is as Crossplane leaves it. */
export interface Request {
  readonly xr: JsonObject;
  /** Observed composed resources by key. */
  readonly observed?: Readonly<Record<string, JsonObject>>;
  /** Required resources by requirement; an empty list is a resource that does not exist. */
  readonly required?: Readonly<Record<string, readonly JsonObject[]>>;
  readonly input?: JsonObject | undefined;
  readonly context?: JsonObject | undefined;
  /** What earlier steps of the pipeline desire. */
  readonly desired?: State | undefined;
  readonly crossplane?: CrossplaneVersion;
  readonly tag?: string;
}

export function resource(json: JsonObject | undefined, ready: Resource['ready'] = Ready.READY_UNSPECIFIED): Resource {
  return { resource: copy(json), connectionDetails: {}, ready };
}

function mapValues<T, U>(object: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

/** A request as Crossplane builds it. */
export function requestOf({
  xr,
  observed = {},
  required = {},
  input,
  context,
  desired,
  crossplane = 'v2',
  tag = 'tag',
}: Request): RunFunctionRequest {
  return {
    meta: { tag, capabilities: [...capabilities[crossplane]] },
    observed: { composite: resource(xr), resources: mapValues(observed, (json) => resource(json)) },
    desired: desired ?? { composite: undefined, resources: {} },
    input: copy(input),
    context: context ?? {},
    requiredResources: mapValues(required, (items) => ({ items: items.map((json) => resource(json)) })),
  };
}

/** Runs the function as Crossplane does: over the wire, both ways. */
export function call(
  request: RunFunctionRequest,
  entropy = entropyOf(1),
  run: RunFunction = theFunction,
): RunFunctionResponse {
  const received = RunFunctionRequest.decode(RunFunctionRequest.encode(request));
  return RunFunctionResponse.decode(RunFunctionResponse.encode(run(received, entropy)));
}

/** Entropy for a test: the same bytes for the same number. */
export function entropyOf(number: number): Uint8Array {
  return new Uint8Array(32).fill(number % 256);
}

function word<T extends number>(names: Readonly<Record<string, T>>, prefix: string, value: number | undefined): string {
  const name = Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);
  return name.replace(prefix, '');
}

/** A condition of a response, in words. */
export interface ReadableCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly target: string;
}

export function conditionsOf({ conditions }: RunFunctionResponse): readonly ReadableCondition[] {
  return conditions.map(({ type, status, reason, message = '', target }) => ({
    type,
    status: { TRUE: 'True', FALSE: 'False', UNKNOWN: 'Unknown' }[word(Status, 'STATUS_CONDITION_', status)] ?? 'none',
    reason,
    message,
    target: word(Target, 'TARGET_', target),
  }));
}

/** A result of a response, in words. */
export interface ReadableResult {
  readonly severity: string;
  readonly reason: string;
  readonly message: string;
  readonly target: string;
}

export function resultsOf({ results }: RunFunctionResponse): readonly ReadableResult[] {
  return results.map(({ severity, reason = '', message, target }) => ({
    severity: word(Severity, 'SEVERITY_', severity).toLowerCase(),
    reason,
    message,
    target: word(Target, 'TARGET_', target),
  }));
}

/** `ready`, `not ready`, or `unspecified`, which Crossplane takes for not ready on a composed resource. */
export function readyOf({ ready }: Pick<Resource, 'ready'>): 'ready' | 'not ready' | 'unspecified' {
  if (ready === Ready.READY_TRUE) return 'ready';
  return ready === Ready.READY_FALSE ? 'not ready' : 'unspecified';
}

/** The desired composed resources by key. */
export function desiredOf(response: RunFunctionResponse): Readonly<Record<string, JsonObject>> {
  return mapValues(response.desired?.resources ?? {}, ({ resource: json }) => json ?? {});
}

/** The manifest inside a desired Object; undefined where there is none. */
export function manifestOf(response: RunFunctionResponse, key: string): JsonObject | undefined {
  return objectAt(desiredOf(response)[key], 'spec', 'forProvider', 'manifest');
}

/** The composite's status in a response; undefined where it is left alone. */
export function statusOf(response: RunFunctionResponse): JsonObject | undefined {
  return objectAt(response.desired?.composite?.resource, 'status');
}

/** The whole response as people read it: words for enums, nothing left out that is not empty. */
export function readable(response: RunFunctionResponse): JsonObject {
  const { meta, desired, requirements, context } = response;
  return JSON.parse(
    JSON.stringify({
      meta: { tag: meta?.tag, ttl: meta?.ttl === undefined ? undefined : `${meta.ttl.seconds}s` },
      requirements: mapValues(requirements?.resources ?? {}, (selector) => ({ ...selector })),
      results: resultsOf(response),
      conditions: conditionsOf(response),
      context,
      desired: {
        composite: {
          ready: readyOf(desired?.composite ?? { ready: Ready.READY_UNSPECIFIED }),
          resource: desired?.composite?.resource,
        },
        resources: mapValues(desired?.resources ?? {}, (composed) => ({
          ready: readyOf(composed),
          resource: composed.resource,
        })),
      },
    }),
  ) as JsonObject;
}

/** The names of the Secrets that a response asks for. */
export function secretsAskedFor({ requirements }: RunFunctionResponse): readonly string[] {
  return Object.values(requirements?.resources ?? {}).map(({ matchName }) => matchName ?? '');
}
