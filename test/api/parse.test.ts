import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Input, inputType, noInput } from '../../src/api/v1alpha1/input.ts';
import { parseDittoServer, parseInput } from '../../src/api/v1alpha1/parse.ts';
import { problemText } from '../../src/api/v1alpha1/problem.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { objectWith } from './api-server.ts';
import { refusedByName } from './database-cases.ts';
import { accepted, limits, names, namesWithPercona, refusedInputs, refusedSpecs } from './cases.ts';

function problemsOf(xr: JsonObject, input = noInput): readonly string[] {
  const parsed = parseDittoServer(xr, input);
  return parsed.ok ? [] : parsed.problems.map(problemText);
}

describe('parseDittoServer', () => {
  it.each(accepted)('accepts %s', (_, spec) => {
    expect(problemsOf(objectWith(spec))).toEqual([]);
  });

  it.each([...refusedSpecs, ...refusedByName].map((entry) => [entry.title, entry] as const))(
    'refuses %s',
    (_, { spec, problems }) => {
      expect(problemsOf(objectWith(spec))).toEqual(Object.values(problems).flat().sort());
    },
  );

  it.each(names)('checks the name %s', (name, good) => {
    const problem = `metadata.name: "${name}" is not a DNS-1035 label of at most 40 characters such as "my-server"`;
    expect(problemsOf(objectWith({}, 'DittoServer', name))).toEqual(good ? [] : [problem]);
  });

  it.each(namesWithPercona)('checks the name %s of a server with a Percona cluster', (name, good) => {
    const problem = `metadata.name: "${name}" is longer than 28 characters, which with percona.enabled is the most: Percona’s operator names pods after the cluster`;
    expect(problemsOf(objectWith({ percona: { enabled: true } }, 'DittoServer', name))).toEqual(good ? [] : [problem]);
    expect(problemsOf(objectWith({ percona: {} }, 'DittoServer', name))).toEqual([]);
  });

  it.each(limits.map((entry) => [entry.title, entry] as const))('keeps to the limits: %s', (_, limit) => {
    const type = { apiVersion: `${inputType.group}/${inputType.version}`, kind: inputType.kind };
    const input = Input.parse({ ...type, ...limit.input });
    expect(problemsOf(objectWith(limit.spec), input)).toEqual(limit.problems);
  });

  it('takes the name, the namespace and the generation of a namespaced XR', () => {
    const parsed = parseDittoServer(
      { kind: 'DittoServer', metadata: { name: 'nas', namespace: 'team-a', generation: 3 }, spec: {} },
      noInput,
    );
    expect(parsed).toMatchObject({
      ok: true,
      value: { flavour: 'namespaced', name: 'nas', namespace: 'team-a', generation: 3 },
    });
  });

  it('takes the name and the namespace of a claim, and no generation, which is the XR’s', () => {
    const spec = { claimRef: { apiVersion: 'x', kind: 'DittoServer', name: 'nas', namespace: 'team-a' } };
    const metadata = { name: 'nas-x7k2p', generation: 3 };
    const parsed = parseDittoServer({ kind: 'XDittoServer', metadata, spec }, noInput);
    expect(parsed).toMatchObject({ ok: true, value: { flavour: 'claim', name: 'nas', namespace: 'team-a' } });
    expect(parsed.ok && parsed.value.generation).toBeUndefined();
  });

  it('measures the claim’s name, not the XR’s', () => {
    const longest = 'a'.repeat(40);
    const claimed = (name: string) => ({
      kind: 'XDittoServer',
      metadata: { name: `${name}-x7k2p` },
      spec: { claimRef: { name, namespace: 'team-a' } },
    });
    expect(problemsOf(claimed(longest))).toEqual([]);
    expect(problemsOf(claimed(`${longest}a`))).toHaveLength(1);
  });

  it.each<[string, Json]>([
    ['without a claim', {}],
    ['with half a claim', { claimRef: { name: 'nas' } }],
    ['with an odd claim', { claimRef: ['nas'] }],
  ])('refuses an XR %s, with everything else that is wrong', (_, spec) => {
    const xr = { kind: 'XDittoServer', metadata: { name: 'nas' }, spec: { ...(spec as JsonObject), replicas: 2 } };
    expect(problemsOf(xr)).toEqual([
      'spec.claimRef: is required: XDittoServer "nas" has no claim; create a DittoServer in a namespace instead',
      'spec.replicas: 2 is more than 1',
    ]);
  });

  it('passes over what Crossplane writes into a spec', () => {
    const machinery = {
      crossplane: { compositionRef: { name: 'x' }, resourceRefs: [] },
      compositionRef: { name: 'x' },
      compositionUpdatePolicy: 'Automatic',
      compositeDeletePolicy: 'Foreground',
      resourceRefs: [{ kind: 'Object' }],
      writeConnectionSecretToRef: { name: 'x', namespace: 'y' },
    };
    expect(problemsOf(objectWith(machinery))).toEqual([]);
  });

  it('refuses an XR without a spec', () => {
    expect(problemsOf({ kind: 'DittoServer', metadata: { name: 'nas', namespace: 'a' } })).toEqual([
      'spec: is required',
    ]);
  });

  it.each<[string, string, readonly string[]]>([
    [
      'lists without end',
      `{"image":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      ['spec.image: is nested more than 64 levels deep'],
    ],
    [
      'objects without end',
      `{"affinity":${'{"nodeAffinity":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
      ['spec.affinity: is nested more than 64 levels deep'],
    ],
    ['a number beyond all', '{"replicas":1e999}', ['spec.replicas: Infinity is not an integer']],
    [
      'the same name a hundred thousand times',
      `{"imagePullSecrets":[${Array.from({ length: 100_000 }, () => '{"name":"a"}').join(',')}]}`,
      expect.arrayContaining(['spec.imagePullSecrets: has more than 16 items']) as string[],
    ],
  ])('survives %s', (_, spec, problems) => {
    expect(problemsOf(objectWith(JSON.parse(spec) as Json))).toEqual(problems);
  });

  it('gives problems and never an exception, each said once and in order, whatever is written', () => {
    const fields = [
      'image',
      'storage',
      'nfs',
      'port',
      'extraEnv',
      'name',
      'resources',
      'metadataSize',
      '__proto__',
      '0',
    ];
    const { spec } = fc.letrec<{ spec: Json }>((tie) => ({
      spec: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<Json>(null, '', 'a', '10Gi', 0, -1, 1.5, true),
        fc.array(tie('spec'), { maxLength: 3 }),
        fc
          .array(fc.tuple(fc.constantFrom(...fields), tie('spec')), { maxLength: 5 })
          .map(
            (entries) => JSON.parse(`{${entries.map(([k, v]) => `"${k}":${JSON.stringify(v)}`).join(',')}}`) as Json,
          ),
      ),
    }));
    fc.assert(
      fc.property(spec, (written) => {
        const problems = problemsOf(objectWith(written));
        expect(problems).toEqual([...new Set(problems)].sort());
        for (const problem of problems) expect(problem).toMatch(/^(spec|metadata)[^ ]*: ./);
      }),
      { numRuns: 500 },
    );
  });
});

describe('parseInput', () => {
  it('takes the defaults where there is no input', () => {
    expect(parseInput(undefined)).toEqual({ ok: true, value: noInput });
  });

  it.each(refusedInputs)('refuses %s', (_, input, problems) => {
    const parsed = parseInput(input);
    expect(parsed.ok ? [] : parsed.problems.map(problemText)).toEqual(problems);
  });
});
