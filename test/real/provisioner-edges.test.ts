import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import type { ServingPlan } from '../../src/api/provisioning.ts';
import { listen } from '../../src/listen/address.ts';
import { startFakeCluster } from '../provisioner/fake-cluster.ts';
import { planWith, store, user } from '../provisioner/plan.ts';
import { hasOwnNetwork } from './support/dfs-process.ts';
import { ADMIN_PASSWORD } from './support/dfs-server.ts';
import { provisioned } from './support/provisioning.ts';
import { goVersion } from '../../lab/tools.ts';

const can = (await goVersion()) !== undefined && hasOwnNetwork('the edges of the provisioner are not tested');

const done = { stdout: '', stderr: '', failed: false };

describe.skipIf(!can).concurrent('users', () => {
  it('stay out with their former password while the new one is missing', async ({ expect }) => {
    await using here = await provisioned();
    here.secret('alice', 'password', 'alice-password');
    here.declare(planWith({ users: [user('alice')] }));
    await here.once();
    here.declare(planWith({ users: [user('alice', { enabled: false })] }));
    await here.once();
    here.secret('alice', 'password', undefined);
    here.declare(planWith({ users: [user('alice')] }));
    expect((await here.once()).stderr).toBe('user "alice": Secret "alice" has no value under key "password"\n');
    expect(await here.server.login('alice', 'alice-password')).toBe(403);
    here.secret('alice', 'password', 'another-password');
    expect(await here.once()).toEqual(done);
    expect(await here.server.login('alice', 'alice-password')).toBe(401);
    expect(await here.server.login('alice', 'another-password')).toBe(200);
  });

  it('whose password could not be compared are told of', async ({ expect }) => {
    await using here = await provisioned();
    here.secret('alice', 'password', 'alice-password');
    here.declare(planWith({ users: [user('alice')] }));
    await here.once();
    let logins = 0;
    here.proxy.fail = (_method, path) =>
      path.endsWith('/auth/login') && ++logins > 1 ? { status: 500, detail: 'Authentication failed' } : undefined;
    expect((await here.once()).stderr).toBe('user "alice": its password cannot be compared: Authentication failed\n');
  });
});

describe.skipIf(!can).concurrent('a dry run', () => {
  it('says that admin has to confirm the password first', async ({ expect }) => {
    await using here = await provisioned();
    here.declare(planWith());
    await here.server.ask('POST', 'users/admin/password', { new_password: ADMIN_PASSWORD });
    const { stdout, stderr, failed } = await here.dryRun();
    expect([stdout, failed]).toEqual(['', true]);
    expect(stderr).toContain(': admin has to confirm the password, which a dry run does not do\n');
    expect(here.proxy.writes()).toEqual([]);
  });

  it('says the same of other administrators, and goes on', async ({ expect }) => {
    await using here = await provisioned();
    here.secret('root', 'password', 'root-password');
    here.declare(planWith({ users: [user('root', { role: 'admin' })] }));
    await here.once();
    await here.server.ask('POST', 'users/root/password', { new_password: 'root-password' });
    here.declare(planWith({ users: [user('root', { role: 'admin' })], groups: [{ name: 'later' }] }));
    expect(await here.dryRun()).toEqual({
      ...done,
      stdout: '+ group "later"\n~ user "root": password (has to be confirmed)\n',
    });
    expect(here.proxy.writes()).toEqual([]);
  });
});

describe.skipIf(!can).concurrent('an adapter whose port is busy', () => {
  it('is started again once, and is a problem until it listens', async ({ expect }) => {
    await using here = await provisioned();
    const blocker = createServer();
    const { port } = await listen(blocker, { host: '0.0.0.0', port: 0 });
    const smb = { enabled: true, port, settings: {} };
    here.declare(planWith({ adapters: { ...planWith().adapters, smb } }));
    await using running = await here.run(1000);
    const problem = async (): Promise<string> => (await running.get('/readyz')).text;
    await expect.poll(problem).toBe('adapter "smb": does not listen: SMB adapter has not started yet\n');
    const writes = here.proxy.writes().length;
    const rounds = (): number => running.log().filter(({ msg }) => msg === 'ended a round').length;
    const before = rounds();
    await expect.poll(rounds).toBeGreaterThan(before + 1);
    expect(here.proxy.writes()).toHaveLength(writes);
    expect(here.proxy.writes().map(({ body }) => body)).toEqual([
      JSON.stringify({ enabled: true, port }),
      '{"enabled":false}',
      '{"enabled":true}',
    ]);
    blocker.close();
    await here.server.kill();
    await here.server.start();
    await expect.poll(problem).toBe('ok\n');
  });
});

