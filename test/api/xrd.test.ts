import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { StructuralSchema } from '../../src/api/v1alpha1/structural.ts';
import { claimsDefinition, namespacedDefinition } from '../../src/api/v1alpha1/xrd.ts';
import type { Json } from '../../src/lib/json.ts';
import { unknownFields } from './api-server.ts';

const namespaced = namespacedDefinition();
const claims = claimsDefinition();

/** The only version of a definition, with its schema. */
function versionOf({ spec }: typeof namespaced | typeof claims) {
  const [version, ...others] = spec.versions;
  if (version === undefined || others.length > 0) throw new Error('a definition has exactly one version');
  return { ...version, schema: version.schema.openAPIV3Schema };
}

const schema = versionOf(namespaced).schema;
const { spec, status } = schema.properties;

/** Every schema below a root with the way to it; a field is what stands under `properties`. */
function schemasIn(root: StructuralSchema, path: string): [path: string, schema: StructuralSchema, isField: boolean][] {
  const { properties = {}, items, additionalProperties } = root;
  const under = (name: string, child: StructuralSchema | undefined, isField: boolean) =>
    child === undefined ? [] : [[name, child, isField] as const, ...schemasIn(child, name)];
  return [
    ...Object.entries(properties).flatMap(([name, field]) => under(`${path}.${name}`, field, true)),
    ...under(`${path}[]`, items, false),
    ...under(`${path}[]`, additionalProperties, false),
  ].map(([name, child, isField]) => [name, child, isField]);
}

const schemas = [...schemasIn(spec, 'spec'), ...schemasIn(status, 'status')];
const fields = schemas.filter(([, , isField]) => isField);

function isBounded({ type, enum: values, ...bounds }: StructuralSchema): boolean {
  switch (type) {
    case 'boolean':
      return true;
    case 'string':
      return values !== undefined || bounds.maxLength !== undefined;
    case 'integer':
      return bounds.minimum !== undefined && bounds.maximum !== undefined;
    case 'array':
      return bounds.maxItems !== undefined;
    case 'object':
      return bounds.properties !== undefined || bounds.maxProperties !== undefined;
  }
}

describe('the schema of the XRD', () => {
  it.each(fields)('describes %s', (_, { description = '' }) => {
    expect(description).toMatch(/^\S.*[.)]$/);
  });

  it.each(schemas)('bounds %s', (_, field) => {
    expect(isBounded(field)).toBe(true);
  });

  it.each(schemas)('is structural at %s', (_, field) => {
    const open = field['x-kubernetes-preserve-unknown-fields'] === true;
    expect(StructuralSchema.safeParse(field).success).toBe(true);
    expect(field).not.toHaveProperty('typeName');
    expect(field.properties !== undefined && field.additionalProperties !== undefined).toBe(false);
    expect(open && field.additionalProperties !== undefined).toBe(false);
    expect(field.type !== 'array' || field.items !== undefined).toBe(true);
    expect(field.type !== 'integer' || field.format !== undefined).toBe(true);
    for (const key of field['x-kubernetes-list-map-keys'] ?? []) expect(field.items?.required).toContain(key);
  });

  // Crossplane keeps of the roots of spec and status only these (crossplane-runtime, pkg/xcrd/crd.go).
  it('has nothing at the roots of spec and status that Crossplane drops', () => {
    const kept = ['description', 'type', 'required', 'properties', 'x-kubernetes-validations'];
    for (const root of [spec, status]) expect(kept).toEqual(expect.arrayContaining(Object.keys(root)));
    expect(Object.keys(schema)).toEqual(['description', 'type', 'required', 'x-kubernetes-validations', 'properties']);
    expect(spec['x-kubernetes-validations']).toHaveLength(5);
  });

  it('lets a spec be empty', () => {
    expect(spec.required).toBeUndefined();
    expect(schema.required).toEqual(['spec']);
  });

  // What Crossplane puts into the roots of spec and status, over what stands there (crossplane-runtime, pkg/xcrd/schemas.go).
  it('has no field under a name that Crossplane takes', () => {
    const taken = {
      spec: [
        'claimRef',
        'compositeDeletePolicy',
        'compositionRef',
        'compositionRevisionRef',
        'compositionRevisionSelector',
        'compositionSelector',
        'compositionUpdatePolicy',
        'crossplane',
        'environmentConfigRefs',
        'publishConnectionDetailsTo',
        'resourceRef',
        'resourceRefs',
        'writeConnectionSecretToRef',
      ],
      status: ['claimConditionTypes', 'conditions', 'connectionDetails', 'crossplane'],
    };
    expect(Object.keys(spec.properties ?? {}).filter((name) => taken.spec.includes(name))).toEqual([]);
    expect(Object.keys(status.properties ?? {}).filter((name) => taken.status.includes(name))).toEqual([]);
  });

  it('is the same under both definitions, byte for byte, but for the longest name', () => {
    const other = versionOf(claims).schema;
    expect(JSON.stringify(other.properties.spec)).toBe(JSON.stringify(spec));
    expect(JSON.stringify(other.properties.status)).toBe(JSON.stringify(status));
    expect(schema.properties.metadata.properties.name.maxLength).toBe(40);
    expect(other.properties.metadata.properties.name.maxLength).toBe(46);
  });
});

