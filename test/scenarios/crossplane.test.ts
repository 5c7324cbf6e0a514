import { describe, expect, it } from 'vitest';
import { Ready } from '../../src/crossplane/protocol.ts';
import { at, type JsonObject } from '../../src/lib/json.ts';
import { call, conditionsOf, desiredOf, manifestOf, readyOf, requestOf, resource, statusOf } from '../support/call.ts';
import { createCluster } from '../support/cluster.ts';
import { conditions, desiredKeys, manifest, ttl } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';

const input: JsonObject = { apiVersion: 'dittofs.fn.crossplane.io/v1alpha1', kind: 'Input' };

describe('Crossplane v1.20, which reads no Secrets for functions', () => {
  it('is asked for none, and a server comes up in one call per reconcile', () => {
    const cluster = createCluster({ xr: dittoServer({}, { flavour: 'claim' }), crossplane: 'v1' });
    const { calls, response } = cluster.step();
    expect(calls).toHaveLength(1);
    expect(response.requirements?.resources).toEqual({});
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
    // The generated key is known from the Object, so a new one restarts the server even here.
    expect(at(manifest(cluster, 'server'), 'spec', 'template', 'metadata', 'annotations')).toHaveProperty([
      'checksum.dittofs.com/jwt',
    ]);
  });

  it('generates each Secret once, although every call brings new entropy', () => {
    const cluster = createCluster({ xr: dittoServer({}, { flavour: 'claim' }), crossplane: 'v1' });
    cluster.step();
    const first = manifest(cluster, 'admin-secret');
    cluster.bringUp();
    expect(manifest(cluster, 'admin-secret')).toEqual(first);
    expect(at(cluster.live('Secret', 'files-admin-bootstrap-credentials'), 'data')).toEqual(at(first, 'data'));
  });

  it('a re-created DittoServer takes its Secrets over as they are, so that a lost one is made again as it was', () => {
    const cluster = createCluster({ xr: dittoServer({}, { flavour: 'claim' }), crossplane: 'v1' });
    cluster.bringUp();
    const name = 'files-admin-bootstrap-credentials';
    const password = at(cluster.live('Secret', name), 'data', 'password');
    cluster.remove();
    cluster.provide();
    cluster.recreate();
    cluster.bringUp();
    expect(at(cluster.live('Secret', name), 'data', 'password')).toBe(password);

    cluster.api.remove({ kind: 'Secret', namespace: 'team-a', name });
    cluster.settle();
    expect(at(cluster.live('Secret', name), 'data', 'password')).toBe(password);
  });

  it('judges no Secret missing: the server is created without the user’s, and never loses its checksum', () => {
    const spec = { identity: { jwt: { secretRef: { name: 'my-keys', key: 'jwt' } } } };
    const cluster = createCluster({ xr: dittoServer(spec, { flavour: 'claim' }), crossplane: 'v1' });
    cluster.settle();
    expect(cluster.live('StatefulSet', 'files')).toBeDefined();
    expect(conditions(cluster).ConfigReady).toBe('True ConfigValid');
  });

  it('an upgrade to v2.2 that reads the same Secrets restarts nothing', () => {
    const before = createCluster({ xr: dittoServer({}, { flavour: 'claim' }), crossplane: 'v1' });
    before.bringUp();
    const server = manifest(before, 'server');
    const secrets = ['files-admin-bootstrap-credentials', 'files-jwt-secret'];
    const required = Object.fromEntries(
      secrets.map((name) => [`secret/${name}`, [before.live('Secret', name) ?? {}]] as const),
    );
    const response = call(requestOf({ xr: before.xr(), observed: before.objects(), required }));
    expect(manifestOf(response, 'server')).toEqual(server);
  });
});

