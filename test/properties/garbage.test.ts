import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import { commonKeys } from '../../src/components/keys.ts';
import { anyJson, arbitrarySpec } from '../support/arbitrary.ts';
import { call, conditionsOf, desiredOf, requestOf, resultsOf, statusOf } from '../support/call.ts';
import type { RunFunctionResponse } from '../../src/crossplane/protocol.ts';
import { statusProblems } from '../support/schemas.ts';
import { dittoServer } from '../support/server.ts';

/*
 * Nothing that arrives makes the function throw, and what it answers is always something that Crossplane takes: a
 * status by the schema, conditions and results with a reason in one word.
 */

const anyObject = fc.dictionary(fc.string({ maxLength: 8 }), anyJson, { maxKeys: 4, noNullPrototype: true });

function expectSound(response: RunFunctionResponse): void {
  const status = statusOf(response);
  if (status !== undefined) expect(statusProblems(status)).toEqual([]);
  for (const { reason, message } of [...conditionsOf(response), ...resultsOf(response)]) {
    expect(reason).toMatch(/^[A-Za-z][A-Za-z0-9]{0,62}$/);
    expect(message.length).toBeLessThanOrEqual(32_768);
  }
}

/** Every way to a value in a spec, apart from what is free-form. */
function pathsOf(value: Json | undefined, above: readonly (string | number)[] = []): (string | number)[][] {
  const below = Array.isArray(value)
    ? (value as readonly Json[]).flatMap((item, index) => pathsOf(item, [...above, index]))
    : isObject(value)
      ? Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...above, key]))
      : [];
  return [[...above], ...below].filter(([first]) => first !== 'extraConfig');
}

function replaced(value: Json | undefined, [step, ...rest]: readonly (string | number)[], by: Json): Json {
  if (step === undefined) return by;
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((item, index) => (index === step ? replaced(item, rest, by) : item));
  }
  const object = isObject(value) ? value : {};
  return { ...object, [step]: replaced(object[step], rest, by) };
}