/** The schema of XRDs themselves by version, from Crossplane's own definition. */
const Definition = z.looseObject({
  spec: z.looseObject({
    versions: z.array(z.looseObject({ name: z.string(), schema: z.object({ openAPIV3Schema: z.unknown() }) })),
  }),
});
const crossplanes = Definition.parse(
  load(
    readFileSync('test/crds/crossplane-v2.3.4.apiextensions.crossplane.io_compositeresourcedefinitions.yaml', 'utf8'),
  ),
);

describe.each([
  ['namespaced', 'v2', namespaced],
  ['claims', 'v1', claims],
] as const)('the definition for %s', (flavour, version, definition) => {
  const published = crossplanes.spec.versions.find(({ name }) => name === version)?.schema.openAPIV3Schema as object;

  it('is what Crossplane takes, without a field that it does not know', () => {
    const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
    const validate = ajv.compile(published);
    expect([validate(definition), validate.errors]).toEqual([true, null]);
    expect(unknownFields(published as StructuralSchema, JSON.parse(JSON.stringify(definition)) as Json)).toEqual([
      'metadata.name', // of metadata the schema says only that it is an object
    ]);
  });

  it('is what stands in its file', () => {
    expect(load(readFileSync(`apis/${flavour}/definition.yaml`, 'utf8'))).toEqual(definition);
  });
});

describe('the definitions', () => {
  const withoutSchema = (definition: typeof namespaced | typeof claims) => ({
    ...definition,
    spec: { ...definition.spec, versions: [{ ...versionOf(definition), schema: undefined }] },
  });
  const printerColumns = [
    { name: 'PHASE', type: 'string', jsonPath: '.status.phase' },
    { name: 'ENDPOINT', type: 'string', jsonPath: '.status.endpoint' },
    { name: 'DATABASE', type: 'string', jsonPath: '.status.database.type' },
    { name: 'VERSION', type: 'string', jsonPath: '.status.version' },
  ];
  const dittoServer = {
    kind: 'DittoServer',
    listKind: 'DittoServerList',
    plural: 'dittoservers',
    singular: 'dittoserver',
    shortNames: ['ditto', 'dittofs'],
    categories: ['dittofs'],
  };

  it('name a DittoServer as the XR of Crossplane v2, with the scale subresource', () => {
    expect(withoutSchema(namespaced)).toEqual({
      apiVersion: 'apiextensions.crossplane.io/v2',
      kind: 'CompositeResourceDefinition',
      metadata: { name: 'dittoservers.dittofs.dittofs.com' },
      spec: {
        scope: 'Namespaced',
        group: 'dittofs.dittofs.com',
        names: dittoServer,
        defaultCompositionRef: { name: 'dittoservers.dittofs.dittofs.com' },
        versions: [
          {
            name: 'v1alpha1',
            served: true,
            referenceable: true,
            additionalPrinterColumns: printerColumns,
            subresources: {
              scale: {
                specReplicasPath: '.spec.replicas',
                statusReplicasPath: '.status.replicas',
                labelSelectorPath: '.status.labelSelector',
              },
            },
          },
        ],
      },
    });
  });

  it('name it as a claim for v1.20, without what v1.20 does not know: scope, subresources', () => {
    expect(withoutSchema(claims)).toEqual({
      apiVersion: 'apiextensions.crossplane.io/v1',
      kind: 'CompositeResourceDefinition',
      metadata: { name: 'xdittoservers.dittofs.dittofs.com' },
      spec: {
        group: 'dittofs.dittofs.com',
        names: {
          kind: 'XDittoServer',
          listKind: 'XDittoServerList',
          plural: 'xdittoservers',
          singular: 'xdittoserver',
        },
        claimNames: dittoServer,
        defaultCompositionRef: { name: 'xdittoservers.dittofs.dittofs.com' },
        defaultCompositeDeletePolicy: 'Foreground',
        versions: [{ name: 'v1alpha1', served: true, referenceable: true, additionalPrinterColumns: printerColumns }],
      },
    });
  });

  it('have columns and scale paths that the schema knows', () => {
    const paths = [
      ...printerColumns.map(({ jsonPath }) => jsonPath),
      '.spec.replicas',
      '.status.replicas',
      '.status.labelSelector',
    ];
    expect(schemas.map(([path]) => `.${path}`)).toEqual(expect.arrayContaining(paths));
  });
});

describe('the generated files', () => {
  it('are current', () => {
    execFileSync(process.execPath, ['scripts/generate.ts', '--check'], { stdio: 'pipe' });
  });

  it.each(['docs/reference/dittoserver.md', 'docs/reference/composition-input.md'])(
    '%s is a table that GitHub shows',
    (path) => {
      const lines = readFileSync(path, 'utf8').split('\n');
      const rows = lines.filter((line) => line.startsWith('|'));
      for (const row of rows) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(6);
      expect(rows.join().replace(/`[^`]*`/g, '')).not.toMatch(/<\w/);
    },
  );
});