describe('the first call of a reconcile', () => {
  it('keeps what is observed, not ready, and judges nothing', () => {
    const cluster = createCluster({ xr: dittoServer() });
    cluster.bringUp();
    const before = desiredOf(cluster.step().response);
    const [asking] = cluster.step().calls;
    if (asking === undefined) throw new Error('no call');
    expect(desiredOf(asking)).toEqual(before);
    expect(statusOf(asking)).toBeUndefined();
    expect(readyOf(asking.desired?.composite ?? { ready: 0 })).toBe('not ready');
    expect(conditionsOf(asking).map(({ type, status, reason }) => `${type}: ${status} ${reason}`)).toEqual(
      Object.entries(conditions(cluster))
        .filter(([type]) => !['Ready', 'Synced', 'Responsive'].includes(type))
        .map(([type, text]) => `${type}: ${text}`),
    );
    expect(asking.results).toEqual([]);
  });

  it('asks for the same Secrets on every call, in the server’s namespace', () => {
    const cluster = createCluster({ xr: dittoServer() });
    const asked = [...cluster.step().calls, ...cluster.bringUp().calls].map(
      ({ requirements }) => requirements?.resources,
    );
    const secret = (name: string): JsonObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      matchName: name,
      namespace: 'team-a',
    });
    for (const resources of asked) {
      expect(resources).toEqual({
        'secret/files-admin-bootstrap-credentials': secret('files-admin-bootstrap-credentials'),
        'secret/files-jwt-secret': secret('files-jwt-secret'),
      });
    }
  });
});

describe('other steps of the pipeline', () => {
  const theirs = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs' }, data: { list: ['a', 'b', 'a'] } };
  const context = { 'apiextensions.crossplane.io/environment': { region: 'eu', list: [1, 1] } };

  it.each(['v1', 'v2'] as const)('their resources, context and status are passed on (%s)', (crossplane) => {
    const response = call(
      requestOf({
        xr: dittoServer(),
        crossplane,
        context,
        desired: {
          composite: resource({ status: { theirs: 'kept', phase: 'theirs' } }, Ready.READY_TRUE),
          resources: {
            theirs: { ...resource(theirs, Ready.READY_TRUE), connectionDetails: { key: Buffer.from('value') } },
          },
        },
      }),
    );
    expect(response.desired?.resources.theirs).toEqual({
      resource: theirs,
      ready: Ready.READY_TRUE,
      connectionDetails: { key: Buffer.from('value') },
    });
    expect(response.context).toEqual(context);
    expect(at(statusOf(response), 'theirs')).toBe('kept');
    // Ours is ours; and while something is held back, the composite is not ready whatever an earlier step said.
    expect(at(statusOf(response), 'phase')).toBe(crossplane === 'v1' ? 'Pending' : 'theirs');
    expect(readyOf(response.desired?.composite ?? { ready: 0 })).toBe('not ready');
  });

  it('a refused spec leaves theirs alone too', () => {
    const desired = { composite: undefined, resources: { theirs: resource(theirs, Ready.READY_TRUE) } };
    const response = call(requestOf({ xr: dittoServer({ replicas: 9 }), desired, context }));
    expect(desiredOf(response)).toEqual({ theirs });
    expect(response.context).toEqual(context);
  });
});

it.each(['v1', 'v2'] as const)('the tag is copied, on every kind of answer (%s)', (crossplane) => {
  const tag = 'sha256:0123';
  const specs = [{}, { replicas: 9 }];
  const tags = specs.map((spec) => call(requestOf({ xr: dittoServer(spec), tag, crossplane })).meta?.tag);
  expect(tags).toEqual([tag, tag]);
});

describe('the ttl', () => {
  it.each([
    [undefined, 5, 60],
    ['5m', 5, 300],
    ['4s', 4, 4],
    ['90s', 5, 90],
  ])('with input.ttl %s: %i s while coming up, %i s when settled', (written, comingUp, settled) => {
    const cluster = createCluster({
      xr: dittoServer(),
      input: written === undefined ? undefined : { ...input, ttl: written },
    });
    expect(ttl(cluster.step())).toBe(comingUp);
    expect(ttl(cluster.bringUp())).toBe(settled);
  });

  it('is 10 s while Crossplane’s circuit breaker is open: an edit may have been dropped', () => {
    const cluster = createCluster({ xr: dittoServer() });
    cluster.circuit('open');
    cluster.bringUp();
    expect(ttl(cluster.step())).toBe(10);
    cluster.circuit('closed');
    cluster.step();
    expect(ttl(cluster.step())).toBe(60);
  });
});

it('both flavours compose the same manifests under the same keys', () => {
  const [namespaced, claim] = (['namespaced', 'claim'] as const).map((flavour) => {
    const cluster = createCluster({ xr: dittoServer({}, { flavour }), entropy: () => new Uint8Array(32) });
    const step = cluster.bringUp();
    return Object.fromEntries(desiredKeys(step).map((key) => [key, manifestOf(step.response, key)]));
  });
  expect(claim).toEqual(namespaced);
});
