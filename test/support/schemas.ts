import { texts as textsOf } from './json.ts';
import { existsSync, readFileSync } from 'node:fs';
import { evaluate } from '@marcbachmann/cel-js';
import { Ajv, type ValidateFunction } from 'ajv';
import * as z from 'zod';
import { Status } from '../../src/api/v1alpha1/status.ts';
import type { RunFunctionResponse } from '../../src/crossplane/protocol.ts';
import { at, isObject, listAt, objectAt, textAt, textsAt, type Json, type JsonObject } from '../../src/lib/json.ts';
import { refusalsOf } from './admission.ts';
import { desiredOf, statusOf } from './call.ts';
import { perconaCrd, perconaVersions } from '../../lab/percona-versions.ts';
import { acceptedPolicies } from './provider.ts';
import { readYaml } from './yaml.ts';

/*
 * The real schemas, compiled: what a manifest of ours meets in a cluster. Unknown fields are refused, as server-side
 * apply refuses them, and so are two items of the same key in a keyed list, and what violates a rule.
 */

const crds = new URL('../crds/', import.meta.url);

function readCrd(file: string): JsonObject {
  const url = new URL(file, crds);
  if (!existsSync(url)) throw new Error(`test/crds/${file} is missing`);
  return readYaml(readFileSync(url, 'utf8'));
}

/** The fields of a keyed list's items that have a default, and so need not be written. */
const keyDefaults: Readonly<Record<string, string>> = { protocol: 'TCP' };

// Unoptimised: the largest schemas take longer to compile than all their manifests to check.
const ajv = new Ajv({ allErrors: true, strict: false, code: { optimize: false } });
ajv.addFormat('int32', { type: 'number', validate: (value) => Number.isInteger(value) && Math.abs(value) <= 2 ** 31 });
ajv.addFormat('int64', { type: 'number', validate: (value) => Number.isSafeInteger(value) });
ajv.addFormat('byte', /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
ajv.addFormat('date-time', (text) => !Number.isNaN(Date.parse(text)));
ajv.addKeyword({
  keyword: 'x-kubernetes-list-map-keys',
  type: 'array',
  error: { message: 'two items have the same key' },
  validate: (keys: readonly string[], items: readonly Json[]) => {
    const identities = items.map((item) => JSON.stringify(keys.map((key) => at(item, key) ?? keyDefaults[key])));
    return new Set(identities).size === identities.length;
  },
});

/** Whether a CEL rule holds; as in the API server, one that cannot be evaluated does not. */
function holds(rule: string, self: unknown): boolean {
  try {
    return evaluate(rule, { self }) === true;
  } catch {
    return false;
  }
}

ajv.addKeyword({
  keyword: 'x-kubernetes-validations',
  type: 'object',
  error: { message: 'a rule is violated' },
  validate: (rules: readonly { readonly rule: string }[], object: unknown) =>
    rules.every(({ rule }) => rule.includes('oldSelf') || holds(rule, object)),
});

const PRESERVE = 'x-kubernetes-preserve-unknown-fields';

/** A schema as the API server applies it: objects with known fields have no others. */
function closed(schema: Json | undefined): Json | undefined {
  if (Array.isArray(schema)) return (schema as readonly Json[]).map((item) => closed(item) ?? null);
  if (!isObject(schema)) return schema;
  if (schema.format === 'int-or-string') return { type: ['integer', 'string'] };
  const below = Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => key !== 'default' && key !== 'example')
      .map(([key, value]) => [key, key === 'enum' || key === 'required' ? value : closed(value)]),
  );
  const open = schema[PRESERVE] === true || schema.additionalProperties !== undefined || !isObject(schema.properties);
  const unique = schema['x-kubernetes-list-type'] === 'set' ? { uniqueItems: true } : {};
  return { ...below, ...(open ? {} : { additionalProperties: false }), ...unique };
}

const openapi = JSON.parse(readFileSync(new URL('kubernetes-v1.33.13.openapi.json', crds), 'utf8')) as JsonObject;
const definitions = objectAt(openapi, 'definitions') ?? {};

/** The definitions by apiVersion and kind, for example `apps/v1 StatefulSet`. */
const byKind = new Map(
  Object.entries(definitions).flatMap(([name, definition]) =>
    listAt(definition, 'x-kubernetes-group-version-kind').map((gvk): [string, string] => {
      const group = textAt(gvk, 'group') ?? '';
      return [`${group === '' ? '' : `${group}/`}${textAt(gvk, 'version') ?? ''} ${textAt(gvk, 'kind') ?? ''}`, name];
    }),
  ),
);

ajv.addSchema({ $id: 'kubernetes', definitions: closedDefinitions() });

function closedDefinitions(): JsonObject {
  const quantity = { type: ['string', 'number'] };
  const entries = Object.entries(definitions).map(([name, definition]): [string, Json | undefined] => [
    name,
    name === 'io.k8s.apimachinery.pkg.api.resource.Quantity' ? quantity : closed(definition),
  ]);
  return Object.fromEntries(entries);
}

const compiled = new Map<string, ValidateFunction>();

function validatorOf(name: string, schema: () => JsonObject): ValidateFunction {
  const known = compiled.get(name) ?? ajv.compile(schema());
  compiled.set(name, known);
  return known;
}

function problemsOf(validate: ValidateFunction, value: unknown): readonly Problem[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = '', params, keyword }) => ({
    keyword,
    text: `${instancePath}: ${message} ${JSON.stringify(params)}`,
  }));
}

interface Problem {
  readonly keyword: string;
  readonly text: string;
}

function texts(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ text }) => text);
}

