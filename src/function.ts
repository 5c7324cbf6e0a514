import type { Input } from './api/v1alpha1/input.ts';
import { parseDittoServer, parseInput, type DittoServer } from './api/v1alpha1/parse.ts';
import { problemsText, type Problem } from './api/v1alpha1/problem.ts';
import { soundStatus } from './api/v1alpha1/status.ts';
import { componentsOf } from './components/registry.ts';
import { composeComponents, keepOurs, type Composition } from './composition/compose.ts';
import { observe, type Call } from './crossplane/observe.ts';
import type { RunFunctionRequest, RunFunctionResponse } from './crossplane/protocol.ts';
import { respond, type Answer } from './crossplane/respond.ts';
import { wholeSeconds } from './lib/duration.ts';
import { planMarks } from './plan/labels.ts';
import { tooLargeFor } from './plan/room.ts';
import { planDittoServer, requiredSecrets, type Plan } from './plan/plan.ts';
import { announceChanges } from './status/announce.ts';
import { deriveConditions, refusedConditions } from './status/conditions.ts';
import { describeStatus } from './status/describe.ts';

/** What a call needs from outside: the core has no clock, no randomness and no settings of its own. */
export interface Options {
  /** Seconds for which Crossplane may keep a settled response, where the Composition's input says nothing. */
  readonly ttl: number;
  /** Fresh random bytes, at least 32, for Secrets that are generated in this call. */
  readonly entropy: Uint8Array;
}

/** What was decided about a call: the answer, and how it came about, which the preview explains. */
export type Decision =
  | { readonly kind: 'refused'; readonly answer: Answer; readonly problems: readonly Problem[] }
  | { readonly kind: 'asking'; readonly answer: Answer }
  | { readonly kind: 'composed'; readonly answer: Answer; readonly plan: Plan; readonly composition: Composition };

/** Seconds until Crossplane calls again while something comes up, whose changes it may not notice. */
const SOON = 5;

/** Seconds until Crossplane calls again while its circuit breaker is open: it may have dropped an edit. */
const DEAF = 10;

/** An answer that desires nothing of its own and is never cached. */
const nothing: Answer = {
  desired: new Map(),
  ready: undefined,
  status: undefined,
  conditions: [],
  announcements: [],
  secrets: { namespace: '', names: [] },
  ttl: 0,
};

/** The answer to a bad spec or input: fatal, so nothing in the cluster changes, and never cached. */
function refuse(call: Call, reason: string, problems: readonly Problem[]): Decision {
  const message = problemsText(problems);
  const answer: Answer = {
    ...nothing,
    conditions: refusedConditions(reason, message, call.conditions),
    announcements: [{ severity: 'fatal', reason, message }],
  };
  return { kind: 'refused', answer, problems };
}

/** The first call of a reconcile: asks for Secrets, keeps what is observed, judges nothing. */
function ask(call: Call, { name, namespace }: DittoServer, names: readonly string[]): Decision {
  const answer: Answer = {
    desired: keepOurs(call.observed, planMarks(name)),
    ready: false,
    status: undefined,
    conditions: call.conditions,
    announcements: [],
    secrets: { namespace, names },
    ttl: SOON,
  };
  return { kind: 'asking', answer };
}

/** Soon while something comes up by itself; later when all is settled, or only a person can change what is not. */
function timeToLive({ responsive }: Call, { health }: Composition, settled: number): number {
  const states = [...health.values()].map(({ state }) => state);
  if (states.includes('progressing')) return Math.min(SOON, settled);
  return responsive ? settled : Math.min(DEAF, settled);
}

function compose(call: Call, server: DittoServer, input: Input, names: readonly string[], options: Options): Decision {
  const { observed, secrets } = call;
  const plan = planDittoServer({ server, input, observed, secrets, entropy: options.entropy });
  const tooLarge = tooLargeFor(plan.config, plan.serving.text);
  if (tooLarge !== undefined) return refuse(call, 'InvalidSpec', [tooLarge]);
  const frame = {
    owner: plan,
    labels: plan.labelsOf('object'),
    marks: plan.marks,
    providerConfigRef: plan.providerConfigRef,
  };
  const composition = composeComponents(componentsOf(plan), plan, frame, observed);
  const findings = { plan, composition, observed, former: call.conditions };
  const conditions = deriveConditions(findings);

  const answer: Answer = {
    desired: composition.desired,
    ready: composition.heldBack.length > 0 ? false : undefined,
    status: soundStatus(describeStatus(findings, call.phase)),
    conditions,
    announcements: announceChanges(call.conditions, conditions),
    secrets: { namespace: plan.namespace, names },
    ttl: timeToLive(call, composition, plan.ttl === undefined ? options.ttl : wholeSeconds(plan.ttl)),
  };
  return { kind: 'composed', answer, plan, composition };
}

/** Decides what a DittoServer becomes: a pure function of the call and its options. */
export function decide(call: Call, options: Options): Decision {
  const input = parseInput(call.input);
  if (!input.ok) return refuse(call, 'InvalidInput', input.problems);

  const parsed = parseDittoServer(call.xr, input.value, call.observed.has('database'));
  if (!parsed.ok) return refuse(call, 'InvalidSpec', parsed.problems);

  const server = parsed.value;
  const { secrets } = call;
  if (secrets === 'unsupported') return compose(call, server, input.value, [], options);
  const names = requiredSecrets(server);
  if (names.some((name) => !secrets.has(name))) return ask(call, server, names);
  return compose(call, server, input.value, names, options);
}

/** Answers Crossplane's call: request in, response out. */
export function runFunction(request: RunFunctionRequest, options: Options): RunFunctionResponse {
  return respond(request, decide(observe(request), options).answer);
}

/**
 * The answer when composing threw, which is a bug: fatal, so that nothing in the cluster changes. What went wrong stands
 * in the function's log; here it might show what other tenants wrote.
 */
export function failedResponse(request: RunFunctionRequest): RunFunctionResponse {
  return respond(request, {
    ...nothing,
    announcements: [
      {
        severity: 'fatal',
        reason: 'InternalError',
        message: 'cannot compose the DittoServer: an error in the function; its log says where',
      },
    ],
  });
}
