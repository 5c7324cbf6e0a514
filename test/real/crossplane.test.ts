import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dump, loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionName, registry } from '../../scripts/package/repository.ts';
import { at, objectAt, textAt, type Json, type JsonObject } from '../../src/lib/json.ts';
import { refusedSpecs } from '../api/cases.ts';
import { startFunction, type FunctionProcess } from '../server/support/function-process.ts';
import { clusterWith, examples, type Example } from '../support/examples.ts';
import { identityOf, xrOf, type XrFlavour } from '../support/server.ts';
import { goVersion, tool } from '../../lab/tools.ts';

const run = promisify(execFile);
const go = await goVersion();
const root = join(import.meta.dirname, '..', '..');

let running: FunctionProcess;
let folder: string;
let cli: string;
let core: string;
let crankV1: string;

/** The two ways to offer DittoServers. */
const flavours = {
  namespaced: { xrd: 'apis/namespaced/definition.yaml', composition: 'apis/namespaced/composition.yaml' },
  claim: { xrd: 'apis/claims/definition.yaml', composition: 'apis/claims/composition.yaml' },
} as const satisfies Record<XrFlavour, unknown>;

function write(name: string, ...documents: readonly JsonObject[]): string {
  const path = join(folder, name);
  writeFileSync(path, documents.map((document) => dump(document)).join('---\n'));
  return path;
}

/** The Composition that we ship. */
function composition(flavour: XrFlavour): string {
  return join(root, flavours[flavour].composition);
}

function functions(): string {
  return write('functions.yaml', {
    apiVersion: 'pkg.crossplane.io/v1',
    kind: 'Function',
    metadata: {
      name: functionName,
      annotations: {
        'render.crossplane.io/runtime': 'Development',
        'render.crossplane.io/runtime-development-target': `dns:///localhost:${running.port}`,
      },
    },
    spec: { package: `${registry}/function-dittofs:v0.0.0` },
  });
}

/** What Crossplane's CLI makes of an XR: everything that it prints, or what it says when it fails. */
async function render(
  program: string,
  args: readonly string[],
): Promise<{ documents: readonly JsonObject[]; text: string; error: string }> {
  try {
    const { stdout } = await run(program, [...args], { maxBuffer: 16 * 1024 * 1024 });
    return { documents: loadAll(stdout) as unknown as JsonObject[], text: stdout, error: '' };
  } catch (error) {
    return { documents: [], text: '', error: String((error as { stderr?: string }).stderr) };
  }
}

async function renderV2(flavour: XrFlavour, xr: string, ...more: readonly string[]): ReturnType<typeof render> {
  const args = ['composition', 'render', xr, composition(flavour), functions(), `--crossplane-binary=${core}`];
  return render(cli, [...args, `--xrd=${join(root, flavours[flavour].xrd)}`, '-x', '--timeout=30s', ...more]);
}

/** Checks rendered documents against our XRD and the provider's CRDs, unknown fields included. */
async function validate(flavour: XrFlavour, name: string, text: string): Promise<string> {
  const schemas = join(folder, `schemas-${flavour}`);
  mkdirSync(schemas, { recursive: true });
  copyFileSync(join(root, flavours[flavour].xrd), join(schemas, 'definition.yaml'));
  for (const group of ['kubernetes.m.crossplane.io', 'kubernetes.crossplane.io']) {
    copyFileSync(
      join(root, `test/crds/provider-kubernetes-v1.2.1.${group}_objects.yaml`),
      join(schemas, `${group}.yaml`),
    );
  }
  const rendered = join(folder, `${name}-${flavour}.yaml`);
  writeFileSync(rendered, text);
  const args = [
    'resource',
    'validate',
    schemas,
    rendered,
    '--crossplane-image=',
    `--cache-dir=${join(folder, 'cache')}`,
  ];
  const { stdout, stderr } = await run(cli, [...args, '--error-on-missing-schemas'], {
    maxBuffer: 16 * 1024 * 1024,
  }).catch((error: unknown) => error as { stdout: string; stderr: string });
  return stdout + stderr;
}

/** The state of a settled server as files: composed resources by key, and the Secrets that the function asks for. */
function settled(
  example: Example,
  flavour: XrFlavour,
): { xr: string; observed: string; required: string; keys: readonly string[] } {
  const cluster = clusterWith({ ...example, manifest: withFlavour(example.manifest, flavour) });
  cluster.bringUp();
  const objects = Object.values(cluster.objects());
  const secrets = cluster.api.all().filter((object) => textAt(object, 'kind') === 'Secret');
  return {
    xr: write(`xr-${example.name}-${flavour}.yaml`, without(cluster.xr(), 'compositeDeletePolicy')),
    observed: write(`observed-${example.name}-${flavour}.yaml`, ...objects),
    required: write(`required-${example.name}-${flavour}.yaml`, ...secrets),
    keys: Object.keys(cluster.objects()),
  };
}