describe('a spec that is no spec', () => {
  it('any JSON: it never throws, and renders only where it is accepted whole', () => {
    fc.assert(
      fc.property(anyJson, (spec) => {
        const xr = { ...dittoServer(), spec };
        const response = call(requestOf({ xr: xr, crossplane: 'v1' }));
        expectSound(response);
        const fatal = resultsOf(response).some(({ severity }) => severity === 'fatal');
        const empty = spec === undefined || (isObject(spec) && Object.keys(spec).length === 0);
        expect(fatal).toBe(!empty);
        expect(Object.keys(desiredOf(response)).length === 0).toBe(fatal);
        if (fatal) expect(response.meta?.ttl?.seconds).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('one value of a valid spec is an object of nobody’s: refused, nothing rendered, and the message names a field', () => {
    fc.assert(
      fc.property(arbitrarySpec, fc.nat(), (spec, index) => {
        const paths = pathsOf(spec).filter((path) => path.length > 0);
        fc.pre(paths.length > 0);
        const path = paths[index % paths.length] ?? [];
        const mutated = replaced(spec, path, { '%odd%': { '%': 1 } });
        const response = call(requestOf({ xr: { ...dittoServer(), spec: mutated } }));
        expectSound(response);
        const [result] = resultsOf(response);
        expect(result).toMatchObject({ severity: 'fatal', reason: 'InvalidSpec' });
        expect(result?.message).toContain(`spec.${String(path[0])}`);
        expect(desiredOf(response)).toEqual({});
        expect(response.requirements?.resources).toEqual({});
      }),
      { numRuns: 120 },
    );
  });

  it('an unknown field is added anywhere: refused', () => {
    fc.assert(
      fc.property(arbitrarySpec, fc.nat(), (spec, index) => {
        const open = [
          'nodeSelector',
          'podLabels',
          'podAnnotations',
          'annotations',
          'matchLabels',
          'limits',
          'requests',
        ];
        const paths = pathsOf(spec).filter((path) => {
          const value = path.reduce<unknown>(
            (current, step) => (current as Record<string | number, unknown>)[step],
            spec,
          );
          return isObject(value) && !open.includes(String(path.at(-1)));
        });
        const path = paths[index % paths.length] ?? [];
        const mutated = replaced(spec, [...path, 'unheardOf'], 'x');
        const response = call(requestOf({ xr: { ...dittoServer(), spec: mutated } }));
        expect(resultsOf(response)[0]).toMatchObject({ severity: 'fatal', reason: 'InvalidSpec' });
        expect(resultsOf(response)[0]?.message).toContain('unheardOf');
      }),
      { numRuns: 100 },
    );
  });
});

/** What could stand where something is expected: mostly that, now and then anything else, or nothing. */
const anyOf = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 8, arbitrary: value },
    { weight: 1, arbitrary: anyJson },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
const oddText = fc.oneof(fc.string(), fc.constantFrom('', 'x'.repeat(600)));
const garbageManifest = fc.record({
  apiVersion: anyOf(fc.constantFrom('v1', 'apps/v1')),
  kind: anyOf(
    fc.constantFrom('Secret', 'PersistentVolumeClaim', 'StatefulSet', 'Service', 'PerconaPGCluster', 'ConfigMap'),
  ),
  metadata: anyOf(
    fc.record({
      name: anyOf(fc.string()),
      namespace: anyOf(fc.constant('team-a')),
      labels: anyOf(
        fc.constant({ 'app.kubernetes.io/instance': 'files', 'app.kubernetes.io/managed-by': 'function-dittofs' }),
      ),
      ownerReferences: anyJson,
      generation: anyOf(fc.integer()),
    }),
  ),
  spec: anyOf(
    fc.record({
      replicas: anyOf(fc.integer()),
      type: anyOf(fc.constantFrom('LoadBalancer', 'NodePort')),
      ports: anyOf(
        fc.array(fc.record({ name: anyOf(fc.constant('nfs')), port: anyOf(fc.integer()), nodePort: anyJson })),
      ),
      resources: anyOf(fc.record({ requests: anyOf(fc.record({ storage: anyOf(fc.string()) })) })),
      template: anyJson,
    }),
  ),
  status: anyOf(
    fc.record({
      phase: anyOf(oddText),
      capacity: anyOf(fc.record({ storage: anyOf(oddText) })),
      replicas: anyOf(fc.integer()),
      readyReplicas: anyOf(fc.integer()),
      loadBalancer: anyOf(
        fc.record({ ingress: anyOf(fc.array(fc.record({ ip: anyOf(oddText), hostname: anyJson }))) }),
      ),
    }),
  ),
  data: anyJson,
});

const garbageObject = fc.record({
  apiVersion: anyOf(fc.constantFrom('kubernetes.m.crossplane.io/v1alpha1', 'kubernetes.crossplane.io/v1alpha2')),
  kind: anyOf(fc.constant('Object')),
  metadata: anyOf(
    fc.record({
      name: anyOf(fc.string()),
      labels: anyOf(
        fc.constant({ 'app.kubernetes.io/instance': 'files', 'app.kubernetes.io/managed-by': 'function-dittofs' }),
      ),
      deletionTimestamp: anyJson,
    }),
  ),
  spec: anyOf(
    fc.record({
      managementPolicies: anyOf(fc.array(anyOf(fc.constantFrom('Observe', 'Create', 'Update', 'Delete', '*')))),
      forProvider: anyOf(fc.record({ manifest: garbageManifest })),
    }),
  ),
  status: anyOf(
    fc.record({
      conditions: anyOf(
        fc.array(
          fc.record({
            type: anyOf(fc.constant('Synced')),
            status: anyOf(fc.constant('False')),
            message: anyJson,
            reason: anyJson,
          }),
        ),
      ),
      atProvider: anyOf(fc.record({ manifest: garbageManifest })),
    }),
  ),
});

function clean(value: unknown): JsonObject {
  const json: unknown = JSON.parse(JSON.stringify(value ?? {}));
  return isObject(json) ? json : {};
}

describe('whatever is observed', () => {
  it('garbage Objects under our keys and others: it never throws, and says nothing that Crossplane refuses', () => {
    const keys = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...commonKeys) },
      { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 10 }) },
    );
    const observed = fc.dictionary(keys, garbageObject, { maxKeys: 6, noNullPrototype: true });
    fc.assert(
      fc.property(arbitrarySpec, observed, fc.constantFrom('v1', 'v2'), (spec, objects, crossplane) => {
        const resources = Object.fromEntries(Object.entries(objects).map(([key, object]) => [key, clean(object)]));
        const required = { 'secret/files-jwt-secret': [], 'secret/files-admin-bootstrap-credentials': [] };
        const response = call(requestOf({ xr: dittoServer(spec), observed: resources, required, crossplane }));
        expectSound(response);
        expect(resultsOf(response).filter(({ severity }) => severity === 'fatal')).toEqual([]);
        expect(response.desired?.resources).toBeDefined();
      }),
      { numRuns: 100 },
    );
  });

  it('garbage as XR, input, context, required resources and status: it never throws', () => {
    fc.assert(
      fc.property(
        fc.record({
          xr: anyObject,
          status: anyJson,
          input: fc.option(anyObject, { nil: undefined }),
          context: anyObject,
          secret: anyObject,
          whole: fc.boolean(),
        }),
        ({ xr, status, input, context, secret, whole }) => {
          const server = { ...dittoServer(), status };
          const response = call(
            requestOf({
              xr: whole ? xr : server,
              input,
              context,
              required: { 'secret/files-jwt-secret': [secret], 'secret/files-admin-bootstrap-credentials': [secret] },
            }),
          );
          expectSound(response);
          expect(response.context).toEqual(context);
        },
      ),
      { numRuns: 100 },
    );
  });
});
