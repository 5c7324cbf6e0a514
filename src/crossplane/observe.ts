import { condition, readObject, type ObservedObject, type ObservedObjects } from '../kubernetes/object.ts';
import type { Secrets } from '../kubernetes/secret.ts';
import { textAt, type Json, type JsonObject } from '../lib/json.ts';
import { conditionTypes, type Condition } from '../status/condition.ts';
import { Capability, type RunFunctionRequest } from './protocol.ts';

/** What Crossplane sent, as the core reads it. */
export interface Call {
  /** The composite resource. */
  readonly xr: JsonObject;
  /** The observed composed Objects of provider-kubernetes; resources of another kind are not ours. */
  readonly observed: ObservedObjects;
  /** The Composition's input for this step. */
  readonly input: Json | undefined;
  /** What the composite's conditions said before. */
  readonly conditions: readonly Condition[];
  /**
   * Whether Crossplane calls whenever something changes. While its circuit breaker for the XR is open (v2.1 and newer), as
   * it is after a burst of changes such as a creation, it lets one change through every 30 seconds.
   */
  readonly responsive: boolean;
  /** The phase before. */
  readonly phase: string | undefined;
  /** The live Secrets that were asked for. */
  readonly secrets: Secrets;
}

/** The key of the requirement that asks for a Secret. */
export function secretRequirement(name: string): string {
  return `secret/${name}`;
}

function observedObjects(resources: NonNullable<RunFunctionRequest['observed']>['resources']): ObservedObjects {
  const entries = Object.entries(resources).map(([key, { resource }]) => [key, readObject(resource ?? {})]);
  return new Map(entries.filter((entry): entry is [string, ObservedObject] => entry[1] !== undefined));
}

function readSecrets({ meta, requiredResources }: RunFunctionRequest): Secrets {
  if (meta?.capabilities.includes(Capability.CAPABILITY_REQUIRED_RESOURCES) !== true) return 'unsupported';
  const prefix = secretRequirement('');
  return new Map(
    Object.entries(requiredResources)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { items }]) => [key.slice(prefix.length), items[0]?.resource]),
  );
}

function formerConditions(xr: JsonObject): readonly Condition[] {
  return conditionTypes.flatMap((type): readonly Condition[] => {
    const former = condition(xr, type);
    if (former === undefined) return [];
    const status = former.status === 'True' || former.status === 'False' ? former.status : 'Unknown';
    return [{ type, status, reason: former.reason === '' ? 'Unknown' : former.reason, message: former.message }];
  });
}

/** Reads a request; missing parts are empty, because the first call of a new XR has none of them. */
export function observe(request: RunFunctionRequest): Call {
  const xr = request.observed?.composite?.resource ?? {};
  return {
    xr,
    observed: observedObjects(request.observed?.resources ?? {}),
    input: request.input,
    conditions: formerConditions(xr),
    responsive: condition(xr, 'Responsive')?.status !== 'False',
    phase: textAt(xr, 'status', 'phase'),
    secrets: readSecrets(request),
  };
}