/** A manifest without some fields of its spec. */
function without(manifest: JsonObject, ...fields: readonly string[]): JsonObject {
  const spec = Object.entries(objectAt(manifest, 'spec') ?? {}).filter(([field]) => !fields.includes(field));
  return { ...manifest, spec: Object.fromEntries(spec) };
}

/** An example as the other flavour has it: the simulated cluster tells a claim by its delete policy. */
function withFlavour(manifest: JsonObject, flavour: XrFlavour): JsonObject {
  const plain = without(manifest, 'compositionRef', 'compositionUpdatePolicy', 'compositeDeletePolicy');
  return flavour === 'claim'
    ? { ...plain, spec: { ...objectAt(plain, 'spec'), compositeDeletePolicy: 'Foreground' } }
    : plain;
}

/** The XR that Crossplane makes of an example; it keeps the delete policy to the claim. */
function newXr({ manifest }: Example, flavour: XrFlavour): JsonObject {
  return without(xrOf(withFlavour(manifest, flavour), flavour), 'compositeDeletePolicy');
}

function withSpec(name: string, spec: Json): JsonObject {
  return {
    apiVersion: 'dittofs.dittofs.com/v1alpha1',
    kind: 'DittoServer',
    metadata: { name, namespace: 'default' },
    spec,
  };
}

describe.skipIf(go === undefined)('the real Crossplane', () => {
  beforeAll(async () => {
    [cli, core, crankV1] = await Promise.all([tool('crossplane-cli'), tool('crossplane'), tool('crank-v1')]);
    folder = mkdtempSync(join(tmpdir(), 'function-dittofs-crossplane-'));
    running = await startFunction('--insecure');
  });

  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const cases = examples.flatMap((example) =>
    (['namespaced', 'claim'] as const).map((flavour): [string, XrFlavour, Example] => [example.name, flavour, example]),
  );

  it.each(cases)(
    'v2.3 renders %s as %s, first and settled, and every object and status is valid',
    async (name, flavour, example) => {
      const xr = write(`new-${name}-${flavour}.yaml`, newXr(example, flavour));
      const first = await renderV2(flavour, xr);
      expect(first.error).toBe('');
      expect(await validate(flavour, `first-${name}`, first.text)).toContain('0 missing schemas');
      expect(await validate(flavour, `first-${name}`, first.text)).toMatch(/, 0 failure cases/);

      const state = settled(example, flavour);
      const again = await renderV2(flavour, state.xr, '-o', state.observed, '-e', state.required);
      expect(again.error).toBe('');
      const [shown, ...objects] = again.documents;
      expect(at(shown, 'status', 'phase')).toBe('Running');
      expect(JSON.stringify(at(shown, 'status', 'conditions'))).toMatch(
        /"reason":"Available","status":"True","type":"Ready"/,
      );
      expect(objects.filter((object) => textAt(object, 'kind') === 'Object')).toHaveLength(state.keys.length);
      expect(await validate(flavour, `settled-${name}`, again.text)).toMatch(/, 0 failure cases/);
    },
  );

  it.each(examples.map((example): [string, Example] => [example.name, example]))(
    'v1.20 renders %s',
    async (name, example) => {
      const xr = write(`v1-${name}.yaml`, newXr(example, 'claim'));
      const { error, documents } = await render(crankV1, [
        'render',
        xr,
        composition('claim'),
        functions(),
        '-x',
        '-r',
        '--timeout=30s',
      ]);
      expect(error).toBe('');
      const { namespace } = identityOf(xrOf(example.manifest, 'claim'));
      const kinds = documents.map((document) => textAt(document, 'apiVersion'));
      expect(kinds).toContain('kubernetes.crossplane.io/v1alpha2');
      const namespaces = documents
        .map((document) => textAt(document, 'spec', 'forProvider', 'manifest', 'metadata', 'namespace'))
        .filter((found) => found !== undefined);
      expect(new Set(namespaces)).toEqual(new Set([namespace]));
    },
  );

  // The words are tested in test/api, each of them; here, that they come through.
  const left = refusedSpecs
    .filter(({ problems }) => problems.function !== undefined)
    .filter((_, index) => index % 6 === 0);
  it.each(left.map((one) => [one.title, one] as const))(
    'shows what only the function refuses, and composes nothing: %s',
    async (title, { spec, problems }) => {
      const xr = write(`refused-${left.findIndex((one) => one.title === title)}.yaml`, withSpec('refused', spec));
      const { error, text } = await renderV2('namespaced', xr);
      expect(text).toBe('');
      for (const problem of problems.function ?? []) expect(error).toContain(problem);
    },
  );
});
