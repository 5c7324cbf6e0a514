import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { clusterAround, writeStatus } from '../../src/provisioner/status-config-map.ts';
import { startFakeCluster } from './fake-cluster.ts';

const ref = { namespace: 'team', name: 'status' };
const never = new AbortController().signal;

describe('the status ConfigMap', () => {
  it('is written where it says something else, and keeps what is not said', async () => {
    await using fake = await startFakeCluster();
    fake.data = { other: 'stays', restart: 'r' };
    expect(await writeStatus(fake.cluster, ref, { revision: 'a', 'report.json': '{}' }, never)).toBeUndefined();
    expect(fake.data).toEqual({ other: 'stays', restart: 'r', revision: 'a', 'report.json': '{}' });
    expect(await writeStatus(fake.cluster, ref, { revision: 'a', restart: 'r' }, never)).toBeUndefined();
    expect(fake.requests.map((request) => request.split(' ')[0])).toEqual(['GET', 'PATCH', 'GET']);
    // Somebody made it anew.
    fake.data = {};
    expect(await writeStatus(fake.cluster, ref, { revision: 'a' }, never)).toBeUndefined();
    expect(fake.data).toEqual({ revision: 'a' });
  });

  it('may not be there yet', async () => {
    await using fake = await startFakeCluster();
    fake.data = undefined;
    expect(await writeStatus(fake.cluster, ref, { revision: 'a' }, never)).toBe(
      'cannot read ConfigMap team/status: configmaps "status" not found',
    );
  });

  it('is written with the token as it is now', async () => {
    await using fake = await startFakeCluster();
    fake.token = 'another-token';
    expect(await writeStatus(fake.cluster, ref, { revision: 'a' }, never)).toBe(
      'cannot read ConfigMap team/status: Unauthorized',
    );
    writeFileSync(join(fake.cluster.account, 'token'), 'another-token');
    expect(await writeStatus(fake.cluster, ref, { revision: 'a' }, never)).toBeUndefined();
  });

  it('is not waited for longer than 10 seconds', async () => {
    await using fake = await startFakeCluster();
    fake.silent = true;
    const real = AbortSignal.timeout.bind(AbortSignal);
    // A second is 20 milliseconds here.
    const limit = vi.spyOn(AbortSignal, 'timeout').mockImplementation((milliseconds) => real(milliseconds / 50));
    expect(await writeStatus(fake.cluster, ref, { revision: 'a' }, never)).toMatch(
      /^cannot reach the API server of the cluster: /,
    );
    expect(limit.mock.calls).toEqual([[10_000]]);
    vi.restoreAllMocks();
  });

  it('is not asked of somebody else than the cluster', async () => {
    await using fake = await startFakeCluster();
    await using stranger = await startFakeCluster();
    const cluster = { ...fake.cluster, account: stranger.cluster.account };
    expect(await writeStatus(cluster, ref, { revision: 'a' }, never)).toMatch(
      /^cannot reach the API server of the cluster: /,
    );
    expect(fake.requests).toEqual([]);
  });

  it('needs a cluster', () => {
    expect(clusterAround({}, '/account')).toBeUndefined();
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    expect(clusterAround(env, '/account')).toEqual({ host: 'fd00::1', port: '443', account: '/account' });
  });
});
