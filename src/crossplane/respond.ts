import type { DesiredObject } from '../composition/compose.ts';
import { at, isObject, mergeObjects, type JsonObject } from '../lib/json.ts';
import type { Announcement } from '../status/announce.ts';
import type { Condition } from '../status/condition.ts';
import { secretRequirement } from './observe.ts';
import {
  Ready,
  Severity,
  Status,
  Target,
  type ProtocolCondition,
  type Requirements,
  type Resource,
  type ResourceSelector,
  type Result,
  type RunFunctionRequest,
  type RunFunctionResponse,
  type State,
} from './protocol.ts';

/** What the core decided, before it is put into Crossplane's words. */
export interface Answer {
  readonly desired: ReadonlyMap<string, DesiredObject>;
  /** false: not ready although every desired resource is, because something is held back. */
  readonly ready: false | undefined;
  /** The composite's status; undefined leaves it to others. */
  readonly status: JsonObject | undefined;
  readonly conditions: readonly Condition[];
  readonly announcements: readonly Announcement[];
  /** The Secrets to read for the next call, all in one namespace. */
  readonly secrets: { readonly namespace: string; readonly names: readonly string[] };
  /** Seconds for which Crossplane may keep the response; 0 means not at all. */
  readonly ttl: number;
}

const severities = {
  fatal: Severity.SEVERITY_FATAL,
  warning: Severity.SEVERITY_WARNING,
  normal: Severity.SEVERITY_NORMAL,
};

const statuses = {
  True: Status.STATUS_CONDITION_TRUE,
  False: Status.STATUS_CONDITION_FALSE,
  Unknown: Status.STATUS_CONDITION_UNKNOWN,
};

function toCondition({ type, status, reason, message }: Condition): ProtocolCondition {
  return { type, status: statuses[status], reason, message, target: Target.TARGET_COMPOSITE_AND_CLAIM };
}

function toResult({ severity, reason, message }: Announcement): Result {
  return { severity: severities[severity], reason, message, target: Target.TARGET_COMPOSITE_AND_CLAIM };
}

function toResource({ resource, ready }: DesiredObject): Resource {
  return { resource, connectionDetails: {}, ready: ready ? Ready.READY_TRUE : Ready.READY_FALSE };
}

function toRequirements({ namespace, names }: Answer['secrets']): Requirements {
  const selector = (name: string): ResourceSelector => ({
    apiVersion: 'v1',
    kind: 'Secret',
    matchName: name,
    namespace,
  });
  return { resources: Object.fromEntries(names.map((name) => [secretRequirement(name), selector(name)])) };
}

function composite(desired: State | undefined, { status, ready }: Answer): Resource | undefined {
  const before: Resource = desired?.composite ?? {
    resource: undefined,
    connectionDetails: {},
    ready: Ready.READY_UNSPECIFIED,
  };
  const under = before.resource ?? {};
  const formerStatus = at(under, 'status');
  const merged =
    status === undefined
      ? under
      : { ...under, status: mergeObjects(isObject(formerStatus) ? formerStatus : {}, status) };
  return { ...before, resource: merged, ready: ready === false ? Ready.READY_FALSE : before.ready };
}

/**
 * The response: what other steps desired is passed on untouched, ours is added, and the tag is copied. Its maps are put in
 * order when it is written (wire/types.ts), so that the same request is answered by the same bytes.
 *
 * https://github.com/crossplane/crossplane/blob/main/contributing/specifications/functions.md
 */
export function respond(request: RunFunctionRequest, answer: Answer): RunFunctionResponse {
  const { meta, desired, context } = request;
  const ours = [...answer.desired].map(([key, object]): [string, Resource] => [key, toResource(object)]);
  return {
    meta: { tag: meta?.tag ?? '', ttl: { seconds: answer.ttl, nanos: 0 } },
    desired: {
      composite: composite(desired, answer),
      resources: { ...desired?.resources, ...Object.fromEntries(ours) },
    },
    results: answer.announcements.map(toResult),
    context,
    requirements: toRequirements(answer.secrets),
    conditions: answer.conditions.map(toCondition),
  };
}
