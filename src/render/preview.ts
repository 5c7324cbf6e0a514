import { problemText } from '../api/v1alpha1/problem.ts';
import { commonKeys } from '../components/keys.ts';
import { componentsOf } from '../components/registry.ts';
import { Ready, Severity, Status, type RunFunctionResponse } from '../crossplane/protocol.ts';
import type { Health } from '../kubernetes/health.ts';
import { isOurs } from '../kubernetes/marks.ts';
import { isMissing, readObject } from '../kubernetes/object.ts';
import { isObject, listAt, objectAt, type Json, type JsonObject } from '../lib/json.ts';
import type { Plan } from '../plan/plan.ts';
import { foresee, manifestOf, type Foreseen, type Future } from './foresee.ts';
import { hideSecrets, redactor, type Redact } from './hide-secrets.ts';
import type { Subject } from './read-subject.ts';
import { reconcile, type Reconciled, type Situation } from './reconcile.ts';
import { standIns } from './stand-in.ts';

/** A resource of a DittoServer, and how it is. Values of Secrets are hidden in all of it. */
export interface PreviewResource {
  readonly key: string;
  /** The composed resource; left out where only its manifest is known. */
  readonly object: JsonObject | undefined;
  /** What it puts into the cluster. */
  readonly manifest: JsonObject;
  readonly ready: boolean;
  readonly state: Health['state'];
  readonly reason: string;
  readonly message: string;
  /** Keys of the resources that it reads or mounts. */
  readonly uses: readonly string[];
  /** Of those, the ones that are not there yet. */
  readonly waitsFor: readonly string[];
  /** Whether a later call composes it, once what it uses is there. */
  readonly later: boolean;
  /** Whether the cluster has its composed resource. */
  readonly exists: boolean;
  /** Whether it is only looked at, never made. */
  readonly observeOnly: boolean;
}

/** A condition as the DittoServer shows it. */
export interface PreviewCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A result as it becomes an event of the DittoServer. */
export interface PreviewResult {
  readonly severity: string;
  readonly reason: string;
  readonly message: string;
}

/** Everything that is shown of one DittoServer. */
export interface Preview {
  readonly subject: Subject;
  /** What Crossplane would say as its Ready condition. */
  readonly ready: boolean;
  readonly resources: readonly PreviewResource[];
  /** What the cluster has and is not wanted any longer: Crossplane deletes it. */
  readonly removed: readonly { readonly key: string; readonly manifest: JsonObject }[];
  readonly conditions: readonly PreviewCondition[];
  readonly status: JsonObject;
  /** Endpoints once everything is there; a load balancer's address is not among them. */
  readonly endpoints: JsonObject;
  readonly results: readonly PreviewResult[];
  /** What is legal but unwise or without effect. */
  readonly warnings: readonly string[];
  /** Secrets that nobody gave and that count as present. */
  readonly assumed: readonly string[];
}

/** A preview, or why the DittoServer is refused, one problem each. */
export type Previewed =
  { readonly ok: true; readonly preview: Preview } | { readonly ok: false; readonly problems: readonly string[] };

/** What is known beside the DittoServer itself. */
export interface Surroundings {
  /** The composite resource with its former status. */
  readonly xr: JsonObject;
  readonly observed: ReadonlyMap<string, JsonObject>;
  readonly input: JsonObject | undefined;
  /** The Secrets that exist; undefined: nobody told, so those that are referred to count as present. */
  readonly secrets: readonly JsonObject[] | undefined;
}

type ReadSecret = Situation['readSecret'];

function readFrom(secrets: readonly JsonObject[]): ReadSecret {
  return (name, namespace) =>
    secrets.find(({ metadata }) => isObject(metadata) && metadata.name === name && metadata.namespace === namespace);
}

const statuses: Readonly<Record<number, string>> = {
  [Status.STATUS_CONDITION_TRUE]: 'True',
  [Status.STATUS_CONDITION_FALSE]: 'False',
};

const severities: Readonly<Record<number, string>> = {
  [Severity.SEVERITY_FATAL]: 'fatal',
  [Severity.SEVERITY_WARNING]: 'warning',
  [Severity.SEVERITY_NORMAL]: 'normal',
};

function conditionsOf({ conditions }: RunFunctionResponse, redact: Redact): readonly PreviewCondition[] {
  return conditions.map(({ type, status, reason, message = '' }) => ({
    type,
    status: statuses[status] ?? 'Unknown',
    reason,
    message: redact(message),
  }));
}

function resultsOf({ results }: RunFunctionResponse, redact: Redact): readonly PreviewResult[] {
  return results.map(({ severity, reason = '', message }) => ({
    severity: severities[severity] ?? 'unknown',
    reason,
    message: redact(message),
  }));
}

function statusOf(response: RunFunctionResponse, redact: Redact): JsonObject {
  const status = objectAt(response.desired?.composite?.resource, 'status') ?? {};
  const blocked = listAt(status, 'blocked').map((entry) =>
    isObject(entry) && typeof entry.message === 'string' ? { ...entry, message: redact(entry.message) } : entry,
  );
  return blocked.length === 0 ? status : { ...status, blocked };
}

/** Whether Crossplane would call the composite resource ready: it and all that is desired. */
function isReady({ desired }: RunFunctionResponse): boolean {
  return (
    desired?.composite?.ready !== Ready.READY_FALSE &&
    Object.values(desired?.resources ?? {}).every(({ ready }) => ready === Ready.READY_TRUE)
  );
}

