import { without } from '../support/json.ts';
import { describe, expect, it } from 'vitest';
import { type JsonObject, textAt } from '../../src/lib/json.ts';
import { conditionsOf, desiredOf, resultsOf } from '../support/call.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { conditions, content, picture, specs, ttl } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';

const input: JsonObject = { apiVersion: 'dittofs.fn.crossplane.io/v1alpha1', kind: 'Input' };

function everything(cluster: Cluster): readonly unknown[] {
  return cluster.api.all().map(content);
}

/** All conditions but the one that says why. */
function others(cluster: Cluster): Readonly<Record<string, string>> {
  const rest = Object.entries(conditions(cluster)).filter(([type]) => type !== 'ConfigReady' && type !== 'Synced');
  return Object.fromEntries(rest);
}

it('a spec is made invalid while the server runs: fatal, nothing changes, the other conditions are kept', async () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const before = [specs(cluster), everything(cluster), others(cluster)];

  cluster.edit((spec) => {
    spec.storage = { metadataSize: '10 GB' };
    spec.imge = 'typo';
  });
  const refused = cluster.step();
  expect(refused.fatal).toBe(true);
  expect(ttl(refused)).toBe(0);
  expect(desiredOf(refused.response)).toEqual({});
  expect(resultsOf(refused.response)).toEqual([
    {
      severity: 'fatal',
      reason: 'InvalidSpec',
      message:
        'spec.imge: is not a field of spec; did you mean "image"?; spec.storage.metadataSize: "10 GB" is not a quantity such as "10Gi"',
      target: 'COMPOSITE_AND_CLAIM',
    },
  ]);
  expect(conditionsOf(refused.response).map(({ type }) => type)).toEqual([
    'ConfigReady',
    'ResourcesApplied',
    'DatabaseReady',
    'StorageReady',
    'Available',
    'Progressing',
    'EndpointReady',
    'Provisioned',
  ]);
  expect(conditions(cluster).ConfigReady).toBe('False InvalidSpec');
  expect(cluster.status().phase).toBe('Running');
  cluster.provide();
  expect([specs(cluster), everything(cluster), others(cluster)]).toEqual(before);
  await expect(picture(cluster, refused)).toMatchFileSnapshot('refusals/invalid-spec.yaml');

  cluster.edit((spec) => {
    delete spec.storage;
    delete spec.imge;
  });
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ ConfigReady: 'True ConfigValid', Ready: 'True Available' });
});

it('a spec is invalid from the start: nothing is made, every condition is there', () => {
  const cluster = createCluster({ xr: dittoServer({ replicas: 3 }) });
  const { response, fatal } = cluster.step();
  expect(fatal).toBe(true);
  expect(cluster.objects()).toEqual({});
  expect(conditions(cluster)).toMatchObject({
    ConfigReady: 'False InvalidSpec',
    ResourcesApplied: 'Unknown InvalidSpec',
    Available: 'Unknown InvalidSpec',
  });
  expect(resultsOf(response)[0]?.message).toContain('spec.replicas: 3 ');
});

it('a spec is refused while a Secret is asked for: no Secret is asked for', () => {
  const cluster = createCluster({ xr: dittoServer({ replicas: 3 }) });
  const { response, calls } = cluster.step();
  expect(calls).toHaveLength(1);
  expect(response.requirements?.resources).toEqual({});
});

it('an XDittoServer without a claim is refused', () => {
  const xr = dittoServer({}, { flavour: 'claim' });
  const spec = without(xr.spec as JsonObject, 'claimRef');
  const cluster = createCluster({ xr: { ...xr, spec } });
  const { response, fatal } = cluster.step();
  expect(fatal).toBe(true);
  expect(resultsOf(response)[0]?.message).toContain('spec.claimRef: is required');
});

it.each([
  ['an unknown field', { ...input, storageClas: 'x' }, 'input.storageClas'],
  ['a wrong type', { ...input, ttl: 5 }, 'input.ttl: 5'],
  ['another kind', { ...input, kind: 'Inputs' }, 'input.kind: "Inputs"'],
])('the input is malformed (%s): fatal, nothing changes', (_, malformed, says) => {
  const cluster = createCluster({ xr: dittoServer(), input });
  cluster.bringUp();
  const before = [specs(cluster), everything(cluster), others(cluster)];
  cluster.setInput(malformed);
  const refused = cluster.step();
  expect(refused.fatal).toBe(true);
  expect(ttl(refused)).toBe(0);
  expect(resultsOf(refused.response)[0]).toMatchObject({ severity: 'fatal', reason: 'InvalidInput' });
  expect(cluster.condition('ConfigReady').message).toContain(says);
  expect([specs(cluster), everything(cluster), others(cluster)]).toEqual(before);
});

it('a limit of the platform is passed: refused, with the limit by name', () => {
  const limited = { ...input, allowedServiceTypes: ['ClusterIP'], maxSizes: { content: '100Gi' } };
  const cluster = createCluster({
    xr: dittoServer({ service: { type: 'LoadBalancer' }, storage: { contentSize: '200Gi' } }),
    input: limited,
  });
  const { response } = cluster.step();
  const { message = '' } = resultsOf(response)[0] ?? {};
  expect(message).toContain('spec.service.type: "LoadBalancer" is not allowed by the platform');
  expect(message).toContain('spec.storage.contentSize: "200Gi" is over the platform’s limit of "100Gi"');
});

