import { observe } from '../crossplane/observe.ts';
import {
  Capability,
  RunFunctionRequest,
  RunFunctionResponse,
  type Requirements,
  type Resource,
  type Resources,
} from '../crossplane/protocol.ts';
import { respond } from '../crossplane/respond.ts';
import { decide, type Decision, type Options } from '../function.ts';
import { sha256 } from '../lib/hash.ts';
import type { JsonObject } from '../lib/json.ts';

/** What Crossplane knows when it reconciles a composite resource. */
export interface Situation {
  readonly xr: JsonObject;
  /** The composed resources by key. */
  readonly observed: ReadonlyMap<string, JsonObject>;
  /** The input of the Composition's step. */
  readonly input: JsonObject | undefined;
  /** The Secret that the cluster has under a name, if it has one. */
  readonly readSecret: (name: string, namespace: string) => JsonObject | undefined;
}

/** What came of it: the function's last answer, and how it was decided. */
export interface Reconciled {
  readonly response: RunFunctionResponse;
  readonly decision: Decision;
  /** Names of the Secrets that the function asked for. */
  readonly asked: readonly string[];
}

/** How often Crossplane calls a function whose requirements keep changing (internal/xfn/required_resources.go). */
const MOST_CALLS = 6;

/** What a current Crossplane says that it can do. */
const capabilities = [
  Capability.CAPABILITY_CAPABILITIES,
  Capability.CAPABILITY_REQUIRED_RESOURCES,
  Capability.CAPABILITY_CREDENTIALS,
  Capability.CAPABILITY_CONDITIONS,
  Capability.CAPABILITY_REQUIRED_SCHEMAS,
];

/** Values that are generated are hidden, so they may be the same every time: the same file is the same output. */
const options: Options = { ttl: 60, entropy: new Uint8Array(32) };

function toResource(resource: JsonObject): Resource {
  return { resource, connectionDetails: {}, ready: 0 };
}

function fetch({ resources }: Requirements, { readSecret }: Situation): Record<string, Resources> {
  return Object.fromEntries(
    Object.entries(resources).map(([key, { matchName = '', namespace = '' }]) => {
      const secret = readSecret(matchName, namespace);
      return [key, { items: secret === undefined ? [] : [toResource(secret)] }];
    }),
  );
}

/** The request as Crossplane sends it, its tag being a hash of the rest, through the wire format and back. */
function requestFor(
  { xr, observed, input }: Situation,
  requiredResources: Record<string, Resources>,
  context: JsonObject,
): RunFunctionRequest {
  const resources = [...observed].map(([key, resource]): [string, Resource] => [key, toResource(resource)]);
  const request: RunFunctionRequest = {
    meta: { tag: '', capabilities },
    observed: { composite: toResource(xr), resources: Object.fromEntries(resources) },
    desired: { composite: undefined, resources: {} },
    input,
    context,
    requiredResources,
  };
  const tag = sha256(RunFunctionRequest.encode(request).toString('base64'));
  return RunFunctionRequest.decode(RunFunctionRequest.encode({ ...request, meta: { tag, capabilities } }));
}

function asText(requirements: Requirements): string {
  const selectors = Object.entries(requirements.resources);
  return JSON.stringify(selectors.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Calls the function as Crossplane does: again and again with what it asks for, until it asks for nothing else, at most
 * six times; every request and response goes through the wire format.
 */
export function reconcile(situation: Situation): Reconciled {
  let requirements: Requirements = { resources: {} };
  let context: JsonObject = {};
  for (let call = 0; call < MOST_CALLS; call += 1) {
    const request = requestFor(situation, fetch(requirements, situation), context);
    const decision = decide(observe(request), options);
    const answered = respond(request, decision.answer);
    const response = RunFunctionResponse.decode(RunFunctionResponse.encode(answered));
    const next = response.requirements ?? { resources: {} };
    const settled = asText(next) === asText(requirements);
    if (settled || decision.kind === 'refused') {
      const asked = Object.values(next.resources).map(({ matchName = '' }) => matchName);
      return { response, decision, asked };
    }
    requirements = next;
    context = response.context ?? {};
  }
  throw new Error(`the function keeps asking for other resources after ${MOST_CALLS} calls`);
}
