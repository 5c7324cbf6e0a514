import * as z from 'zod';
import { at, isObject, numberAt, objectAt, textAt, type Json, type JsonObject, type Path } from '../../lib/json.ts';
import { Input, noInput } from './input.ts';
import { checkLimits } from './limits.ts';
import { nameProblem, type ServerIdentity } from './name.ts';
import { inOurWords, quote, sortProblems, toProblems, type Problem } from './problem.ts';
import { depthProblem, keyProblems } from './shape.ts';
import { checkPercona } from './percona-checks.ts';
import { Spec } from './spec.ts';

/** A DittoServer as it was written, checked and with its defaults filled in. */
export interface DittoServer extends ServerIdentity {
  /** Generation of the spec; left out for a claim, where the XR's generation is another object's. */
  readonly generation: number | undefined;
  readonly spec: Spec;
}

/** A value, or everything that is wrong with what was to become one. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Fields that Crossplane puts into the spec of every XR (crossplane-runtime, pkg/xcrd/schemas.go). */
const crossplaneFields = [
  'crossplane',
  'compositionRef',
  'compositionSelector',
  'compositionRevisionRef',
  'compositionRevisionSelector',
  'compositionUpdatePolicy',
  'compositeDeletePolicy',
  'claimRef',
  'resourceRef',
  'resourceRefs',
  'writeConnectionSecretToRef',
  'publishConnectionDetailsTo',
];

const Manifest = z.strictObject({ spec: Spec });
const StepInput = z.strictObject({ input: Input });

function refused<T>(problems: readonly Problem[]): Parsed<T> {
  return { ok: false, problems: sortProblems(problems) };
}

/** The names of an object schema's fields at a path, through optional, default and list wrappers. */
function fieldsAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return fieldsAt(schema.unwrap(), path);
  }
  const [step, ...rest] = path;
  if (schema instanceof z.ZodArray) return step === undefined ? [] : fieldsAt(schema.element, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  if (step === undefined) return Object.keys(schema.shape);
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
  const field = Object.hasOwn(shape, step) ? shape[step] : undefined;
  return field === undefined ? [] : fieldsAt(field, rest);
}

/** Checks what people wrote against its schema; all problems at once, unless it is nested too deep to be read. */
function check<S extends z.ZodType>(schema: S, written: JsonObject): Parsed<z.output<S>> {
  const tooDeep = depthProblem(written, []);
  if (tooDeep !== undefined) return refused([tooDeep]);

  const parsed = schema.safeParse(written, { error: inOurWords });
  const problems = parsed.success ? [] : toProblems(parsed.error, written, (path) => fieldsAt(schema, path));
  const known = new Set(problems.map(({ field }) => field));
  const all = [...problems, ...keyProblems(written, []).filter(({ field }) => !known.has(field))];
  return parsed.success && all.length === 0 ? { ok: true, value: parsed.data } : refused(all);
}

/** The Composition's input; absent means that the platform decided nothing. */
export function parseInput(input: Json | undefined): Parsed<Input> {
  if (input === undefined) return { ok: true, value: noInput };
  const parsed = check(StepInput, { input });
  return parsed.ok ? { ok: true, value: parsed.value.input } : parsed;
}

/**
 * Which DittoServer an XR stands for. A namespaced XR is the DittoServer itself; a cluster-scoped one stands for its
 * claim, whose name and namespace count, because Crossplane makes the XR's own name six characters longer.
 */
function identify(xr: JsonObject): Parsed<ServerIdentity> {
  const namespace = textAt(xr, 'metadata', 'namespace');
  const name = textAt(xr, 'metadata', 'name') ?? '';
  if (namespace !== undefined) return identified({ flavour: 'namespaced', name, namespace });

  const claim = objectAt(xr, 'spec', 'claimRef');
  const claimName = textAt(claim, 'name');
  const claimNamespace = textAt(claim, 'namespace');
  if (claimName === undefined || claimNamespace === undefined) {
    const kind = textAt(xr, 'kind') ?? 'XR';
    return refused([
      {
        field: 'spec.claimRef',
        detail: `is required: ${kind} ${quote(name)} has no claim; create a DittoServer in a namespace instead`,
      },
    ]);
  }
  return identified({ flavour: 'claim', name: claimName, namespace: claimNamespace });
}

function identified(identity: ServerIdentity): Parsed<ServerIdentity> {
  const problem = nameProblem(identity.name);
  return problem === undefined ? { ok: true, value: identity } : refused([problem]);
}

/**
 * Reads a DittoServer from an XR, with everything that is wrong with it: types, bounds, unknown fields, rules,
 * Kubernetes' own types, and the platform's limits. `hasCluster`: whether its Percona cluster was made already.
 */
export function parseDittoServer(xr: JsonObject, input: Input, hasCluster = false): Parsed<DittoServer> {
  const identity = identify(xr);
  const written = at(xr, 'spec') ?? undefined;
  const spec = isObject(written)
    ? Object.fromEntries(Object.entries(written).filter(([key]) => !crossplaneFields.includes(key)))
    : written;

  const parsed = check(Manifest, { spec });
  const specProblems = parsed.ok
    ? [
        ...checkLimits(parsed.value.spec, input),
        ...(identity.ok ? checkPercona(parsed.value.spec, identity.value, input, hasCluster) : []),
      ]
    : parsed.problems;
  if (!identity.ok || !parsed.ok || specProblems.length > 0) {
    return refused([...(identity.ok ? [] : identity.problems), ...specProblems]);
  }
  const generation = identity.value.flavour === 'namespaced' ? numberAt(xr, 'metadata', 'generation') : undefined;
  return { ok: true, value: { ...identity.value, generation, spec: parsed.value.spec } };
}
