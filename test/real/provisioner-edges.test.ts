import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listen } from '../../src/listen/address.ts';
import { planWith, user } from '../provisioner/plan.ts';
import { hasOwnNetwork } from './support/dfs-process.ts';
import { ADMIN_PASSWORD } from './support/dfs-server.ts';
import { provisioned } from './support/provisioning.ts';
import { goVersion } from './support/tools.ts';

const can = (await goVersion()) !== undefined && hasOwnNetwork('the edges of the provisioner are not tested');

const done = { stdout: '', stderr: '', failed: false };

describe.skipIf(!can).concurrent('users', () => {
  it('stay out with their former password while the new one is missing', async () => {
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

  it('whose password could not be compared are told of', async () => {
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
  it('says that admin has to confirm the password first', async () => {
    await using here = await provisioned();
    here.declare(planWith());
    await here.server.ask('POST', 'users/admin/password', { new_password: ADMIN_PASSWORD });
    const { stdout, stderr, failed } = await here.dryRun();
    expect([stdout, failed]).toEqual(['', true]);
    expect(stderr).toContain(': admin has to confirm the password, which a dry run does not do\n');
    expect(here.proxy.writes()).toEqual([]);
  });

  it('says the same of other administrators, and goes on', async () => {
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
  it('is started again once, and is a problem until it listens', async () => {
    await using here = await provisioned();
    const blocker = createServer();
    const { port } = await listen(blocker, { host: '0.0.0.0', port: 0 });
    const smb = { enabled: true, port, settings: {} };
    here.declare(planWith({ adapters: { ...planWith().adapters, smb } }));
    await using running = await here.run(1000);
    const problem = async (): Promise<string> => (await running.get('/readyz')).text;
    await expect
      .poll(problem, { timeout: 50_000 })
      .toBe('adapter "smb": does not listen: SMB adapter has not started yet\n');
    const writes = here.proxy.writes().length;
    const rounds = (): number => running.log().filter(({ msg }) => msg === 'ended a round').length;
    const before = rounds();
    await expect.poll(rounds, { timeout: 20_000 }).toBeGreaterThan(before + 1);
    expect(here.proxy.writes()).toHaveLength(writes);
    expect(here.proxy.writes().map(({ body }) => body)).toEqual([
      JSON.stringify({ enabled: true, port }),
      '{"enabled":false}',
      '{"enabled":true}',
    ]);
    blocker.close();
    await here.server.kill();
    await here.server.start();
    await expect.poll(problem, { timeout: 20_000 }).toBe('ok\n');
  }, 100_000);
});
