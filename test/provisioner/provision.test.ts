import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen } from '../../src/listen/address.ts';
import { provisionOnce, type ProvisionOptions } from '../../src/provisioner/provision.ts';
import { startFakeCluster } from './fake-cluster.ts';
import { planWith, share, store } from './plan.ts';

const SECRET = 'the-key-of-s3';
const healthy = { status: 'healthy' };
const placed = { id: 'a', metadata_store_id: 'm', local_block_store_id: 'l', remote_block_store_id: 'r' };

/** What a server has that repeats a secret wherever it can; all else is an empty list. */
const lists: Readonly<Record<string, unknown>> = {
  'store/metadata': [{ id: 'm', name: 'meta', type: 'memory' }],
  'store/block/local': [{ id: 'l', name: 'local', type: 'memory' }],
  'store/block/remote': [{ id: 'r', name: 's3', type: 'memory', config: { region: `near ${SECRET}` } }],
  shares: [{ ...placed, name: '/a', enabled: true, status: { status: 'degraded', message: `${SECRET} is not known` } }],
  adapters: [
    { type: 'nfs', enabled: true, port: 12049, status: healthy },
    { type: 'smb', enabled: true, port: 1445, status: healthy },
  ],
};

const server = createServer((request, response) => {
  const path = (request.url ?? '').replace('/api/v1/', '');
  const answer = path === 'auth/login' ? { access_token: 't', expires_in: 900 } : (lists[path] ?? []);
  request.resume();
  response.writeHead(200).end(JSON.stringify(answer));
});

let folder: string;
let options: ProvisionOptions;

beforeEach(async () => {
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  folder = mkdtempSync(join(tmpdir(), 'function-dittofs-provision-'));
  const files = { plan: join(folder, 'plan.json'), secrets: folder };
  const secrets = { secret_access_key: { secret: 's3', key: 'key' } };
  const plan = planWith({
    metadata_stores: [store('meta')],
    local_block_stores: [store('local')],
    remote_block_stores: [store('s3', { config: { region: 'r' }, secrets })],
    shares: [share('/a', { remote_block_store: 's3' })],
  });
  writeFileSync(files.plan, JSON.stringify(plan));
  for (const [path, value] of Object.entries({ 'admin/password': 'the-password', 's3/key': SECRET })) {
    mkdirSync(dirname(join(folder, path)));
    writeFileSync(join(folder, path), value);
  }
  options = {
    files,
    url: `http://127.0.0.1:${port}`,
    status: undefined,
    interval: 300_000,
    signal: new AbortController().signal,
    logger: pino({ level: 'silent' }),
  };
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

describe('secrets that a server repeats', () => {
  it('are not in the report', async () => {
    await using fake = await startFakeCluster();
    const status = { ref: { namespace: 'team', name: 'status' }, cluster: fake.cluster };
    await provisionOnce({ ...options, status }, false);
    expect(JSON.parse(fake.data?.['report.json'] ?? '')).toMatchObject({
      shares: [{ name: '/a', ready: false, message: 'degraded: ******** is not known' }],
    });
  });

  it('are not in what a dry run prints', async () => {
    const { stdout } = await provisionOnce(options, true);
    expect(stdout).toContain('region "near ********" → r');
    expect(stdout).not.toContain(SECRET);
  });
});

describe('one round', () => {
  it('has nothing to do with a plan that cannot be used', async () => {
    writeFileSync(options.files.plan, '{');
    expect(await provisionOnce(options, false)).toMatchObject({
      stdout: '',
      stderr: expect.stringMatching(/^cannot read .*plan\.json: /) as string,
      failed: true,
    });
  });
});
