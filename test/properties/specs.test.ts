import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunFunctionRequest, RunFunctionResponse } from '../../src/crossplane/protocol.ts';
import { runFunction } from '../../src/function.ts';
import { textAt, type JsonObject } from '../../src/lib/json.ts';
import { arbitraryIdentity, arbitraryInput, arbitrarySpec } from '../support/arbitrary.ts';
import { desiredOf, entropyOf, requestOf, resultsOf } from '../support/call.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { broughtSecrets } from '../support/examples.ts';
import { responseProblems } from '../support/schemas.ts';
import { dittoServer, identityOf } from '../support/server.ts';

/** A cluster with everything that a spec may name. */
function clusterFor(xr: JsonObject, input: JsonObject | undefined): Cluster {
  const cluster = createCluster({ xr, input });
  for (const brought of broughtSecrets(xr)) cluster.api.put(brought);
  for (const name of [textAt(xr.spec, 'storage', 'storageClassName'), textAt(input, 'storageClassName')]) {
    if (name === undefined) continue;
    const metadata = { name };
    cluster.api.put({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata,
      provisioner: 'x',
      allowVolumeExpansion: true,
    });
  }
  return cluster;
}

const anyServer = fc
  .record({ spec: arbitrarySpec, identity: arbitraryIdentity, input: arbitraryInput })
  .map(({ spec, identity, input }) => ({ xr: dittoServer(spec, identity), input }));

// Whole servers come up and go, each in many calls: on a busy machine that takes a while.
describe('for every valid spec', { timeout: 180_000 }, () => {
  it('names and manifests are valid, it comes up, and its own output fed back changes nothing', () => {
    fc.assert(
      fc.property(anyServer, ({ xr, input }) => {
        const cluster = clusterFor(xr, input);
        const created = cluster.step();
        expect(resultsOf(created.response)).toEqual([]);
        expect(created.calls.flatMap(responseProblems)).toEqual([]);
        const settled = cluster.bringUp();
        expect(responseProblems(settled.response)).toEqual([]);
        expect(cluster.condition('Ready')).toMatchObject({ status: 'True' });

        const [before, told] = [cluster.snapshot(), cluster.results.length];
        expect(responseProblems(cluster.settle().response)).toEqual([]);
        expect(cluster.snapshot()).toBe(before);
        expect(cluster.results).toHaveLength(told);
      }),
      { numRuns: 20 },
    );
  });

  it('nothing but data is left behind when it goes, and with Delete nothing at all', () => {
    fc.assert(
      fc.property(anyServer, ({ xr, input }) => {
        const cluster = clusterFor(xr, input);
        const before = cluster.api.all().length;
        cluster.bringUp();
        cluster.remove();
        cluster.provide();
        // A volume that was bound goes after its claim.
        cluster.control();
        cluster.provide();
        const kept = textAt(xr, 'spec', 'storage', 'retentionPolicy') !== 'Delete';
        const left = cluster.api.all().slice(before);
        expect(
          left.every(
            ({ kind }) => kept && ['PersistentVolumeClaim', 'Secret'].includes(textAt({ kind }, 'kind') ?? ''),
          ),
        ).toBe(true);
      }),
      { numRuns: 6 },
    );
  });
});

/** The same value with the fields of its objects in another order, drawn from a seed. */
function shuffled<T>(value: T, random: () => number): T {
  if (Array.isArray(value)) return value.map((item: unknown) => shuffled(item, random)) as T;
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  const entries = Object.entries(value).map(([key, below]) => [random(), key, shuffled(below, random)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => a - b).map(([, key, below]) => [key, below])) as T;
}

function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

describe('the same request', () => {
  it('is answered by the same bytes, in whatever order its maps and fields are', () => {
    fc.assert(
      fc.property(anyServer, fc.integer({ min: 1, max: 2 ** 30 }), fc.boolean(), ({ xr, input }, seed, up) => {
        const cluster = clusterFor(xr, input);
        cluster.step();
        cluster.provide();
        if (up) cluster.step();
        const { namespace } = identityOf(xr);
        const secrets = cluster.api.all().filter(({ kind }) => kind === 'Secret');
        const required = Object.fromEntries(
          secrets.map((found) => [`secret/${textAt(found, 'metadata', 'name') ?? namespace}`, [found]]),
        );
        const request = requestOf({
          xr: cluster.xr(),
          observed: cluster.objects(),
          required,
          input,
          context: { b: { d: 1, c: 2 }, a: [] },
        });
        const answer = (asked: RunFunctionRequest): string =>
          RunFunctionResponse.encode(runFunction(asked, { ttl: 60, entropy: entropyOf(3) })).toString('base64');
        const bytes = answer(request);
        expect(answer(shuffled(request, pseudoRandom(seed)))).toBe(bytes);
        // Not even the order in which protobuf sends its maps matters.
        expect(answer(RunFunctionRequest.decode(RunFunctionRequest.encode(request)))).toBe(bytes);
      }),
      { numRuns: 30 },
    );
  });

  it('has the same Objects under the same names in both flavours’ terms: one per key, no two alike', () => {
    fc.assert(
      fc.property(arbitraryIdentity, arbitraryIdentity, (one, other) => {
        fc.pre(one.name !== other.name || one.namespace !== other.namespace);
        const namesOf = (identity: typeof one): readonly string[] =>
          Object.values(
            desiredOf(
              RunFunctionResponse.decode(
                RunFunctionResponse.encode(
                  runFunction(requestOf({ xr: dittoServer({}, { ...identity, flavour: 'claim' }), crossplane: 'v1' }), {
                    ttl: 60,
                    entropy: entropyOf(1),
                  }),
                ),
              ),
            ),
          ).map((object) => textAt(object, 'metadata', 'name') ?? '');
        const all = [...namesOf(one), ...namesOf(other)];
        expect(new Set(all).size).toBe(all.length);
      }),
      { numRuns: 20 },
    );
  });
});
