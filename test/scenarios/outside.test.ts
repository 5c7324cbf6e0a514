import { expect, it } from 'vitest';
import { Ready } from '../../src/crossplane/protocol.ts';
import { listAt, objectAt, withValue, type JsonObject } from '../../src/lib/json.ts';
import { call, requestOf } from '../support/call.ts';
import { createCluster } from '../support/cluster.ts';
import { secret } from '../support/json.ts';
import { conditions } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';

/** What the function says when the live StatefulSet of a settled server is another. */
function withLive(change: (live: JsonObject) => JsonObject) {
  const cluster = createCluster({ xr: dittoServer(), crossplane: 'v1' });
  cluster.bringUp();
  const { server, ...others } = cluster.objects();
  const status = objectAt(server, 'status');
  const live = change(cluster.live('StatefulSet', 'files') ?? {});
  const observed = { ...others, server: { ...server, status: { ...status, atProvider: { manifest: live } } } };
  return call(requestOf({ xr: cluster.xr(), observed, crossplane: 'v1' }));
}

it('a webhook writes another image into the StatefulSet: the server is ready all the same', () => {
  const image = 'mirror.example.com/dittofs@sha256:abc';
  const response = withLive((live) => {
    const [container = {}] = listAt(live, 'spec', 'template', 'spec', 'containers') as readonly JsonObject[];
    return withValue(live, ['spec', 'template', 'spec', 'containers'], [{ ...container, image }]);
  });
  expect(response.desired?.resources.server?.ready).toBe(Ready.READY_TRUE);
  expect(response.desired?.composite?.resource).toMatchObject({ status: { phase: 'Running', version: image } });
});

it('an adopted StatefulSet with claim templates is told about, with what to do', () => {
  const templates = [{ metadata: { name: 'metadata' } }];
  const { conditions: told } = withLive((live) => withValue(live, ['spec', 'volumeClaimTemplates'], templates));
  expect(JSON.stringify(told)).toContain('kubectl delete statefulset files --cascade=orphan');
});

it('a generated Secret’s name is taken, and the user brings one instead: the server is made', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.api.put(secret('team-a', 'files-jwt-secret', { 'jwt-secret': 's'.repeat(40) }, { labels: { app: 'vault' } }));
  cluster.settle();
  expect(cluster.live('StatefulSet', 'files')).toBeUndefined();
  cluster.api.put(secret('team-a', 'own', { key: 'k'.repeat(40) }));
  cluster.edit((spec) => {
    spec.identity = { jwt: { secretRef: { name: 'own', key: 'key' } } };
  });
  cluster.settle();
  expect(cluster.live('StatefulSet', 'files')).toBeDefined();
});

it('the provider’s passing troubles are no news', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  cluster.fail(
    'file-service',
    'observe failed: cannot get object: dial tcp 10.96.0.1:443: connect: connection refused',
  );
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied' });
});

it('a refusal tells at most fifty problems, so that it always reaches Crossplane', () => {
  const fields = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`unknown${index}`, 1]));
  const cluster = createCluster({ xr: dittoServer({ affinity: { nodeAffinity: fields } }) });
  const { response, fatal } = cluster.step();
  expect(fatal).toBe(true);
  expect(response.results[0]?.message).toContain('; and 10 more');
});
