import { describe, expect, it } from 'vitest';
import { problemText } from '../../src/api/v1alpha1/problem.ts';
import { StructuralSchema } from '../../src/api/v1alpha1/structural.ts';
import { claimsDefinition, namespacedDefinition } from '../../src/api/v1alpha1/xrd.ts';
import type { Json } from '../../src/lib/json.ts';
import { objectWith, pruned, rulesOf, schemaProblems, unknownFields, violations, withDefaults } from './api-server.ts';
import { accepted, changes, names, namesWithPercona, refusedSpecs, type Refused } from './cases.ts';

/** The schema of an XRD as the API server has it: kind and apiVersion are fields like any other. */
function schemaOf({ spec }: ReturnType<typeof namespacedDefinition | typeof claimsDefinition>): StructuralSchema {
  const [version] = spec.versions;
  const schema = StructuralSchema.parse(version?.schema.openAPIV3Schema);
  const text = { type: 'string' } as const;
  const metadata = { ...schema.properties?.metadata, type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return StructuralSchema.parse({
    ...schema,
    properties: { apiVersion: text, kind: text, ...schema.properties, metadata },
  });
}

const schema = schemaOf(namespacedDefinition());
const claims = schemaOf(claimsDefinition());

/** An object as the API server validates it: without fields that it does not know, and with defaults. */
function admitted(of: StructuralSchema, object: Json): Json {
  return withDefaults(of, pruned(of, object));
}

function broken(of: StructuralSchema, object: Json, former?: Json) {
  return violations(of, admitted(of, object), former === undefined ? undefined : admitted(of, former));
}

/** The problems that the API server finds by the rules of the XRD, with the same words as the function. */
function celProblems(of: StructuralSchema, object: Json, former?: Json): string[] {
  return broken(of, object, former)
    .map(({ problem }) => problemText(problem))
    .sort();
}

/** The fields before the colon of problems. */
function fieldsOf(problems: readonly string[] = []): string[] {
  return [...new Set(problems.map((problem) => problem.slice(0, problem.indexOf(': '))))].sort();
}

describe('the rules of the XRD', () => {
  it.each(accepted)('accept %s', (_, spec) => {
    const object = objectWith(spec);
    expect(unknownFields(schema, object)).toEqual([]);
    expect(schemaProblems(schema, admitted(schema, object))).toEqual([]);
    expect(celProblems(schema, object)).toEqual([]);
  });

  it.each(refusedSpecs.map((entry) => [entry.title, entry] as const))(
    'agree with the function on %s',
    (_, { spec, problems }) => {
      const object = objectWith(spec);
      expect(schemaProblems(schema, admitted(schema, object))).toEqual(fieldsOf(problems.schema));
      expect(unknownFields(schema, object).sort()).toEqual(fieldsOf(problems.strict));
      // Kubernetes evaluates rules only where the schema holds.
      if (problems.schema === undefined) expect(celProblems(schema, object)).toEqual(problems.cel ?? []);
    },
  );

  it.each(changes.map((change) => [change.title, change] as const))(
    'judge a change: %s',
    (_, { from, to, problems }) => {
      expect(celProblems(schema, objectWith(from))).toEqual([]);
      expect(celProblems(schema, objectWith(to), objectWith(from))).toEqual(problems);
    },
  );

  it.each(names)('check the name %s', (name, good) => {
    const problem = `metadata.name: "${name}" is not a DNS-1035 label of at most 40 characters such as "my-server"`;
    const object = objectWith({}, 'DittoServer', name);
    expect(celProblems(schema, object)).toEqual(good ? [] : [problem]);
    expect(celProblems(claims, object)).toEqual(good ? [] : [problem]);
  });

  it.each(namesWithPercona)('check the name %s of a server with a Percona cluster', (name, good) => {
    const problem = `metadata.name: "${name}" is longer than 28 characters, which with percona.enabled is the most: Percona’s operator names pods after the cluster`;
    const named = (of: string, kind: string): Json => objectWith({ percona: { enabled: true } }, kind, of);
    expect(celProblems(schema, named(name, 'DittoServer'))).toEqual(good ? [] : [problem]);
    expect(celProblems(claims, named(name, 'DittoServer'))).toEqual(good ? [] : [problem]);
    expect(celProblems(claims, named(`${name}-x7k2p`, 'XDittoServer'))).toHaveLength(good ? 0 : 1);
    expect(celProblems(schema, objectWith({ percona: {} }, 'DittoServer', name))).toEqual([]);
  });

  it('leave room for what Crossplane adds to the name of a claim', () => {
    const named = (length: number) => objectWith({}, 'XDittoServer', `${'a'.repeat(length - 6)}-x7k2p`);
    expect(celProblems(claims, named(46))).toEqual([]);
    expect(schemaProblems(claims, named(46))).toEqual([]);
    expect(celProblems(claims, named(47))).toHaveLength(1);
    expect(schemaProblems(claims, named(47))).toEqual(['metadata.name']);
  });

  it('are each violated by a case', () => {
    const onlyCel = ({ problems }: Refused) => problems.cel !== undefined && problems.schema === undefined;
    const violated = [
      ...refusedSpecs.filter(onlyCel).flatMap(({ spec }) => broken(schema, objectWith(spec))),
      ...changes.flatMap(({ from, to }) => broken(schema, objectWith(to), objectWith(from))),
      ...names.flatMap(([name]) => broken(schema, objectWith({}, 'DittoServer', name))),
      ...namesWithPercona.flatMap(([name]) =>
        broken(schema, objectWith({ percona: { enabled: true } }, 'DittoServer', name)),
      ),
    ].map(({ place, rule }) => `${place}: ${rule.rule}`);
    const all = rulesOf(schema).map(({ place, rule }) => `${place}: ${rule.rule}`);
    expect([...new Set(violated)].sort()).toEqual(all.sort());
  });

  it('hold for every default as it stands, without the defaults in it: the API server refuses the definition otherwise', () => {
    const check = (of: StructuralSchema): void => {
      if (of.default !== undefined) expect(violations(of, of.default, of.default)).toEqual([]);
      for (const field of Object.values(of.properties ?? {})) check(field);
    };
    check(schema);
  });

  it('each say the same with and without the value', () => {
    for (const { rule } of rulesOf(schema)) {
      const words = rule.message.replaceAll("'", "\\'");
      expect(rule.messageExpression).toContain(words);
      expect(rule.message).not.toMatch(/[\n%\\]/);
    }
  });
});