describe.skipIf(!can).concurrent('what is told', () => {
  const ref = { namespace: 'team', name: 'status' };

  it('is that a plan cannot be used, until it can', async ({ expect }) => {
    await using here = await provisioned();
    await using fake = await startFakeCluster();
    here.declare(planWith());
    await using running = await here.run(1000, { ref, cluster: fake.cluster });
    const ready = async (): Promise<string> => (await running.get('/readyz')).text;
    await expect.poll(ready).toBe('ok\n');
    here.declare({ ...planWith({ revision: 'r2' }), later: 1 } as ServingPlan);
    await expect.poll(ready).toMatch(/^cannot use .*: Unrecognized key: "later"\n$/);
    const report = (): unknown => JSON.parse(fake.data?.['report.json'] ?? '{}');
    await expect.poll(report).toMatchObject({ revision: 'r2', problems: [{ about: 'plan' }] });
    expect(fake.data).toMatchObject({ revision: '' });
    // What the last good plan says is kept so meanwhile.
    const before = running.log().length;
    await expect.poll(() => running.log().length).toBeGreaterThan(before);
    expect(await ready()).toContain('Unrecognized key');
    here.declare(planWith({ revision: 'r3', groups: [{ name: 'later' }] }));
    await expect.poll(ready).toBe('ok\n');
    expect(fake.data).toMatchObject({ revision: 'r3' });
  });

  it('is that the server lets nobody in, once that lasts, and that it does again', async ({ expect }) => {
    await using here = await provisioned();
    await using fake = await startFakeCluster();
    here.declare(planWith());
    here.proxy.fail = (_method, path) =>
      path.endsWith('/auth/login') ? { status: 500, detail: 'Authentication failed' } : undefined;
    await using running = await here.run(1000, { ref, cluster: fake.cluster });
    await expect.poll(async () => (await running.get('/readyz')).text).toBe('Authentication failed\n');
    expect(fake.data).toEqual({});
    const problems = (): unknown =>
      (JSON.parse(fake.data?.['report.json'] ?? '{}') as { problems?: unknown[] }).problems;
    const lasting = [{ about: 'server', message: 'Authentication failed' }];
    await expect.poll(problems).toEqual(lasting);
    here.proxy.fail = () => undefined;
    await expect.poll(problems).toEqual([]);
  });

  it('are all problems, where the report has no room for them', async ({ expect }) => {
    await using here = await provisioned();
    await using fake = await startFakeCluster();
    const users = Array.from({ length: 320 }, (_, index) => user(`user-${index}`));
    here.declare(planWith({ users }));
    await using running = await here.run(300_000, { ref, cluster: fake.cluster });
    const problems = (): number => running.log().filter(({ msg }) => msg === 'found a problem').length;
    await expect.poll(problems).toBe(320);
    expect((await running.get('/metrics')).text).toContain('dittofs_provisioner_problems 320');
    const report = JSON.parse(fake.data?.['report.json'] ?? '{}') as { problems: unknown[] };
    expect(report.problems).toHaveLength(301);
  });

  it('is a new password of admin that the server would not take', async ({ expect }) => {
    await using here = await provisioned();
    await using fake = await startFakeCluster();
    here.declare(planWith());
    await using running = await here.run(1000, { ref, cluster: fake.cluster });
    const ready = async (): Promise<string> => (await running.get('/readyz')).text;
    await expect.poll(ready).toBe('ok\n');
    here.secret('admin', 'password', 'short');
    const says = 'its password, key "password" of Secret "admin", does not have 8 to 72 bytes';
    await expect.poll(ready).toBe(`admin "admin": ${says}\n`);
    await expect.poll(() => fake.data?.['report.json']).toContain(JSON.stringify(says));
    expect(await here.server.login('admin', ADMIN_PASSWORD)).toBe(200);
    here.secret('admin', 'password', ADMIN_PASSWORD);
    await expect.poll(ready).toBe('ok\n');
  });

  it('is no secret of another object, and no other line than its own', async ({ expect }) => {
    await using here = await provisioned();
    here.secret('s3', 'key', 'the-key-of-s3');
    const secrets = { secret_access_key: { secret: 's3', key: 'key' } };
    const remote_block_stores = [store('s3', { secrets })];
    here.declare(planWith({ remote_block_stores, groups: [{ name: 'team', description: 'us' }] }));
    await here.once();
    await here.server.ask('PUT', 'groups/team', { description: 'the-key-of-s3\n- share "/a" (prune)\u001b[2J' });
    expect((await here.dryRun()).stdout).toBe(
      '~ group "team": description "********\\n- share \\"/a\\" (prune)\\u001b[2J" → us\n',
    );
  });

  it('is that a Secret holds no text', async ({ expect }) => {
    await using here = await provisioned();
    here.secret('alice', 'password', 'alice-password');
    here.declare(planWith({ users: [user('alice')] }));
    await here.once();
    writeFileSync(join(here.files.secrets, 'alice', 'password'), Buffer.from([0xff, 0xfe, ...Buffer.from('password')]));
    expect((await here.once()).stderr).toBe('user "alice": Secret "alice" has no text in UTF-8 under key "password"\n');
    expect(here.proxy.writes()).toEqual([]);
    expect(await here.server.login('alice', 'alice-password')).toBe(200);
  });
});
