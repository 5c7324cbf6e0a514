import { expect, it } from 'vitest';
import { at } from '../../src/lib/json.ts';
import { createCluster } from '../support/cluster.ts';
import { conditions, picture, ttl, unready } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';

it('a load balancer is pending: EndpointReady and Ready wait for its address', async () => {
  const cluster = createCluster({ xr: dittoServer({ service: { type: 'LoadBalancer' } }) });
  cluster.step();
  expect(conditions(cluster)).toMatchObject({ EndpointReady: 'False ServicePending' });
  cluster.settle();
  cluster.bind();
  cluster.podReady();
  const pending = cluster.settle();
  expect(conditions(cluster)).toMatchObject({
    Available: 'True ServerReady',
    EndpointReady: 'False LoadBalancerPending',
    Ready: 'False Creating',
  });
  expect(unready(pending)).toEqual(['file-service']);
  expect(ttl(pending)).toBe(5);
  expect(at(cluster.status(), 'endpoints', 'nfs')).toBeUndefined();
  expect(cluster.status().endpoint).toBeUndefined();
  await expect(picture(cluster, pending)).toMatchFileSnapshot('exposure/load-balancer-pending.yaml');

  cluster.assignAddress('203.0.113.9');
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ EndpointReady: 'True EndpointReady', Ready: 'True Available' });
  expect(cluster.status()).toMatchObject({
    endpoint: '203.0.113.9:2049',
    endpoints: { nfs: { host: '203.0.113.9', port: 2049 }, smb: { host: '203.0.113.9', port: 445 } },
  });
});

it('a load balancer with an IPv6 address: the endpoint has it in brackets', () => {
  const cluster = createCluster({ xr: dittoServer({ service: { type: 'LoadBalancer' } }) });
  cluster.bringUp();
  cluster.assignAddress('2001:db8::7');
  cluster.settle();
  expect(cluster.status().endpoint).toBe('[2001:db8::7]:2049');
});

it('waitForAddress is false: Ready does not wait for the address, EndpointReady still tells', () => {
  const cluster = createCluster({ xr: dittoServer({ service: { type: 'LoadBalancer', waitForAddress: false } }) });
  cluster.settle();
  cluster.bind();
  cluster.podReady();
  const settled = cluster.settle();
  expect(conditions(cluster)).toMatchObject({ EndpointReady: 'False LoadBalancerPending', Ready: 'True Available' });
  expect(cluster.status().phase).toBe('Running');
  expect(ttl(settled)).toBe(60);
});

it('a node port: the port of every node, and no host', () => {
  const cluster = createCluster({ xr: dittoServer({ service: { type: 'NodePort', nodePorts: { nfs: 32049 } } }) });
  cluster.bringUp();
  expect(at(cluster.status(), 'endpoints', 'nfs')).toEqual({ port: 32049 });
  expect(cluster.status().endpoint).toBe(':32049');
});

it('from LoadBalancer to ClusterIP and back: the Service follows, nothing is refused', () => {
  const cluster = createCluster({
    xr: dittoServer({ service: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', nodePorts: { smb: 30445 } } }),
  });
  cluster.bringUp();
  cluster.edit(
    (spec) => (spec.service = { type: 'ClusterIP', externalTrafficPolicy: 'Local', nodePorts: { smb: 30445 } }),
  );
  cluster.settle();
  expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });
  expect(cluster.status().endpoint).toBe('files-file.team-a.svc:2049');
  // What has no effect any more is said, not refused.
  expect(cluster.condition('ConfigReady').message).toContain('spec.service.externalTrafficPolicy has no effect');
  expect(cluster.condition('ConfigReady').message).toContain('spec.service.nodePorts has no effect');

  cluster.edit((spec) => (spec.service = { type: 'LoadBalancer' }));
  cluster.bringUp();
  expect(conditions(cluster)).toMatchObject({ ResourcesApplied: 'True Applied', Ready: 'True Available' });
});

it('annotations that leave the spec leave the Service; those of a cloud’s controller stay', () => {
  const cluster = createCluster({
    xr: dittoServer({ service: { annotations: { 'example.com/a': '1', 'example.com/b': '2' } } }),
  });
  cluster.bringUp();
  cluster.api.patch({ kind: 'Service', namespace: 'team-a', name: 'files-file' }, (object) => {
    (object.metadata as { annotations: Record<string, string> }).annotations['cloud.example.com/id'] = 'lb-1';
  });
  cluster.edit((spec) => (spec.service = { annotations: { 'example.com/b': '3' } }));
  cluster.settle();
  expect(at(cluster.live('Service', 'files-file'), 'metadata', 'annotations')).toEqual({
    'cloud.example.com/id': 'lb-1',
    'example.com/b': '3',
  });
});

it('loadBalancerClass is changed, or taken back: the Service keeps its class, because it cannot change', () => {
  const cluster = createCluster({
    xr: dittoServer({ service: { type: 'LoadBalancer', loadBalancerClass: 'example.com/internal' } }),
  });
  cluster.bringUp();
  cluster.edit((spec) => (spec.service = { type: 'LoadBalancer', loadBalancerClass: 'example.com/public' }));
  cluster.settle();
  expect(at(cluster.live('Service', 'files-file'), 'spec', 'loadBalancerClass')).toBe('example.com/internal');
  expect(cluster.status().blocked).toBeUndefined();
  expect(cluster.condition('ResourcesApplied').message).toContain('keeps loadBalancerClass "example.com/internal"');

  cluster.edit((spec) => (spec.service = { type: 'LoadBalancer' }));
  cluster.settle();
  expect(at(cluster.live('Service', 'files-file'), 'spec', 'loadBalancerClass')).toBe('example.com/internal');
  expect(cluster.status().blocked).toBeUndefined();
});
