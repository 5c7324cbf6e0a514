import { readdirSync, readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { at, isObject, objectAt, type JsonObject } from '../../src/lib/json.ts';
import { call, desiredOf, manifestOf, requestOf } from '../support/call.ts';
import { createCluster } from '../support/cluster.ts';
import { examples } from '../support/examples.ts';
import { copy, type Mutable, texts, without } from '../support/json.ts';
import { manifestProblems, objectProblems, statusProblems } from '../support/schemas.ts';
import { dittoServer, type XrFlavour } from '../support/server.ts';

/*
 * Everything that the goldens compose, against the real schemas: native kinds by Kubernetes' OpenAPI, Objects by the CRDs
 * of the oldest supported and a newer provider-kubernetes, the status by our own. Properties and scenarios use the
 * same checks (test/support/schemas.ts); that these can fail is shown here.
 */

const folder = new URL('../golden/', import.meta.url);
const goldens = readdirSync(folder).filter((file) => file.endsWith('.out.yaml'));

describe('the goldens', () => {
  it('are there, one for each example', () => {
    expect(goldens.sort()).toEqual(examples.map(({ name }) => `${name}.out.yaml`).sort());
  });

  it.each(goldens)('%s: every Object, manifest and status is one that a cluster takes', (file) => {
    const documents = loadAll(readFileSync(new URL(file, folder), 'utf8')) as readonly JsonObject[];
    expect(documents).toHaveLength(3);
    let checked = 0;
    for (const document of documents) {
      const status = objectAt(document, 'desired', 'composite', 'resource', 'status');
      if (status !== undefined) expect(statusProblems(status)).toEqual([]);
      for (const [key, composed] of Object.entries(objectAt(document, 'desired', 'resources') ?? {})) {
        const object = at(composed, 'resource');
        if (!isObject(object)) continue; // "as above"
        checked++;
        expect(objectProblems(object), key).toEqual([]);
        const observed = texts(at(object, 'spec', 'managementPolicies')).join() === 'Observe';
        expect(manifestProblems(objectAt(object, 'spec', 'forProvider', 'manifest') ?? {}, observed), key).toEqual([]);
      }
    }
    expect(checked).toBeGreaterThan(8);
  });
});

/** A StatefulSet and its Object as they are composed, to be broken. */
function composed(flavour: XrFlavour): { object: JsonObject; manifest: JsonObject; status: JsonObject } {
  const cluster = createCluster({ xr: dittoServer({}, { flavour }) });
  const { response } = cluster.bringUp();
  const status = without(cluster.status(), 'conditions');
  return { object: desiredOf(response).server ?? {}, manifest: manifestOf(response, 'server') ?? {}, status };
}

function broken(object: JsonObject, path: readonly (string | number)[], value: unknown): JsonObject {
  const changed = copy(object) as Mutable;
  const parent = path.slice(0, -1).reduce<Mutable>((current, step) => current[step] as Mutable, changed);
  parent[String(path.at(-1))] = value;
  return changed as JsonObject;
}

describe.each(['namespaced', 'claim'] as const)('the checks refuse (%s)', (flavour) => {
  const { object, manifest, status } = composed(flavour);
  const container = ['spec', 'template', 'spec', 'containers', 0];

  it('nothing of what is composed', () => {
    expect([...objectProblems(object), ...manifestProblems(manifest), ...statusProblems(status)]).toEqual([]);
  });

  it.each<[string, readonly (string | number)[], unknown]>([
    ['an unknown field', [...container, 'imagge'], 'x'],
    ['an unknown field deep inside', [...container, 'livenessProbe', 'httpGet', 'prot'], 1],
    ['a wrong type', ['spec', 'replicas'], '1'],
    ['a number that is too large', [...container, 'ports', 0, 'containerPort'], 2 ** 40],
    ['a label that is none', ['metadata', 'labels', 'app.kubernetes.io/name'], 'not a label'],
    ['a name that is none', ['metadata', 'name'], 'Not_A_Name'],
    ['the loss of a required field', [...container, 'name'], undefined],
    ['two variables of one name', [...container, 'env', 1, 'name'], 'DITTOFS_CONTROLPLANE_SECRET'],
    ['two ports of one number', [...container, 'ports', 1, 'containerPort'], 8080],
    ['a mount of no volume', [...container, 'volumeMounts', 0, 'name'], 'other'],
    ['a selector that does not match', ['spec', 'selector', 'matchLabels', 'app'], 'other'],
  ])('a manifest: %s', (_, path, value) => {
    expect(manifestProblems(broken(manifest, path, value))).not.toEqual([]);
  });

  it.each<[string, readonly (string | number)[], unknown]>([
    ['a field of a newer CRD', ['spec', 'forProvider', 'deletionPropagationPolicy'], 'Foreground'],
    ['an unknown field', ['spec', 'watches'], true],
    ['an unknown policy', ['spec', 'managementPolicies'], ['Observe', 'Destroy']],
    ['a set of policies that the provider refuses', ['spec', 'managementPolicies'], ['Create', 'Update']],
    ['a query without a policy', ['spec', 'readiness', 'policy'], 'SuccessfulCreate'],
    ['a name that is too long for a field manager', ['metadata', 'name'], 'n'.repeat(109)],
    ['the namespace of the other flavour', ['metadata', 'namespace'], flavour === 'claim' ? 'team-a' : undefined],
    ['the loss of the manifest', ['spec', 'forProvider', 'manifest'], undefined],
    ['the loss of the external name', ['metadata', 'annotations'], {}],
    ['another version', ['apiVersion'], 'kubernetes.crossplane.io/v1'],
  ])('an Object: %s', (_, path, value) => {
    expect(objectProblems(broken(object, path, value))).not.toEqual([]);
  });

  it.each<[string, readonly (string | number)[], unknown]>([
    ['an unknown field', ['endpooint'], 'x'],
    ['an unknown field inside', ['endpoints', 'nfs', 'proto'], 'x'],
    ['a wrong type', ['replicas'], '1'],
    ['an unknown phase', ['phase'], 'Sleeping'],
  ])('a status: %s', (_, path, value) => {
    expect(statusProblems(broken(status, path, value))).not.toEqual([]);
  });
});

it('a Secret whose data is not base64 is refused', () => {
  const manifest = manifestOf(call(requestOf({ xr: dittoServer(), crossplane: 'v1' })), 'jwt-secret') ?? {};
  expect(manifestProblems(manifest)).toEqual([]);
  expect(manifestProblems(broken(manifest, ['data', 'jwt-secret'], 'not base64!'))).not.toEqual([]);
});