describe('the provider cannot apply an object', () => {
  const forbidden =
    'observe failed: cannot get object: services "files-file" is forbidden: User "system:serviceaccount:crossplane-system:provider-kubernetes" cannot get resource "services" in API group "" in the namespace "team-a"';
  const immutable =
    'observe failed: cannot get desired state: cannot dry run SSA: Service "files-file" is invalid: spec.clusterIP: Invalid value: []string(nil): primary clusterIP can not be unset';

  it.each([
    ['forbidden', forbidden, 'ProviderPermissionDenied'],
    ['immutable', immutable, 'Invalid'],
    [
      'quota',
      'create failed: cannot create object: cannot create object: services "files-file" is forbidden: exceeded quota: compute',
      'QuotaExceeded',
    ],
    [
      'no provider config',
      'connect failed: cannot get provider config: ClusterProviderConfig.kubernetes.m.crossplane.io "default" not found',
      'ProviderConfigMissing',
    ],
    [
      'terminating',
      'connect failed: cannot track ProviderConfig usage: cannot apply ProviderConfigUsage: forbidden: unable to create new content in namespace team-a because it is being terminated',
      'NamespaceTerminating',
    ],
    [
      'a webhook',
      'create failed: cannot create object: cannot create object: admission webhook "policy.example.com" denied the request: no',
      'AdmissionDenied',
    ],
    ['anything else', 'create failed: cannot create object: the moon is full', 'ApplyFailed'],
  ])('%s: ResourcesApplied is False in its words, and status.blocked lists it', async (what, message, reason) => {
    const cluster = createCluster({ xr: dittoServer() });
    cluster.fail('file-service', message);
    const blocked = cluster.settle();
    expect(conditions(cluster)).toMatchObject({ ResourcesApplied: `False ${reason}`, Ready: 'False Creating' });
    expect(cluster.condition('ResourcesApplied').message).toContain(message);
    expect(cluster.status().blocked).toEqual([{ kind: 'Service', name: 'files-file', reason, message }]);
    // Everything else is made meanwhile.
    expect(cluster.live('StatefulSet', 'files')).toBeDefined();
    if (what === 'forbidden') await expect(picture(cluster, blocked)).toMatchFileSnapshot('refusals/forbidden.yaml');

    cluster.heal('file-service');
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });
    expect(cluster.status().blocked).toBeUndefined();
  });

  it('only a person can help: Crossplane is asked to call again every 60 seconds', () => {
    const cluster = createCluster({ xr: dittoServer() });
    cluster.bringUp();
    cluster.fail('file-service', immutable);
    cluster.edit((spec) => (spec.service = { annotations: { 'example.com/a': 'b' } }));
    expect(ttl(cluster.settle())).toBe(60);
    expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'False Invalid', Ready: 'False Creating' });
  });

  it('a conflict that passes by itself is not reported', () => {
    const cluster = createCluster({ xr: dittoServer() });
    cluster.bringUp();
    cluster.fail(
      'config',
      'update failed: cannot apply object: Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again',
    );
    cluster.settle();
    expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });
    expect(cluster.status().blocked).toBeUndefined();
  });

  it('a very long message is cut, so that the status stays valid', () => {
    const cluster = createCluster({ xr: dittoServer() });
    cluster.fail('file-service', `create failed: ${'x'.repeat(5000)}`);
    cluster.settle();
    expect((textAt(cluster.status(), 'blocked', 0, 'message') ?? '').length).toBeLessThanOrEqual(1024);
    expect(cluster.condition('ResourcesApplied').message.length).toBeLessThanOrEqual(1024);
  });
});

it('a config.yaml for which an Object has no room is refused, too', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const before = cluster.live('ConfigMap', 'files-config');
  cluster.edit((spec) => (spec.extraConfig = { telemetry: { note: 'x'.repeat(600_000) } }));
  expect(cluster.step().fatal).toBe(true);
  expect(cluster.condition('ConfigReady').message).toMatch(
    /^spec\.extraConfig: makes a config\.yaml of \d+ bytes, and one object has room for 600000, plan\.json of \d+ bytes included$/,
  );
  cluster.provide();
  expect(cluster.live('ConfigMap', 'files-config')).toEqual(before);
});

it('a spec that declares more than an Object of a ConfigMap holds is refused: nothing of the running server changes', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const before = cluster.live('ConfigMap', 'files-config');
  const users = Array.from({ length: 22 }, (_, index) => ({ name: `user-${index}`, passwordSecretRef: { name: 'p', key: 'k' } }));
  const permissions = users.map(({ name }) => ({ type: 'user', name, level: 'read' }));
  cluster.edit((spec) => {
    spec.users = users;
    spec.shares = Array.from({ length: 256 }, (_, index) => ({ name: `/share-${index}`, permissions }));
  });
  const { fatal } = cluster.step();
  expect(fatal).toBe(true);
  expect(cluster.condition('ConfigReady')).toMatchObject({ status: 'False', reason: 'InvalidSpec' });
  expect(cluster.condition('ConfigReady').message).toMatch(
    /^spec\.shares: take \d+ bytes, together with stores and users, and one object has room for 600000, config\.yaml of \d+ bytes included: grant permissions to fewer groups and users, or use another DittoServer$/,
  );
  cluster.provide();
  expect(cluster.live('ConfigMap', 'files-config')).toEqual(before);
});