/** The registry's order; what it does not know comes last, by name. */
function byOrder(a: string, b: string): number {
  const rank = (key: string): number => {
    const index = commonKeys.findIndex((known) => known === key);
    return index === -1 ? commonKeys.length : index;
  };
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

const kept: Health = { state: 'ready', reason: 'Kept', message: '' };
const unknown: Health = { state: 'progressing', reason: 'Waiting', message: '' };

function isThere(observed: ReadonlyMap<string, JsonObject>, key: string): boolean {
  const resource = observed.get(key);
  const object = resource === undefined ? undefined : readObject(resource);
  return object?.live !== undefined && !isMissing(object);
}

function resourcesOf(
  { response, decision }: Reconciled,
  { later }: Future,
  observed: ReadonlyMap<string, JsonObject>,
  redact: Redact,
): readonly PreviewResource[] {
  const desired = Object.entries(response.desired?.resources ?? {}).flatMap(
    ([key, { resource }]): [string, Foreseen][] =>
      resource === undefined ? [] : [[key, { object: resource, manifest: manifestOf(resource) }]],
  );
  const all = new Map([...later, ...desired]);
  const health = decision.kind === 'composed' ? decision.composition.health : new Map<string, Health>();

  return [...all.keys()].sort(byOrder).flatMap((key): PreviewResource[] => {
    const found = all.get(key);
    if (found === undefined) return [];
    const { object, manifest } = found;
    const isLater = !desired.some(([now]) => now === key);
    const { state, reason, message } = health.get(key) ?? (isLater ? unknown : kept);
    const component =
      decision.kind === 'composed' ? componentsOf(decision.plan).find((one) => one.key === key) : undefined;
    const used =
      decision.kind === 'composed'
        ? [...(component?.uses?.(decision.plan) ?? []), ...(component?.after?.(decision.plan) ?? [])]
        : [];
    const uses = used.filter((one) => all.has(one));
    const policies = listAt(object, 'spec', 'managementPolicies');
    return [
      {
        key,
        object: object === undefined ? undefined : hideSecrets(object),
        manifest: hideSecrets(manifest),
        ready: !isLater && response.desired?.resources[key]?.ready === Ready.READY_TRUE,
        state,
        reason,
        message: redact(message),
        uses,
        waitsFor: isLater ? uses.filter((one) => !isThere(observed, one)) : [],
        later: isLater,
        exists: observed.has(key),
        observeOnly: policies.length === 1 && policies[0] === 'Observe',
      },
    ];
  });
}

/** Composed resources of ours that are not desired any longer. */
function removedOf(
  { response }: Reconciled,
  observed: ReadonlyMap<string, JsonObject>,
  plan: Plan,
): Preview['removed'] {
  const desired = response.desired?.resources ?? {};
  return [...observed]
    .filter(([key, resource]) => desired[key] === undefined && isOurs(resource, plan.marks))
    .map(([key, resource]) => ({ key, manifest: hideSecrets(manifestOf(resource)) }));
}

function warningsOf({ decision }: Reconciled): readonly string[] {
  if (decision.kind !== 'composed') return [];
  return [...decision.plan.warnings, ...decision.composition.unchangeable];
}

/** Everything in which Secrets may lie. */
function sources(
  { observed, secrets = [] }: Surroundings,
  { response }: Reconciled,
  { last }: Future,
): readonly Json[] {
  const desired = [response, last.response].flatMap((of) => Object.values(of.desired?.resources ?? {}));
  return [
    ...observed.values(),
    ...secrets,
    ...desired.flatMap(({ resource }) => (resource === undefined ? [] : [resource])),
  ];
}

/**
 * Previews a DittoServer: calls the function as Crossplane does, with what is known, and then again with all that it
 * desires in place, to learn what comes later.
 */
export function preview(subject: Subject, surroundings: Surroundings): Previewed {
  const { xr, observed, input, secrets } = surroundings;
  const given = readFrom(secrets ?? []);
  const bare = reconcile({ xr, observed, input, readSecret: given });
  const written = subject.problems.map(problemText);
  if (bare.decision.kind !== 'composed') {
    const redact = redactor([...observed.values(), ...(secrets ?? [])]);
    const found = bare.decision.kind === 'refused' ? bare.decision.problems.map(problemText) : [];
    const fatal = resultsOf(bare.response, redact).map(({ message }) => message);
    return { ok: false, problems: [...new Set([...written, ...(found.length > 0 ? found : fatal)])].map(redact) };
  }
  if (written.length > 0) return { ok: false, problems: written };

  const { plan } = bare.decision;
  const substitutes = standIns(plan, xr);
  const whole: ReadSecret = (name, namespace) => given(name, namespace) ?? substitutes.get(name);
  const now =
    secrets === undefined && substitutes.size > 0 ? reconcile({ xr, observed, input, readSecret: whole }) : bare;
  const future = foresee(now, { xr, observed, input, readSecret: whole });
  const redact = redactor(sources(surroundings, now, future));
  const status = statusOf(now.response, redact);
  const shown: Preview = {
    subject: { ...subject, xr: hideSecrets(subject.xr) },
    ready: isReady(now.response),
    resources: resourcesOf(now, future, observed, redact),
    removed: removedOf(now, observed, plan),
    conditions: conditionsOf(now.response, redact),
    status,
    endpoints: objectAt(statusOf(future.last.response, redact), 'endpoints') ?? {},
    results: resultsOf(now.response, redact),
    warnings: warningsOf(now).map(redact),
    assumed: secrets === undefined ? now.asked.filter((name) => substitutes.has(name)) : [],
  };
  return { ok: true, preview: shown };
}