/**
 * What kube-apiserver v1.33 would refuse about a manifest, under any of the versions in which its kind is defined; empty if
 * nothing. One that is only observed is applied (in a dry run) over a live object, so that required fields may be left to that.
 */
export function manifestProblems(manifest: JsonObject, onlyObserved = false): readonly string[] {
  const kind = `${textAt(manifest, 'apiVersion') ?? ''} ${textAt(manifest, 'kind') ?? ''}`;
  const validators = manifestValidators(kind);
  if (validators.length === 0) return [`no schema of ${kind}`];
  const problems = validators
    .flatMap((validate) => problemsOf(validate, manifest))
    .filter(({ keyword }) => !onlyObserved || keyword !== 'required');
  return [...new Set(texts(problems)), ...refusalsOf(manifest)];
}

/** The CRDs of kinds that Kubernetes itself does not know: of each version that a manifest may meet. */
const manifestCrds: Readonly<Record<string, readonly string[]>> = {
  'pgv2.percona.com/v2 PerconaPGCluster': perconaVersions.map(perconaCrd),
};

function manifestValidators(kind: string): readonly ValidateFunction[] {
  const [apiVersion = ''] = kind.split(' ');
  const name = byKind.get(kind);
  return name === undefined
    ? (manifestCrds[kind] ?? []).map((file) => crdValidator(file, apiVersion))
    : [validatorOf(kind, () => ({ $ref: `kubernetes#/definitions/${name}` }))];
}

/** The CRDs of provider-kubernetes by the API version of their Objects: the oldest supported one, and newer ones. */
const objectCrds: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.m.crossplane.io/v1alpha1': [
    'provider-kubernetes-v1.2.1.kubernetes.m.crossplane.io_objects.yaml',
    'provider-kubernetes-main-2026-08.kubernetes.m.crossplane.io_objects.yaml',
  ],
  'kubernetes.crossplane.io/v1alpha2': ['provider-kubernetes-v1.2.1.kubernetes.crossplane.io_objects.yaml'],
};

function crdValidator(file: string, apiVersion: string): ValidateFunction {
  const version = apiVersion.split('/')[1];
  return validatorOf(`${file} ${apiVersion}`, () => {
    const found = listAt(readCrd(file), 'spec', 'versions').find((entry) => textAt(entry, 'name') === version);
    if (found === undefined) throw new Error(`test/crds/${file} has no version ${version ?? ''}`);
    return closed(objectAt(found, 'schema', 'openAPIV3Schema')) as JsonObject;
  });
}

/** What the API server would refuse about an object whose definition is a file in test/crds; empty if nothing. */
export function crdProblems(file: string, object: JsonObject): readonly string[] {
  return texts(problemsOf(crdValidator(file, textAt(object, 'apiVersion') ?? ''), object));
}

function objectValidators(apiVersion: string): readonly ValidateFunction[] {
  return (objectCrds[apiVersion] ?? []).map((file) => crdValidator(file, apiVersion));
}

/** The longest name of an Object: `provider-kubernetes/<name>` must fit into a field manager's 128 characters. */
const LONGEST_OBJECT_NAME = 108;

/** What the API server or provider-kubernetes would refuse about an Object, its manifest apart. */
export function objectProblems(object: JsonObject): readonly string[] {
  const apiVersion = textAt(object, 'apiVersion') ?? '';
  const validators = objectValidators(apiVersion);
  const name = textAt(object, 'metadata', 'name') ?? '';
  const namespace = textAt(object, 'metadata', 'namespace');
  const policies = listAt(object, 'spec', 'managementPolicies').map(String).sort().join();
  const readiness = objectAt(object, 'spec', 'readiness');
  const needsQuery = textAt(readiness, 'policy') === 'DeriveFromCelQuery';
  const namespaced = apiVersion.startsWith('kubernetes.m.');
  return [
    ...(validators.length === 0 ? [`no CRD of ${apiVersion}`] : []),
    ...validators.flatMap((validate) => texts(problemsOf(validate, object))),
    ...(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) ? [] : [`metadata.name: ${JSON.stringify(name)} is no name`]),
    ...(name.length <= LONGEST_OBJECT_NAME ? [] : [`metadata.name: ${name} has ${name.length} characters`]),
    ...(namespaced === (namespace !== undefined) ? [] : [`metadata.namespace: ${String(namespace)}`]),
    ...(acceptedPolicies.includes(policies) ? [] : [`managementPolicies: ${policies} is no accepted set`]),
    ...(needsQuery === (textAt(readiness, 'celQuery') !== undefined)
      ? []
      : ['readiness: celQuery and policy disagree']),
    ...(textsAt(object, 'metadata', 'annotations')['crossplane.io/external-name'] === name ? [] : ['no external name']),
  ];
}

/** What the XRD would refuse about a status: one unknown field or wrong type, and all of it is dropped. */
export function statusProblems(status: JsonObject): readonly string[] {
  const validate = validatorOf('status', () => z.toJSONSchema(Status, { target: 'draft-7' }) as JsonObject);
  return texts(problemsOf(validate, status));
}

/** Everything that a cluster would refuse about a response, with where it is; empty if nothing. */
export function responseProblems(response: RunFunctionResponse): readonly string[] {
  const status = statusOf(response);
  return [
    ...Object.entries(desiredOf(response)).flatMap(([key, object]) => [
      ...objectProblems(object).map((problem) => `Object ${key}: ${problem}`),
      ...manifestProblems(
        objectAt(object, 'spec', 'forProvider', 'manifest') ?? {},
        textsOf(at(object, 'spec', 'managementPolicies')).join() === 'Observe',
      ).map((problem) => `manifest ${key}: ${problem}`),
    ]),
    ...(status === undefined ? [] : statusProblems(status).map((problem) => `status: ${problem}`)),
  ];
}
