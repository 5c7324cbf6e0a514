import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../lab/ports.ts';
import { eventually } from '../../lab/program.ts';
import type { DeclaredShare, ServingPlan } from '../../src/api/provisioning.ts';
import { at, listAt, type Json, type JsonObject } from '../../src/lib/json.ts';
import { listen } from '../../src/listen/address.ts';
import { startFakeCluster } from '../provisioner/fake-cluster.ts';
import { planWith, share, store, user } from '../provisioner/plan.ts';
import { ADMIN_PASSWORD, SECOND_PASSWORD } from './support/dfs-server.ts';
import { hasOwnNetwork } from './support/dfs-process.ts';
import { provisioned, type Provisioned } from './support/provisioning.ts';
import { goVersion } from '../../lab/tools.ts';

const can = (await goVersion()) !== undefined && hasOwnNetwork('the provisioner is not tested');

/** Milliseconds for anything that should come about by itself, on a machine that does much else. */
const PATIENCE = 180_000;

const done = { stdout: '', stderr: '', failed: false };

/** The stores that most shares lie in. */
const stores = { metadata_stores: [store('meta')], local_block_stores: [store('local')] };

/** A plan with one object of each kind, in folders that the server may write to. */
function everything(folder: string): ServingPlan {
  const badger = { path: `${folder}/meta`, block_cache_mb: 16, index_cache_mb: 8 };
  return planWith({
    metadata_stores: [store('meta', { type: 'badger', config: badger, identity: ['path'] })],
    local_block_stores: [store('local', { type: 'fs', config: { path: `${folder}/blocks` }, identity: ['path'] })],
    remote_block_stores: [store('remote')],
    groups: [{ name: 'team', gid: 3000, description: 'the team' }],
    users: [
      user('alice', { uid: 2001, gid: 3000, groups: ['team'], email: 'alice@example.com', display_name: 'Alice' }),
      user('root', { role: 'admin' }),
      user('bob', { enabled: false }),
    ],
    shares: [
      share('/export', {
        remote_block_store: 'remote',
        owner: 'alice',
        settings: {
          default_permission: 'read',
          quota_bytes: 10_737_418_241,
          local_store_size: 1_073_741_825,
          blocked_operations: ['RENAME', 'REMOVE'],
          retention_policy: 'ttl',
          retention_ttl: '72h',
          read_only: false,
          acl_flag_inherited_canonicalization: false,
          trash_enabled: true,
          trash_exclude_patterns: ['*.tmp'],
        },
        nfs: { squash: 'none' },
        permissions: [
          { type: 'user', name: 'alice', level: 'read-write' },
          { type: 'group', name: 'team', level: 'read' },
        ],
        quotas: [quota(2001)],
        snapshot_policy: policy,
      }),
      share('/closed/deep er', { enabled: false }),
    ],
    adapters: {
      nfs: { enabled: true, port: 12049, settings: { lease_time: 60 } },
      smb: { enabled: true, port: 1445, settings: { signing: 'required' } },
    },
  });
}

const policy = { interval: '@daily', keep_last: 7, ttl: '720h', enabled: true, name_prefix: 'daily' };

function quota(id: number) {
  const sizes = { limit_bytes: 1_500_000_001, soft_bytes: 0 };
  return { scope: 'user' as const, id, ...sizes, limit_files: 100, soft_files: 0, grace_seconds: 60 };
}

/** One of a list of the server, by its name. */
async function found({ server }: Provisioned, list: string, name: string): Promise<JsonObject | undefined> {
  const items = (await server.ask('GET', list)) as readonly JsonObject[];
  return items.find((item) => item.name === name || item.username === name || item.type === name);
}

async function namesOf({ server }: Provisioned, list: string): Promise<readonly Json[]> {
  const items = (await server.ask('GET', list)) as readonly JsonObject[];
  return items.map((item) => item.name ?? item.username ?? '').sort();
}

async function restartNote(here: Provisioned): Promise<Json | undefined> {
  return at((await here.server.ask('GET', 'settings/dittofs-provisioner.restart')) as Json, 'value');
}

/** What a restart was asked for. */
async function waitingFor(here: Provisioned): Promise<readonly string[]> {
  const note = await restartNote(here);
  return typeof note === 'string' && note !== '' ? Object.keys(JSON.parse(note) as object) : [];
}

/** An object without one of its fields. */
function without<T extends object, K extends keyof T>(object: T, field: K): Omit<T, K> {
  const copy = { ...object };
  Reflect.deleteProperty(copy, field);
  return copy;
}

/** Runs Node to its end. */
async function runToEnd(args: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, args);
  const ended = new Promise((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, stdout, stderr };
}

const program = ['src/main.ts', 'provision'];

/** Starts it; it ends with the test, whatever becomes of that. */
function launch(
  here: Provisioned,
): AsyncDisposable & { readonly child: ChildProcess; readonly ended: Promise<unknown> } {
  const flags = ['--plan', here.files.plan, '--secrets', here.files.secrets, '--url', here.proxy.url];
  const child = spawn(process.execPath, [...program, ...flags, '--address', '127.0.0.1:0']);
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    child,
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Declares everything with its Secrets, and makes it so. */
async function withEverything(): Promise<Provisioned> {
  const here = await provisioned();
  here.declare(everything(here.server.folder));
  for (const name of ['alice', 'root', 'bob']) here.secret(name, 'password', `${name}-password\n`);
  expect(await here.once()).toEqual(done);
  return here;
}

describe.skipIf(!can).concurrent('one round', () => {
  it('makes everything, and then has nothing to do', async () => {
    await using here = await withEverything();
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes()).toEqual([]);
    expect(await here.dryRun()).toEqual({ ...done, stdout: 'nothing to do\n' });
    expect(await restartNote(here)).toBe('');
    expect(await here.server.login('alice', 'alice-password')).toBe(200);
    expect(await here.server.login('bob', 'bob-password')).toBe(403);
    expect(await found(here, 'users', 'root')).toMatchObject({ must_change_password: false });
    expect(await found(here, 'shares', '/export')).toMatchObject({ owner_uid: 2001, status: { status: 'healthy' } });
  });

  it('corrects what is changed by hand', async () => {
    await using here = await withEverything();
    const { server } = here;
    await server.ask('PUT', 'groups/team', { gid: 3001, description: 'others' });
    await server.ask('PUT', 'users/alice', { role: 'operator', uid: 2009, email: 'mallory@example.com', groups: [] });
    await server.ask('PUT', 'users/bob', { enabled: true });
    await server.ask('POST', 'users/root/password', { new_password: 'chosen by hand' });
    await server.ask('PUT', 'shares/export', { default_permission: 'admin', quota_bytes: '1GiB', retention_ttl: '1h' });
    await server.ask('PUT', 'shares/export', { blocked_operations: [], trash_exclude_patterns: [] });
    await server.ask('POST', 'shares/export/disable');
    await server.ask('POST', 'shares/closed%2Fdeep%20er/enable');
    await server.ask('PATCH', 'shares/export/adapters/nfs/config', { squash: 'all_to_admin' });
    await server.ask('PUT', 'shares/export/permissions/users/alice', { level: 'none' });
    await server.ask('DELETE', 'shares/export/permissions/groups/team');
    await server.ask('PUT', 'shares/export/quotas/user/2001', { limit_files: 7 });
    await server.ask('DELETE', 'shares/export/snapshot-policy');
    await server.ask('PATCH', 'adapters/smb/settings', { signing: 'disabled' });
    expect(await here.once()).toEqual(done);
    expect(await found(here, 'groups', 'team')).toMatchObject({ gid: 3000, members: ['alice'] });
    expect(await found(here, 'users', 'alice')).toMatchObject({ role: 'user', uid: 2001, email: 'alice@example.com' });
    expect(await found(here, 'users', 'bob')).toMatchObject({ enabled: false });
    expect(await server.login('root', 'root-password')).toBe(200);
    expect(await found(here, 'shares', '/export')).toMatchObject({
      enabled: true,
      default_permission: 'read',
      quota_bytes: '10.00GiB',
      retention_ttl: '72h0m0s',
      blocked_operations: ['RENAME', 'REMOVE'],
      trash_exclude_patterns: ['*.tmp'],
    });
    expect(await found(here, 'shares', '/closed/deep er')).toMatchObject({ enabled: false });
    expect(await server.ask('GET', 'shares/export/adapters/nfs/config')).toMatchObject({ squash: 'none' });
    expect(await server.ask('GET', 'shares/export/permissions')).toEqual([
      { type: 'user', name: 'alice', level: 'read-write' },
      { type: 'group', name: 'team', level: 'read' },
    ]);
    expect(await server.ask('GET', 'shares/export/quotas')).toMatchObject([
      { limit_bytes: '1.40GiB', limit_files: 100 },
    ]);
    expect(await server.ask('GET', 'shares/export/snapshot-policy')).toMatchObject({ interval: '24h0m0s' });
    expect(await server.ask('GET', 'adapters/smb/settings')).toMatchObject({ signing: 'required' });
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes()).toEqual([]);
  });

  it('applies changes of the plan, to the byte', async () => {
    await using here = await withEverything();
    const plan = everything(here.server.folder);
    const [first] = plan.shares;
    if (first === undefined) throw new Error('there is no share');
    const settings = { ...first.settings, quota_bytes: 10_737_418_240, trash_enabled: false };
    const quotas = [{ ...quota(2001), limit_bytes: 1_500_000_002 }];
    here.declare({ ...plan, shares: [{ ...first, settings, quotas }] });
    expect((await here.dryRun()).stdout.split('\n')).toEqual([
      '~ share "/export": quota_bytes 10.00GiB → 10737418240, trash_enabled true → false',
      '~ share "/export": quota of user 2001 limit_bytes 1.40GiB → 1500000002',
      '',
    ]);
    expect(here.proxy.writes()).toEqual([]);
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes().filter(({ path }) => !path.includes('/settings/'))).toMatchObject([
      { method: 'PUT', path: '/api/v1/shares/export', body: '{"quota_bytes":"10737418240","trash_enabled":false}' },
      { method: 'PUT', path: '/api/v1/shares/export/quotas/user/2001' },
    ]);
    expect(await restartNote(here)).toBe('');
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes()).toEqual([]);
  });

  it('prints what it would do, and does nothing', async () => {
    await using here = await provisioned();
    here.declare(everything(here.server.folder));
    for (const name of ['alice', 'root', 'bob']) here.secret(name, 'password', `${name}-password`);
    const { stdout, stderr, failed } = await here.dryRun();
    expect([stderr, failed]).toEqual(['', false]);
    expect(stdout.trim().split('\n')).toEqual([
      '+ metadata store "meta"',
      '+ local block store "local"',
      '+ remote block store "remote"',
      '+ group "team"',
      '+ user "alice"',
      '+ user "root"',
      '+ user "bob"',
      '~ adapter "nfs": settings.lease_time 90 → 60',
      '~ adapter "smb": settings.signing none → required',
      '+ share "/export"',
      '+ share "/closed/deep er"',
      '~ share "/export": nfs.squash "none"',
      '~ share "/export": permission of user "alice" read-write',
      '~ share "/export": permission of group "team" read',
      '~ share "/export": quota of user 2001',
      '~ share "/export": snapshot_policy @daily',
    ]);
    expect(here.proxy.writes()).toEqual([]);
    expect(await namesOf(here, 'shares')).toEqual([]);
  });

  it('never moves a share or a store', async () => {
    await using here = await withEverything();
    const { folder } = here.server;
    const plan = everything(folder);
    const [first, second] = plan.shares;
    if (first === undefined || second === undefined) throw new Error('there are no shares');
    const more = {
      metadata_stores: [...plan.metadata_stores, store('meta2')],
      local_block_stores: [...plan.local_block_stores, store('local2')],
      remote_block_stores: [...plan.remote_block_stores, store('remote2')],
    };
    here.declare({ ...plan, ...more });
    await here.once();
    const withoutRemote = without(first, 'remote_block_store');
    const moves: readonly (readonly [string, Partial<ServingPlan>, string])[] = [
      [
        'metadata',
        { shares: [{ ...first, metadata_store: 'meta2' }] },
        'share "/export": its metadata store is "meta", not "meta2"',
      ],
      [
        'local',
        { shares: [{ ...first, local_block_store: 'local2' }] },
        'share "/export": its local block store is "local", not "local2"',
      ],
      [
        'remote',
        { shares: [{ ...first, remote_block_store: 'remote2' }] },
        'share "/export": its remote block store is "remote", not "remote2"',
      ],
      ['no remote', { shares: [withoutRemote] }, 'share "/export": its remote block store is "remote", not none'],
      [
        'a remote',
        { shares: [{ ...second, remote_block_store: 'remote' }] },
        'share "/closed/deep er": its remote block store is none, not "remote"',
      ],
      [
        'owner',
        { users: [...plan.users, user('carol', { uid: 2003 })], shares: [{ ...first, owner: 'carol' }] },
        'share "/export": its owner has uid 2001, not 2003 as user "carol"',
      ],
      [
        'path',
        { metadata_stores: [store('meta', { type: 'badger', config: { path: `${folder}/elsewhere` } })] },
        `metadata store "meta": its path is "${folder}/meta", not "${folder}/elsewhere"`,
      ],
      ['type', { metadata_stores: [store('meta')] }, 'metadata store "meta": its type is "badger", not "memory"'],
      [
        'local path',
        { local_block_stores: [store('local', { type: 'fs', config: { path: `${folder}/elsewhere` } })] },
        `local block store "local": its path is "${folder}/blocks", not "${folder}/elsewhere"`,
      ],
    ];
    here.secret('carol', 'password', 'carol-password');
    here.declare({ ...plan, ...more, users: [...plan.users, user('carol', { uid: 2003 })] });
    await here.once();
    for (const [what, differences, says] of moves) {
      here.declare({ ...plan, ...more, ...differences });
      const { stderr, failed } = await here.once();
      expect(failed, what).toBe(true);
      expect(stderr, what).toContain(says);
      expect(here.proxy.writes(), what).toEqual([]);
    }
    // Nor by the way, with a change that is sent.
    const settings = { ...first.settings, quota_bytes: 1024 };
    here.declare({ ...plan, ...more, shares: [{ ...first, local_block_store: 'local2', settings }] });
    expect((await here.once()).failed).toBe(true);
    const writes = here.proxy.writes().filter(({ path }) => path.includes('/shares/'));
    expect(writes.map(({ body }) => body)).toEqual(['{"quota_bytes":"1024"}']);
  });

  it('opens a new share only when it is as restricted as declared', async () => {
    await using here = await provisioned();
    here.secret('alice', 'password', 'alice-password');
    const restricted = (name: string) =>
      share(name, {
        settings: { default_permission: 'read-write' },
        nfs: { squash: 'all_to_guest' },
        permissions: [{ type: 'user', name: 'alice', level: 'none' }],
      });
    const shares = [restricted('/a'), share('/closed', { enabled: false }), share('/plain')];
    const plan = planWith({ ...stores, users: [user('alice')], shares });
    here.declare(plan);
    expect(await here.once()).toEqual(done);
    for (const { name, enabled } of plan.shares) expect(await found(here, 'shares', name)).toMatchObject({ enabled });
    const about = (name: string): readonly string[] =>
      here.proxy
        .writes()
        .filter(({ path }) => path.startsWith(`/api/v1/shares/${name}`))
        .map(({ path }) => path.replace(`/api/v1/shares/${name}/`, ''));
    expect(about('a')).toEqual(['disable', 'adapters/nfs/config', 'permissions/users/alice', 'enable']);
    expect(about('closed')).toEqual(['disable']);
    // Nothing restricts it more than its making.
    expect(about('plain')).toEqual([]);

    here.declare({ ...plan, shares: ['/noted', '/nfs', '/permission'].map(restricted) });
    // The first note is that of its making.
    let notes = 0;
    here.proxy.fail = (method, path) =>
      method !== 'GET' &&
      ((path.endsWith('share.noted') && ++notes > 1) || /\/nfs\/adapters\/|\/permission\/permissions\//.test(path))
        ? { status: 500, detail: 'no room' }
        : undefined;
    expect((await here.once()).stderr.trim().split('\n')).toEqual([
      'share "/nfs": its NFS options cannot be changed: no room',
      'share "/noted": cannot be noted: no room',
      'share "/permission": the permission of user "alice" cannot be given: no room',
    ]);
    expect(about('noted')).toEqual(['disable', 'adapters/nfs/config']);
    for (const name of ['/noted', '/nfs', '/permission'])
      expect(await found(here, 'shares', name)).toMatchObject({ enabled: false });
    here.proxy.fail = () => undefined;
    expect(await here.once()).toEqual(done);
    expect(about('noted')).toEqual(['permissions/users/alice', 'enable']);
    expect(about('nfs')).toEqual(['adapters/nfs/config', 'enable']);
    await here.once();
    expect(here.proxy.writes()).toEqual([]);
    expect(await here.dryRun()).toEqual({ ...done, stdout: 'nothing to do\n' });
  });

  it('sends the options of a share that is there although it cannot be noted', async () => {
    await using here = await provisioned();
    here.declare(planWith({ ...stores, shares: [share('/a')] }));
    await here.once();
    const one = share('/a', { settings: { quota_bytes: 1024 }, nfs: { squash: 'all_to_guest' } });
    here.declare(planWith({ ...stores, shares: [one] }));
    here.proxy.fail = (method, path) =>
      method === 'PUT' && path.endsWith('share.a') ? { status: 500, detail: 'no room' } : undefined;
    expect((await here.once()).stderr).toBe('share "/a": cannot be noted: no room\n');
    expect(await here.server.ask('GET', 'shares/a/adapters/nfs/config')).toMatchObject({ squash: 'all_to_guest' });
    expect(await found(here, 'shares', '/a')).toMatchObject({ enabled: true });
  });

  it('makes no share in a store that is not the declared one', async () => {
    await using here = await withEverything();
    const { folder } = here.server;
    const elsewhere = store('local', { type: 'fs', config: { path: `${folder}/elsewhere` } });
    here.declare({ ...everything(folder), local_block_stores: [elsewhere], shares: [share('/new')] });
    const { stderr } = await here.once();
    expect(stderr).toContain('share "/new": needs local block store "local", which is not as it is declared\n');
    expect(here.proxy.writes()).toEqual([]);
  });

  it('goes on where something is missing or refused', async () => {
    await using here = await provisioned();
    here.declare(
      planWith({
        ...stores,
        metadata_stores: [store('meta'), store('bad', { type: 'nonsense' })],
        remote_block_stores: [store('keys', { secrets: { secret_access_key: { secret: 's3', key: 'key' } } })],
        groups: [
          { name: 'one', gid: 3000 },
          { name: 'two', gid: 3000 },
        ],
        users: [
          user('alice', { uid: 2001 }),
          user('bob', { uid: 2001 }),
          user('carol', { groups: ['two'] }),
          user('dan'),
        ],
        shares: [
          share('/a', {
            permissions: [
              { type: 'user', name: 'bob', level: 'read' },
              { type: 'user', name: 'alice', level: 'read' },
            ],
          }),
          share('/b', { metadata_store: 'bad' }),
          share('/c', { remote_block_store: 'keys' }),
          share('/d', { settings: { default_permission: 'everything' } }),
          share('/e', { owner: 'dan' }),
        ],
      }),
    );
    for (const name of ['alice', 'bob', 'carol']) here.secret(name, 'password', `${name}-password`);
    const { stderr, failed } = await here.once();
    expect(failed).toBe(true);
    expect(stderr.trim().split('\n')).toEqual([
      'group "two": its gid 3000 is that of group "one"',
      expect.stringMatching(/^metadata store "bad": is not there: Failed to create metadata store: .*nonsense/),
      'remote block store "keys": Secret "s3" has no value under key "key"',
      'share "/a": needs user "bob", which is not there yet',
      'share "/b": needs metadata store "bad", which is not there yet',
      'share "/c": needs remote block store "keys", which is not there yet',
      'share "/d": is not there: Invalid default_permission: everything (want none|read|read-write|admin)',
      'share "/e": needs user "dan", which is not there yet',
      'user "bob": its uid 2001 is that of user "alice"',
      'user "carol": needs group "two", which is not there yet',
      'user "dan": Secret "dan" has no value under key "password"',
    ]);
    expect(await namesOf(here, 'shares')).toEqual(['/a']);
    expect(await here.server.ask('GET', 'shares/a/permissions')).toMatchObject([{ name: 'alice' }]);
    expect(await namesOf(here, 'users')).toEqual(['admin', 'alice', 'carol']);
    // What fails again is tried again, and nothing else.
    await here.once();
    expect(
      here.proxy
        .writes()
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    ).toEqual([
      // That each is tried is noted before, and the note goes with the refusal.
      'DELETE /api/v1/settings/dittofs-provisioner.metadata_store.bad',
      'DELETE /api/v1/settings/dittofs-provisioner.share.d',
      'POST /api/v1/shares',
      'POST /api/v1/store/metadata',
      'PUT /api/v1/settings/dittofs-provisioner.metadata_store.bad',
      'PUT /api/v1/settings/dittofs-provisioner.share.d',
    ]);
    here.secret('dan', 'password', 'short');
    expect((await here.once()).stderr).toContain(
      'user "dan": its password, key "password" of Secret "dan", does not have 8 to 72 bytes\n',
    );
  });

  it('gives a number that one group leaves to another', async () => {
    await using here = await provisioned();
    here.declare(planWith({ groups: [{ name: 'a', gid: 3000 }] }));
    expect(await here.once()).toEqual(done);
    here.declare(
      planWith({
        groups: [
          { name: 'a', gid: 3001 },
          { name: 'b', gid: 3000 },
        ],
      }),
    );
    expect(await here.once()).toEqual(done);
    expect(await found(here, 'groups', 'b')).toMatchObject({ gid: 3000 });
    await here.once();
    expect(here.proxy.writes()).toEqual([]);
  });

  it('asks again for a share that the server had no time to look at', async () => {
    await using here = await provisioned();
    await using fake = await startFakeCluster();
    fake.data = {};
    here.declare(planWith({ ...stores, shares: [share('/a')] }));
    // As the server tells of those that come after one whose remote store is dead.
    here.proxy.alter = (method, path, body) =>
      method === 'GET' && path === '/api/v1/shares'
        ? body.replace('"status":{"status":"healthy"', '"status":{"status":"unknown","message":"context canceled"')
        : body;
    const status = { ref: { namespace: 'team', name: 'status' }, cluster: fake.cluster };
    for (const name of ['made', 'there']) {
      expect(await here.once(status), name).toEqual(done);
      const { shares } = JSON.parse(fake.data['report.json'] ?? '') as { shares: unknown };
      expect(shares, name).toEqual([{ name: '/a', ready: true, message: '' }]);
    }
  });

  it('makes no further share in a remote store that gave no answer', async () => {
    await using here = await provisioned();
    const names = Array.from({ length: 8 }, (_, index) => `/s${index}`);
    const shares = [...names.map((name) => share(name, { remote_block_store: 'remote' })), share('/local')];
    here.declare(planWith({ ...stores, remote_block_stores: [store('remote')], shares }));
    const isMaking = (method: string, path: string): boolean => method === 'POST' && path === '/api/v1/shares';
    let made = 0;
    here.proxy.fail = (method, path) =>
      isMaking(method, path) && ++made <= 4 ? { status: 0, detail: 'the store is dead' } : undefined;
    const { stderr } = await here.once();
    // Four at a time.
    const waits = /share "\/s[4-7]": needs remote block store "remote", which did not answer/;
    expect(stderr.split('\n').filter((line) => waits.test(line))).toHaveLength(4);
    expect(await namesOf(here, 'shares')).toEqual(['/local']);
    here.proxy.fail = () => undefined;
    expect(await here.once()).toEqual(done);
  });

  it('sends a port from a Secret as a number', async () => {
    await using here = await provisioned();
    const secrets = { port: { secret: 'db', key: 'port' }, user: { secret: 'db', key: 'user' } };
    here.secret('db', 'port', '5432');
    here.secret('db', 'user', '1234');
    here.declare(planWith({ metadata_stores: [store('meta', { secrets })] }));
    expect(await here.once()).toEqual(done);
    expect(await found(here, 'store/metadata', 'meta')).toMatchObject({ config: { port: 5432, user: '1234' } });
  });

  it('takes back what it gave, and leaves what people gave', async () => {
    await using here = await withEverything();
    const { server } = here;
    await server.ask('POST', 'groups', { name: 'friends' });
    await server.ask('POST', 'groups/friends/members', { username: 'alice' });
    await server.ask('PUT', 'shares/export/permissions/users/root', { level: 'admin' });
    await server.ask('PUT', 'shares/export/quotas/user/5', { limit_files: 5 });
    await server.ask('PUT', 'shares/closed%2Fdeep%20er/snapshot-policy', { interval: '1h' });
    const plan = everything(server.folder);
    const shares = plan.shares.map((one) => ({ ...without(one, 'snapshot_policy'), permissions: [], quotas: [] }));
    const users = plan.users.map((one) => ({ ...one, groups: [] }));
    here.declare({ ...plan, shares, users });
    expect(await here.once()).toEqual(done);
    expect(await server.ask('GET', 'shares/export/permissions')).toMatchObject([{ name: 'root', level: 'admin' }]);
    expect(await server.ask('GET', 'shares/export/quotas')).toMatchObject([{ identity_id: 5 }]);
    expect(await server.ask('GET', 'snapshot-policies')).toMatchObject([{ share: '/closed/deep er' }]);
    expect(await found(here, 'users', 'alice')).toMatchObject({ groups: ['friends'] });
    await here.once();
    expect(here.proxy.writes()).toEqual([]);
  });

  it('takes back a grant whose giving it did not live to see', async () => {
    await using here = await provisioned();
    here.secret('alice', 'password', 'alice-password');
    const plan = planWith({ ...stores, users: [user('alice')], shares: [share('/a')] });
    here.declare(plan);
    await here.once();
    here.declare({ ...plan, shares: [share('/a', { permissions: [{ type: 'user', name: 'alice', level: 'read' }] })] });
    // From the grant on, nothing comes through any more.
    let isCut = false;
    here.proxy.fail = (method, path) => {
      isCut ||= method === 'PUT' && path.includes('/permissions/');
      return isCut && method !== 'GET' ? { status: 500, detail: 'gone' } : undefined;
    };
    await here.once();
    here.proxy.fail = () => undefined;
    await here.server.ask('PUT', 'shares/a/permissions/users/alice', { level: 'read' });
    here.declare(plan);
    expect(await here.once()).toEqual(done);
    expect(await here.server.ask('GET', 'shares/a/permissions')).toBeNull();
  });

  it('gives shares that people made a snapshot policy, and takes it back', async () => {
    await using here = await withEverything();
    const { server } = here;
    await server.ask('POST', 'shares', { name: '/hand', metadata_store_id: 'meta', local_block_store: 'local' });
    const plan = everything(server.folder);
    here.declare({ ...plan, snapshot_policies: { '/hand': policy, '/none': policy } });
    expect((await here.once()).stderr).toBe('share "/none": is not there, and is to have a snapshot policy\n');
    expect(await server.ask('GET', 'shares/hand/snapshot-policy')).toMatchObject({ keep_last: 7 });
    here.declare(plan);
    expect(await here.once()).toEqual(done);
    expect(await server.ask('GET', 'snapshot-policies')).toMatchObject([{ share: '/export' }]);
    // A share that leaves the plan keeps what it has.
    here.declare({ ...plan, shares: [] });
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes()).toEqual([]);
  });
});

describe.skipIf(!can).concurrent('prune', () => {
  it('removes what the provisioner made, in the order of need, and nothing else', async () => {
    await using here = await withEverything();
    const { server } = here;
    await server.ask('POST', 'shares', { name: '/hand', metadata_store_id: 'meta', local_block_store: 'local' });
    await server.ask('POST', 'users', { username: 'hand', password: 'hand-password' });
    await server.ask('POST', 'groups', { name: 'hand' });
    // Made by the provisioner, removed by somebody, and made anew by somebody: theirs.
    await server.ask('DELETE', 'users/bob');
    await server.ask('POST', 'users', { username: 'bob', password: 'bob-by-hand' });
    await server.ask('DELETE', 'shares/closed%2Fdeep%20er');
    await server.ask('POST', 'shares', {
      name: '/closed/deep er',
      metadata_store_id: 'meta',
      local_block_store: 'local',
    });
    const nothing = planWith({ adapters: everything(server.folder).adapters });
    here.declare(nothing);
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes()).toEqual([]);

    here.declare({ ...nothing, prune: true });
    expect((await here.dryRun()).stdout.trim().split('\n')).toEqual([
      '- share "/export" (prune)',
      '- user "alice" (prune)',
      '- user "root" (prune)',
      '- group "team" (prune)',
      '- metadata store "meta" (prune)',
      '- local block store "local" (prune)',
      '- remote block store "remote" (prune)',
    ]);
    const { stderr } = await here.once();
    expect(stderr.trim().split('\n')).toEqual([
      'local block store "local": is no longer declared, and cannot be removed: Cannot delete block store: it is in use by one or more shares',
      'metadata store "meta": is no longer declared, and cannot be removed: Cannot delete metadata store: it is in use by one or more shares',
    ]);
    expect(
      here.proxy
        .writes()
        .filter(({ method, path }) => method === 'DELETE' && !path.includes('/settings/'))
        .map(({ path }) => path),
    ).toEqual([
      '/api/v1/shares/export',
      '/api/v1/users/alice',
      '/api/v1/users/root',
      '/api/v1/groups/team',
      '/api/v1/store/metadata/meta',
      '/api/v1/store/block/local/local',
      '/api/v1/store/block/remote/remote',
    ]);
    expect(await namesOf(here, 'shares')).toEqual(['/closed/deep er', '/hand']);
    expect(await namesOf(here, 'users')).toEqual(['admin', 'bob', 'hand']);
    expect(await namesOf(here, 'groups')).toEqual(['admins', 'hand', 'operators', 'users']);
  });

  it('lets a share come back with its files, but not in other stores', async () => {
    await using here = await withEverything();
    const plan = { ...everything(here.server.folder), prune: true };
    here.declare({ ...plan, shares: [] });
    expect(await here.once()).toEqual(done);
    expect(await namesOf(here, 'shares')).toEqual([]);
    const [first] = plan.shares;
    if (first === undefined) throw new Error('there is no share');
    const local = without(first, 'remote_block_store');
    here.declare({ ...plan, shares: [local] });
    const { stderr } = await here.once();
    expect(stderr).toContain(
      'share "/export": is not there: its remote block store is "remote", not none: it was removed, and its files were kept',
    );
    expect(await namesOf(here, 'shares')).toEqual([]);
    here.declare({ ...plan, shares: [first] });
    expect(await here.once()).toEqual(done);
    expect(await namesOf(here, 'shares')).toEqual(['/export']);
  });

  it('keeps a share that has snapshots', async () => {
    await using here = await provisioned();
    const { server } = here;
    // Only in a folder there are snapshots.
    const local = store('local', { type: 'fs', config: { path: `${server.folder}/blocks` }, identity: ['path'] });
    const plan = planWith({ metadata_stores: [store('meta')], local_block_stores: [local], prune: true });
    here.declare({ ...plan, shares: [share('/a'), share('/b')] });
    await here.once();
    const snapshots = async () =>
      (await server.ask('GET', 'shares/a/snapshots')) as readonly { readonly id: string; readonly state: string }[];
    for (const name of ['one', 'two']) {
      await server.ask('POST', 'shares/a/snapshots', { name });
      const isMade = async (): Promise<boolean> => (await snapshots()).every(({ state }) => state === 'ready');
      expect(await eventually(isMade, PATIENCE)).toBe(true);
    }
    here.declare({ ...plan, shares: [share('/b')] });
    const says =
      'share "/a": is no longer declared, and stays: it has 2 snapshots, which would go with it: remove them first\n';
    expect(await here.dryRun()).toEqual({ stdout: 'nothing to do\n', stderr: says, failed: true });
    expect(await here.once()).toEqual({ stdout: '', stderr: says, failed: true });
    here.proxy.fail = (method, path) =>
      method === 'GET' && path.endsWith('/snapshots') ? { status: 500, detail: 'the disk is away' } : undefined;
    expect((await here.once()).stderr).toBe(
      'share "/a": is no longer declared, and stays: its snapshots cannot be read: the disk is away\n',
    );
    here.proxy.fail = () => undefined;
    expect(await snapshots()).toHaveLength(2);
    for (const { id } of await snapshots()) await server.ask('DELETE', `shares/a/snapshots/${id}`);
    expect(await here.once()).toEqual(done);
    expect(await namesOf(here, 'shares')).toEqual(['/b']);
  });

  it('lets no share come back where one of its stores is elsewhere', async () => {
    await using here = await provisioned();
    const { folder } = here.server;
    const inFolder = (name: string): Partial<ServingPlan> => ({
      metadata_stores: [store('meta')],
      local_block_stores: [store('local', { type: 'fs', config: { path: `${folder}/${name}` }, identity: ['path'] })],
    });
    const plan = planWith({ prune: true });
    here.declare({ ...plan, ...inFolder('one'), shares: [share('/a')] });
    expect(await here.once()).toEqual(done);
    await here.once();
    expect(here.proxy.writes()).toEqual([]);
    here.declare(plan);
    expect(await here.once()).toEqual(done);
    here.declare({ ...plan, ...inFolder('two'), shares: [share('/a'), share('/b')] });
    expect((await here.once()).stderr).toBe(
      `share "/a": is not there: the path of its local block store "local" is "${folder}/two", and was "${folder}/one": it was removed, and its files were kept: declare it with the stores that it had, or another name\n`,
    );
    expect(await namesOf(here, 'shares')).toEqual(['/b']);
    here.declare(plan);
    expect(await here.once()).toEqual(done);
    here.declare({ ...plan, ...inFolder('one'), shares: [share('/a')] });
    expect(await here.once()).toEqual(done);
  });

  it('removes no group of the server, whoever says that the provisioner made it', async () => {
    await using here = await provisioned();
    const group = await found(here, 'groups', 'operators');
    const value = JSON.stringify({ name: 'operators', made: group?.id });
    await here.server.ask('PUT', 'settings/dittofs-provisioner.group.operators', { value });
    here.declare(planWith({ prune: true }));
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes()).toEqual([]);
  });

  it('asks for a restart where a metadata store that it removed is still open', async () => {
    await using here = await provisioned();
    const { folder } = here.server;
    const badger = (name: string, path: string): Partial<ServingPlan> => ({
      metadata_stores: [store(name, { type: 'badger', config: { path: `${folder}/${path}` }, identity: ['path'] })],
    });
    const plan = planWith({ prune: true });
    here.declare({ ...plan, ...badger('meta', 'meta') });
    expect(await here.once()).toEqual(done);
    here.declare(plan);
    expect(await here.once()).toEqual(done);
    expect(await restartNote(here)).toBe('');
    // It lies in the same place, whatever its name.
    here.declare({ ...plan, ...badger('again', 'meta') });
    const says = 'it was removed, and the server has it open until it starts again, which is asked for';
    expect((await here.once()).stderr).toContain(says);
    const asked = await restartNote(here);
    expect(asked).toContain('metadata store \\"again\\"');
    expect((await here.once()).stderr).toContain(says);
    expect(await restartNote(here)).toBe(asked);
    await here.server.kill();
    await here.server.start();
    expect(await here.once()).toEqual(done);
    expect(await restartNote(here)).toBe(asked);
    // The next time is another one.
    here.declare(plan);
    expect(await here.once()).toEqual(done);
    here.declare({ ...plan, ...badger('again', 'meta') });
    expect((await here.once()).stderr).toContain(says);
    expect(await restartNote(here)).not.toBe(asked);
  });
});

describe.skipIf(!can).concurrent('shares of one metadata store', () => {
  const remotes = { remote_block_stores: [store('x'), store('y')] };

  it.each([
    ['that are there', false],
    ['that were removed', true],
  ])('have one remote store, also with those %s', async (_, isPruned) => {
    await using here = await provisioned();
    const plan = planWith({ ...stores, ...remotes, prune: isPruned });
    here.declare({ ...plan, shares: [share('/a', { remote_block_store: 'x' }), share('/local')] });
    expect(await here.once()).toEqual(done);
    here.declare(plan);
    expect(await here.once()).toEqual(done);
    expect(await namesOf(here, 'shares')).toEqual(isPruned ? [] : ['/a', '/local']);
    const others = [share('/b', { remote_block_store: 'y' }), share('/c', { remote_block_store: 'x' }), share('/d')];
    here.declare({ ...plan, shares: others });
    expect((await here.once()).stderr).toBe(
      'share "/b": is not there: share "/a" used its metadata store "meta" with remote block store "x", not "y", and of equal files one of the two would have none: declare a metadata store of its own for it\n',
    );
    const own = { metadata_stores: [store('meta'), store('own')] };
    here.declare({ ...plan, ...own, shares: [share('/b', { metadata_store: 'own', remote_block_store: 'y' })] });
    expect(await here.once()).toEqual(done);
  });

  it('are those of one place, whatever its name', async () => {
    await using here = await provisioned();
    const { folder } = here.server;
    const sqlite = (name: string, path: string) =>
      store(name, { type: 'sqlite', config: { path: `${folder}/${path}.db` }, identity: ['path'] });
    const plan = planWith({ ...stores, ...remotes, prune: true });
    here.declare({
      ...plan,
      metadata_stores: [sqlite('meta', 'one')],
      shares: [share('/a', { remote_block_store: 'x' })],
    });
    expect(await here.once()).toEqual(done);
    here.declare({ ...plan, metadata_stores: [] });
    expect(await here.once()).toEqual(done);
    const second = share('/b', { metadata_store: 'other', remote_block_store: 'y' });
    here.declare({ ...plan, metadata_stores: [sqlite('other', 'one')], shares: [second] });
    expect((await here.once()).stderr).toContain(
      'share "/a" used its metadata store "other" with remote block store "x"',
    );
    here.declare({ ...plan, metadata_stores: [] });
    expect(await here.once()).toEqual(done);
    // And one of that name elsewhere is another.
    const third = share('/b', { remote_block_store: 'y' });
    here.declare({ ...plan, metadata_stores: [sqlite('meta', 'two')], shares: [third] });
    expect(await here.once()).toEqual(done);
  });
});

describe.skipIf(!can).concurrent('a fallback share', () => {
  const fallback = planWith({
    metadata_stores: [store('meta', { fallback: true })],
    local_block_stores: [store('local', { fallback: true })],
    shares: [share('/export', { fallback: true, settings: { default_permission: 'read-write' } })],
  });

  it('is made on an empty server, and stays declared beside others', async () => {
    await using here = await provisioned();
    here.declare(fallback);
    expect(await here.once()).toEqual(done);
    await here.server.ask('POST', 'shares', { name: '/hand', metadata_store_id: 'meta', local_block_store: 'local' });
    await here.server.ask('PUT', 'shares/export', { default_permission: 'none' });
    expect(await here.once()).toEqual(done);
    expect(await found(here, 'shares', '/export')).toMatchObject({ default_permission: 'read-write' });
    // Once somebody removed it, it does not come back.
    await here.server.ask('DELETE', 'shares/export');
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes()).toEqual([]);
  });

  it('is not made where people made shares', async () => {
    await using here = await provisioned();
    await here.server.ask('POST', 'store/metadata', { name: 'm', type: 'memory' });
    await here.server.ask('POST', 'store/block/local', { name: 'l', type: 'memory' });
    await here.server.ask('POST', 'shares', { name: '/export', metadata_store_id: 'm', local_block_store: 'l' });
    here.declare({ ...fallback, prune: true });
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes()).toEqual([]);
  });
});

describe.skipIf(!can).concurrent('a share whose making a former provisioner did not live to see', () => {
  const restricted = { nfs: { squash: 'all_to_guest' }, settings: { default_permission: 'read-write' } };

  /** What was written about a share, after its path. */
  const about = ({ proxy }: Provisioned, name: string): readonly string[] =>
    proxy
      .writes()
      .filter(({ path }) => path.startsWith(`/api/v1/shares/${name}/`))
      .map(({ path }) => path.replace(`/api/v1/shares/${name}/`, ''));

  it('is closed before it is restricted and opened, and is its own', async () => {
    await using here = await provisioned();
    const plan = planWith({ ...stores, prune: true, shares: [share('/export', { ...restricted, fallback: true })] });
    here.declare(plan);
    here.proxy.cut = (method, path) => method === 'POST' && path === '/api/v1/shares';
    expect((await here.once()).stderr).toContain('share "/export": is not there: the server did not answer');
    expect(await found(here, 'shares', '/export')).toMatchObject({ enabled: true });
    here.proxy.cut = () => false;
    expect(await here.once()).toEqual(done);
    expect(about(here, 'export')).toEqual(['disable', 'adapters/nfs/config', 'enable']);
    expect(await found(here, 'shares', '/export')).toMatchObject({ enabled: true });
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes()).toEqual([]);
    here.declare({ ...plan, shares: [] });
    expect(await here.once()).toEqual(done);
    expect(await namesOf(here, 'shares')).toEqual([]);
  });

  it('is closed also where it is no longer declared', async () => {
    await using here = await provisioned();
    here.declare(planWith({ ...stores, shares: [share('/a')] }));
    here.proxy.cut = (method, path) => method === 'POST' && path === '/api/v1/shares';
    await here.once();
    here.declare(planWith(stores));
    expect(await here.once()).toEqual(done);
    expect(await found(here, 'shares', '/a')).toMatchObject({ enabled: false });
  });

  it('is left alone until the server has it', async () => {
    await using here = await provisioned();
    here.secret('s3', 'id', 'id');
    here.secret('s3', 'key', 'key');
    // Nobody listens there for now: the server keeps on trying, and the share is on record from the beginning.
    const port = await freePort();
    const s3 = store('s3', {
      type: 's3',
      config: { bucket: 'b', endpoint: `http://127.0.0.1:${port}`, allow_private_endpoint: true },
      secrets: { access_key_id: { secret: 's3', key: 'id' }, secret_access_key: { secret: 's3', key: 'key' } },
    });
    const one = share('/a', { ...restricted, remote_block_store: 's3' });
    const plan = planWith({ ...stores, remote_block_stores: [s3], prune: true, shares: [one] });
    here.declare(plan);
    await using launched = launch(here);
    expect(await eventually(async () => (await namesOf(here, 'shares')).includes('/a'), PATIENCE)).toBe(true);
    launched.child.kill('SIGKILL');
    await launched.ended;
    const still =
      'share "/a": the server is still making it: it is closed once that ends, or the server is started again\n';
    expect((await here.once()).stderr).toBe(still);
    expect(about(here, 'a')).toEqual(['disable']);
    here.declare({ ...plan, shares: [] });
    expect((await here.once()).stderr).toBe(still);
    expect(await namesOf(here, 'shares')).toEqual(['/a']);

    here.declare(plan);
    const s3Server = createServer((_request, response) => response.writeHead(403).end());
    await listen(s3Server, { host: '127.0.0.1', port });
    expect(await eventually(async () => (await here.once()).stderr === '', PATIENCE)).toBe(true);
    expect(about(here, 'a')).toEqual(['disable', 'adapters/nfs/config', 'enable']);
    s3Server.closeAllConnections();
    s3Server.close();
  });
});

describe.skipIf(!can).concurrent('a restart', () => {
  const secrets = { access_key_id: { secret: 's3', key: 'id' }, secret_access_key: { secret: 's3', key: 'key' } };

  /** A store in memory that has keys, as one in S3 has. */
  const withKeys = (config: Record<string, string>, fields: ServingPlan['shares'] = []): ServingPlan =>
    planWith({
      ...stores,
      remote_block_stores: [store('s3', { config, secrets, identity: ['bucket'] })],
      shares: fields,
    });

  it('is asked for when keys are rotated, and for each rotation once', async () => {
    await using here = await provisioned();
    here.secret('s3', 'id', 'an-id');
    here.secret('s3', 'key', 'first-key\n');
    here.declare(withKeys({ bucket: 'b', region: 'r' }));
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes().find(({ path }) => path.endsWith('/remote'))?.body).toContain('first-key\\"');
    expect(await restartNote(here)).toBe('');
    await here.once();
    expect(here.proxy.writes()).toEqual([]);

    const restarts: (Json | undefined)[] = [];
    for (const key of ['second-key', 'third-key', 'second-key']) {
      here.secret('s3', 'key', key);
      expect((await here.dryRun()).stdout).toBe('~ remote block store "s3": secret_access_key\n');
      expect(await here.once()).toEqual(done);
      expect(here.proxy.writes().map(({ method, path }) => `${method} ${path}`)).toEqual([
        'PUT /api/v1/settings/dittofs-provisioner.restart',
        'PUT /api/v1/store/block/remote/s3',
        'PUT /api/v1/settings/dittofs-provisioner.remote_block_store.s3',
      ]);
      restarts.push(await restartNote(here));
      await here.once();
      expect(here.proxy.writes()).toEqual([]);
    }
    expect(new Set(restarts).size).toBe(3);
    const settings = JSON.stringify(await here.server.ask('GET', 'settings'));
    for (const key of ['first-key', 'second-key', 'third-key', 'an-id']) expect(settings).not.toContain(key);
  });

  it('is noted before what needs it: where it cannot be, nothing is sent', async () => {
    await using here = await provisioned();
    here.secret('s3', 'id', 'an-id');
    here.secret('s3', 'key', 'first-key');
    const declare = (value: boolean): void => {
      const one = share('/a', { settings: { encrypt_data: value }, nfs: { disable_readdirplus: value } });
      here.declare(withKeys({}, [one]));
    };
    declare(false);
    expect(await here.once()).toEqual(done);
    declare(true);
    here.secret('s3', 'key', 'second-key');
    const isNote = (path: string): boolean => path.endsWith('dittofs-provisioner.restart');
    here.proxy.fail = (method, path) =>
      method === 'PUT' && isNote(path) ? { status: 500, detail: 'no room' } : undefined;
    const why = 'that it needs a restart cannot be noted: no room';
    expect((await here.once()).stderr.trim().split('\n')).toEqual([
      `remote block store "s3": cannot be changed: ${why}`,
      `share "/a": cannot be changed: ${why}`,
      `share "/a": its NFS options cannot be changed: ${why}`,
    ]);
    expect(here.proxy.writes().filter(({ path }) => !isNote(path))).toEqual([]);
    here.proxy.fail = () => undefined;
    expect(await here.once()).toEqual(done);
    const asked = await restartNote(here);
    expect(await waitingFor(here)).toEqual(['NFS options of share "/a"', 'remote block store "s3"', 'share "/a"']);
    // What is refused each time asks for nothing.
    declare(false);
    here.secret('s3', 'key', 'third-key');
    here.proxy.fail = (method, path) =>
      method !== 'GET' && /\/(?:s3|a|config)$/.test(path) ? { status: 400, detail: 'no' } : undefined;
    for (let time = 1; time <= 2; time += 1) {
      expect((await here.once()).failed).toBe(true);
      expect(await restartNote(here)).toBe(asked);
    }
  });

  it('is asked for each time that the same thing happens', async () => {
    await using here = await provisioned();
    const declared = planWith({ ...stores, shares: [share('/a', { settings: { encrypt_data: true } })] });
    here.declare(declared);
    expect(await here.once()).toEqual(done);
    const seen = new Set<Json | undefined>([await restartNote(here)]);
    for (let time = 1; time <= 2; time += 1) {
      await here.server.ask('PUT', 'shares/a', { encrypt_data: false });
      expect(await here.once()).toEqual(done);
      seen.add(await restartNote(here));
      await here.once();
      expect(here.proxy.writes()).toEqual([]);
    }
    expect(seen.size).toBe(3);
  });

  it('is asked for when keys were changed by hand, and the declared ones are back', async () => {
    await using here = await provisioned();
    here.secret('s3', 'id', 'an-id');
    here.secret('s3', 'key', 'a-key');
    here.declare(withKeys({ bucket: 'b' }));
    await here.once();
    const byHand = { bucket: 'b', access_key_id: 'an-id', secret_access_key: 'by hand' };
    await here.server.ask('PUT', 'store/block/remote/s3', { config: JSON.stringify(byHand) });
    expect((await here.dryRun()).stdout).toBe('~ remote block store "s3": secret_access_key\n');
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes().find(({ path }) => path.endsWith('/remote/s3'))?.body).toContain('a-key\\"');
    expect(await restartNote(here)).toContain('s3');
    await here.once();
    expect(here.proxy.writes()).toEqual([]);
  });

  it('keeps what people added to the config of a store, and takes back what it set', async () => {
    await using here = await provisioned();
    here.secret('s3', 'id', 'an-id');
    here.secret('s3', 'key', 'a-key');
    here.declare(withKeys({ bucket: 'b', region: 'r' }));
    await here.once();
    const config = {
      bucket: 'b',
      region: 'r',
      access_key_id: 'an-id',
      secret_access_key: 'a-key',
      durable: true,
      session_secret: 'x',
    };
    await here.server.ask('PUT', 'store/block/remote/s3', { config: JSON.stringify(config) });
    expect(await here.once()).toEqual(done);
    await here.once();
    expect(here.proxy.writes()).toEqual([]);
    here.declare(withKeys({ bucket: 'b' }));
    expect(await here.once()).toEqual(done);
    const put = here.proxy.writes().find(({ path }) => path.endsWith('/s3'));
    expect(JSON.parse((JSON.parse(put?.body ?? '') as { config: string }).config)).toEqual({
      bucket: 'b',
      access_key_id: 'an-id',
      secret_access_key: 'a-key',
      durable: true,
      session_secret: '********',
      // Tells whether somebody else has written the config.
      dittofs_provisioner: expect.stringMatching(/^[\w-]{22}$/) as unknown,
    });
    here.declare(withKeys({ bucket: 'another' }));
    expect((await here.once()).stderr).toContain('remote block store "s3": its bucket is "b", not "another"');
    expect(here.proxy.writes()).toEqual([]);
  });

  it('is asked for by what a running server does not take up, of shares that it has', async () => {
    await using here = await provisioned();
    here.secret('s3', 'id', 'an-id');
    here.secret('s3', 'key', 'a-key');
    const declare = (settings: DeclaredShare['settings'], nfs: DeclaredShare['nfs']): void => {
      here.declare(withKeys({}, [share('/a', { settings, nfs })]));
    };
    declare({ encrypt_data: true, local_store_size: 1_000_000_000 }, {});
    expect(await here.once()).toEqual(done);
    expect(await restartNote(here)).toBe('');
    const seen = new Set<Json | undefined>(['']);
    for (const [settings, nfs] of [
      [{ encrypt_data: false, local_store_size: 1_000_000_000 }, {}],
      [{ encrypt_data: false, local_store_size: 1_000_000_001 }, {}],
      [{ encrypt_data: false, local_store_size: 1_000_000_001 }, { disable_readdirplus: true }],
    ] as const) {
      declare(settings, nfs);
      expect(await here.once()).toEqual(done);
      seen.add(await restartNote(here));
    }
    expect(seen.size).toBe(4);
    declare(
      { encrypt_data: false, local_store_size: 1_000_000_001, read_only: true },
      { disable_readdirplus: true, squash: 'none' },
    );
    expect(await here.once()).toEqual(done);
    expect([...seen]).toContain(await restartNote(here));
  });
});

describe.skipIf(!can).concurrent('a share that is not loaded', () => {
  it('asks for a restart once its remote store is there', async () => {
    await using here = await provisioned();
    const { server } = here;
    // Nobody listens there: the server makes a note of the share, and goes on trying.
    const dead = { bucket: 'b', endpoint: 'http://127.0.0.1:1', allow_private_endpoint: true };
    const keys = { access_key_id: 'id', secret_access_key: 'key' };
    await server.ask('POST', 'store/block/remote', {
      name: 's3',
      type: 's3',
      config: JSON.stringify({ ...dead, ...keys }),
    });
    await server.ask('POST', 'store/metadata', { name: 'meta', type: 'memory' });
    await server.ask('POST', 'store/block/local', { name: 'local', type: 'memory' });
    const body = { name: '/a', metadata_store_id: 'meta', local_block_store: 'local', remote_block_store: 's3' };
    const making = server.ask('POST', 'shares', body).catch(() => undefined);
    expect(await eventually(async () => (await namesOf(here, 'shares')).includes('/a'), PATIENCE)).toBe(true);
    here.declare(
      planWith({
        ...stores,
        remote_block_stores: [store('s3', { type: 's3', config: dead })],
        shares: [share('/a', { remote_block_store: 's3' })],
      }),
    );
    expect(await here.once()).toEqual(done);
    expect(await restartNote(here)).toBe('');
    await server.ask('PUT', 'store/block/remote/s3', { type: 'memory' });
    here.declare(
      planWith({
        ...stores,
        remote_block_stores: [store('s3', { config: dead })],
        shares: [share('/a', { remote_block_store: 's3' })],
      }),
    );
    await here.once();
    const asked = await restartNote(here);
    expect(asked).toContain('loading of share');
    await here.once();
    expect(await restartNote(here)).toBe(asked);
    await server.kill();
    await making;
  });

  it('asks for one restart in each outage', async () => {
    await using here = await provisioned();
    const shares = [share('/a', { remote_block_store: 'remote' })];
    here.declare(planWith({ ...stores, remote_block_stores: [store('remote')], shares }));
    let isLoaded = true;
    // As the server tells of a share that it did not get to run.
    here.proxy.alter = (method, path, body) =>
      isLoaded || method !== 'GET' || path !== '/api/v1/shares'
        ? body
        : body.replaceAll(/"status":\{"status":"\w+"/g, '"status":{"status":"unknown","message":"share not found: /a"');
    expect(await here.once()).toEqual(done);
    const seen = new Set([await restartNote(here)]);
    for (let time = 1; time <= 2; time += 1) {
      isLoaded = false;
      expect(await here.once()).toEqual(done);
      seen.add(await restartNote(here));
      await here.once();
      expect(here.proxy.writes()).toEqual([]);
      isLoaded = true;
      expect(await here.once()).toEqual(done);
      seen.add(await restartNote(here));
      await here.once();
      expect(here.proxy.writes()).toEqual([]);
    }
    expect(seen.size).toBe(3);
  });
});

describe.skipIf(!can).concurrent('secrets', () => {
  it('stay out of what is printed, also where the server repeats them', async () => {
    await using here = await provisioned();
    here.secret('alice', 'password', 'very"secret one');
    here.secret('s3', 'key', 'the-key-of-s3');
    const secrets = { secret_access_key: { secret: 's3', key: 'key' } };
    here.declare(planWith({ users: [user('alice')], remote_block_stores: [store('s3', { secrets })] }));
    here.proxy.fail = (method, path) =>
      method === 'POST' && (path.endsWith('/users') || path.endsWith('/remote'))
        ? {
            status: 400,
            detail: `cannot use {"password":"very\\"secret one"} very"secret one the-key-of-s3 ${ADMIN_PASSWORD} RequestID: ABC, HostID: x`,
          }
        : undefined;
    await using running = await here.run();
    expect(await eventually(() => Promise.resolve(running.log().length > 1), PATIENCE)).toBe(true);
    const { stderr } = await here.once();
    expect(stderr).toContain('user "alice": is not there: cannot use {"password":"********"} ******** ********');
    for (const text of [stderr, JSON.stringify(running.log()), (await running.get('/readyz')).text]) {
      for (const value of ['very"secret', 'very\\"secret', 'the-key-of-s3', ADMIN_PASSWORD, 'ABC'])
        expect(text).not.toContain(value);
    }
  });
});

describe.skipIf(!can).concurrent('the administrator', () => {
  it('is asked to change the password: to the same one', async () => {
    await using here = await provisioned();
    here.declare(planWith());
    await here.server.ask('POST', 'users/admin/password', { new_password: ADMIN_PASSWORD });
    expect(await here.once()).toEqual(done);
    expect(await found(here, 'users', 'admin')).toMatchObject({ must_change_password: false });
    expect(await here.server.login('admin', ADMIN_PASSWORD)).toBe(200);
  });

  it('has another password than the Secret', async () => {
    await using here = await provisioned();
    here.declare(planWith({ ...stores, shares: [share('/a')] }));
    here.secret('admin', 'password', 'not the password');
    const { stderr, failed } = await here.once();
    expect(failed).toBe(true);
    expect(stderr).toContain(
      'admin "admin": the password under key "password" of Secret "admin" is not the one that the server has',
    );
    here.secret('admin', 'password', undefined);
    expect((await here.once()).stderr).toBe('admin "admin": Secret "admin" has no value under key "password"\n');
  });

  it('gets a new password when the Secret changes, and goes on', async () => {
    await using here = await provisioned();
    here.declare(planWith());
    await using running = await here.run();
    expect(await eventually(async () => (await running.get('/readyz')).status === 200, PATIENCE)).toBe(true);
    here.secret('admin', 'password', `${SECOND_PASSWORD}\n`);
    expect(await eventually(async () => (await here.server.login('admin', SECOND_PASSWORD)) === 200, PATIENCE)).toBe(
      true,
    );
    expect(await here.server.login('admin', ADMIN_PASSWORD)).toBe(401);
    expect(await eventually(() => Promise.resolve(running.log().some(({ kind }) => kind === 'admin')), PATIENCE)).toBe(
      true,
    );
    here.declare(planWith({ groups: [{ name: 'later' }] }));
    expect(await eventually(async () => (await found(here, 'groups', 'later')) !== undefined, PATIENCE)).toBe(true);
  });
});

describe.skipIf(!can).concurrent('passwords of users', () => {
  it('follow their Secrets, and come back when they are changed by hand', async () => {
    await using here = await provisioned();
    here.secret('alice', 'password', 'alice-password');
    here.declare(planWith({ users: [user('alice', { role: 'admin' })] }));
    await using running = await here.run(1000);
    const logsIn = async (password: string): Promise<boolean> =>
      eventually(async () => (await here.server.login('alice', password)) === 200, PATIENCE);
    expect(await logsIn('alice-password')).toBe(true);
    here.secret('alice', 'password', 'another-password');
    expect(await logsIn('another-password')).toBe(true);
    await here.server.ask('POST', 'users/alice/password', { new_password: 'changed by hand' });
    expect(await logsIn('another-password')).toBe(true);
    const isSettled = async (): Promise<boolean> =>
      (await found(here, 'users', 'alice'))?.must_change_password === false;
    expect(await eventually(isSettled, PATIENCE)).toBe(true);
    expect((await running.get('/readyz')).status).toBe(200);
    expect(JSON.stringify(running.log())).not.toMatch(/alice-password|another-password/);
  });

  it('are set before somebody is let in again', async () => {
    await using here = await provisioned();
    here.secret('alice', 'password', 'alice-password');
    here.declare(planWith({ users: [user('alice', { enabled: false })] }));
    await here.once();
    here.secret('alice', 'password', 'another-password');
    expect(await here.once()).toEqual(done);
    here.declare(planWith({ users: [user('alice')] }));
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes().map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1/users/alice/password',
      'PUT /api/v1/users/alice',
    ]);
    expect(await here.server.login('alice', 'another-password')).toBe(200);
  });
});

describe.skipIf(!can).concurrent('adapters', () => {
  it('change their ports and settings, also when they swap them', async () => {
    await using here = await provisioned();
    const nfs = { enabled: true, port: 1445, settings: {} };
    const smb = { enabled: true, port: 12049, settings: { signing: 'required' } };
    here.declare(planWith({ adapters: { nfs, smb } }));
    expect(await here.once()).toEqual(done);
    expect(await found(here, 'adapters', 'nfs')).toMatchObject({
      port: here.server.ports.smb,
      status: { status: 'healthy' },
    });
    expect(await found(here, 'adapters', 'smb')).toMatchObject({
      port: here.server.ports.nfs,
      status: { status: 'healthy' },
    });
    await here.once();
    expect(here.proxy.writes()).toEqual([]);
  });

  it('are switched off, and start again for what they take up only then', async () => {
    await using here = await provisioned();
    const nfs = { enabled: true, port: 12049, settings: { portmapper_enabled: true, portmapper_port: 10112 } };
    const smb = { enabled: false, port: 1445, settings: {} };
    here.declare(planWith({ adapters: { nfs, smb } }));
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes().map(({ path, body }) => `${path} ${body}`)).toEqual([
      '/api/v1/adapters/nfs/settings {"portmapper_enabled":true,"portmapper_port":10112}',
      '/api/v1/adapters/nfs {"enabled":false}',
      '/api/v1/adapters/nfs {"enabled":true}',
      `/api/v1/adapters/smb {"enabled":false,"port":${here.server.ports.smb}}`,
    ]);
    expect(await found(here, 'adapters', 'smb')).toMatchObject({ enabled: false });
    await here.once();
    expect(here.proxy.writes()).toEqual([]);
  });
});

describe.skipIf(!can).concurrent('the program', () => {
  it('does one round, and says what is missing', async () => {
    await using here = await provisioned();
    const flags = ['--plan', here.files.plan, '--secrets', here.files.secrets, '--url', here.proxy.url];
    here.declare(planWith({ ...stores, shares: [share('/a')] }));
    expect(await runToEnd([...program, ...flags, '--dry-run'])).toEqual({
      code: 0,
      stdout: '+ metadata store "meta"\n+ local block store "local"\n+ share "/a"\n',
      stderr: '',
    });
    expect(await runToEnd([...program, ...flags, '--once'])).toEqual({ code: 0, stdout: '', stderr: '' });
    here.declare(planWith({ users: [user('alice')] }));
    expect(await runToEnd([...program, ...flags, '--once'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'user "alice": Secret "alice" has no value under key "password"\n',
    });
    await here.server.kill();
    const { code, stderr } = await runToEnd([...program, ...flags, '--once']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot provision http://127.0.0.1')]);
  });

  it('ends when it is asked to', async () => {
    await using here = await provisioned();
    here.declare(planWith());
    await using launched = launch(here);
    const { child, ended } = launched;
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    expect(await eventually(() => Promise.resolve(output.includes('applied everything')), PATIENCE)).toBe(true);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(output).not.toContain(ADMIN_PASSWORD);
  });

  it('is asked to end while it makes a share, and ends when that is closed', async () => {
    await using here = await provisioned();
    const one = share('/a', { permissions: [{ type: 'user', name: 'alice', level: 'read' }] });
    here.secret('alice', 'password', 'alice-password');
    here.declare(planWith({ ...stores, users: [user('alice')], shares: [one] }));
    let isUnderWay = false;
    here.proxy.delay = (method, path) => {
      if (method !== 'POST' || path !== '/api/v1/shares') return 0;
      isUnderWay = true;
      return 5000;
    };
    await using launched = launch(here);
    const { child, ended } = launched;
    expect(await eventually(() => Promise.resolve(isUnderWay), PATIENCE)).toBe(true);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await found(here, 'shares', '/a')).toMatchObject({ enabled: false });
    here.proxy.delay = () => 0;
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes().map(({ path }) => path)).not.toContain('/api/v1/shares/a/disable');
    expect(await found(here, 'shares', '/a')).toMatchObject({ enabled: true });
  });

  it('is asked to end in the middle of changes, and loses none of the restarts that these need', async () => {
    await using here = await provisioned();
    const many = (value: boolean): ServingPlan => {
      const names = Array.from({ length: 30 }, (_, index) => `/s${index}`);
      return planWith({ ...stores, shares: names.map((name) => share(name, { settings: { encrypt_data: value } })) });
    };
    here.declare(many(true));
    expect(await here.once()).toEqual(done);
    here.declare(many(false));
    here.proxy.requests.length = 0;
    // More than can be finished before it ends.
    here.proxy.delay = (method) => (method === 'PUT' ? 1000 : 0);
    await using launched = launch(here);
    const { child, ended } = launched;
    const isUnderWay = async (): Promise<boolean> =>
      Promise.resolve(here.proxy.writes().some(({ path }) => path.includes('/shares/')));
    expect(await eventually(isUnderWay, PATIENCE)).toBe(true);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    here.proxy.delay = () => 0;
    const shares = (await here.server.ask('GET', 'shares')) as readonly { name: string; encrypt_data?: boolean }[];
    const changed = shares
      .filter((one) => one.encrypt_data !== true)
      .map(({ name }) => `share ${JSON.stringify(name)}`);
    expect(changed.length).toBeGreaterThan(0);
    expect(await waitingFor(here)).toEqual(expect.arrayContaining(changed));
    expect(await here.once()).toEqual(done);
    expect(await waitingFor(here)).toHaveLength(30);
  });
});

describe.skipIf(!can).concurrent('the loop', () => {
  it('waits for a server that is not there yet, and comes back when it was away', async () => {
    await using here = await provisioned({ started: false });
    const { folder } = here.server;
    const plan = everything(folder);
    for (const name of ['alice', 'root', 'bob']) here.secret(name, 'password', `${name}-password`);
    await using running = await here.run(1000);
    const isReady = async (): Promise<boolean> => (await running.get('/readyz')).status === 200;
    expect((await running.get('/healthz')).status).toBe(200);
    expect(await isReady()).toBe(false);
    here.declare(plan);
    await here.server.start();
    expect(await eventually(isReady, PATIENCE)).toBe(true);
    await here.server.kill();
    expect(await eventually(async () => !(await isReady()), PATIENCE)).toBe(true);
    await here.server.start();
    expect(await eventually(isReady, PATIENCE), JSON.stringify(running.log().slice(-5))).toBe(true);
    const metrics = (await running.get('/metrics')).text;
    expect(metrics).toMatch(/dittofs_provisioner_changes_total\{kind="share",action="create"\} 2/);
    expect(metrics).toMatch(/dittofs_provisioner_problems 0/);
    const lines = running.log().filter(({ msg }) => msg === 'changed the server');
    expect(lines).toContainEqual(
      expect.objectContaining({ kind: 'share', name: '/export', action: 'create', fields: [] }),
    );
  });

  it('reports to the ConfigMap, and writes there only what is new', async () => {
    await using here = await provisioned();
    await using fake = await startFakeCluster();
    fake.data = undefined;
    here.secret('s3', 'key', 'a-key');
    const secrets = { secret_access_key: { secret: 's3', key: 'key' } };
    const plan = planWith({ ...stores, remote_block_stores: [store('s3', { secrets })], shares: [share('/a')] });
    here.declare(plan);
    const status = { ref: { namespace: 'team', name: 'status' }, cluster: fake.cluster };
    await using running = await here.run(500, status);
    const said = async (key: string, value: string | RegExp): Promise<boolean> =>
      eventually(() => Promise.resolve(new RegExp(value).test(fake.data?.[key] ?? '-')), PATIENCE);
    expect(await eventually(() => Promise.resolve(fake.requests.length > 1), PATIENCE)).toBe(true);
    expect((await running.get('/readyz')).text).toContain(
      'cannot read ConfigMap team/status: configmaps "status" not found',
    );
    fake.data = {};
    expect(await said('revision', /^r1$/)).toBe(true);
    expect(fake.data).toEqual({
      revision: 'r1',
      restart: '',
      'report.json': JSON.stringify({
        revision: 'r1',
        shares: [{ name: '/a', ready: true, message: '' }],
        problems: [],
      }),
    });
    const writes = (): number => fake.requests.filter((request) => request.startsWith('PATCH')).length;
    const seen = fake.requests.length;
    expect(await eventually(() => Promise.resolve(fake.requests.length > seen + 2), PATIENCE)).toBe(true);
    expect(writes()).toBe(1);

    here.secret('s3', 'key', 'another-key');
    expect(await said('restart', /^[0-9a-f]{64}$/)).toBe(true);
    here.declare({ ...plan, revision: 'r2', shares: [share('/a'), share('/b', { metadata_store: 'none' })] });
    expect(await said('revision', /^$/)).toBe(true);
    const message = 'needs metadata store "none", which is not there yet';
    expect(JSON.parse(fake.data['report.json'] ?? '')).toEqual({
      revision: 'r2',
      shares: [
        { name: '/a', ready: true, message: '' },
        { name: '/b', ready: false, message },
      ],
      problems: [{ about: 'share "/b"', message }],
    });
    // What is not known does not ask for a restart: its value stays.
    const { restart } = fake.data;
    here.secret('admin', 'password', undefined);
    expect(await said('report.json', /cannot log in/)).toBe(true);
    expect(fake.data.restart).toBe(restart);
  });

  it('is killed and started again in the middle, and finishes', async () => {
    await using here = await withEverything();
    const plan = everything(here.server.folder);
    const many = Array.from({ length: 30 }, (_, index) => share(`/many-${index}`));
    let killed: Promise<void> | undefined;
    here.proxy.fail = (method, path) => {
      if (method === 'POST' && path === '/api/v1/shares' && here.proxy.requests.length > 60)
        killed ??= here.server.kill();
      return undefined;
    };
    here.proxy.requests.length = 0;
    here.declare({ ...plan, shares: [...plan.shares, ...many] });
    await using running = await here.run(1000);
    expect(await eventually(() => Promise.resolve(killed !== undefined), PATIENCE)).toBe(true);
    await killed;
    await here.server.start();
    expect(await eventually(async () => (await running.get('/readyz')).status === 200, PATIENCE)).toBe(true);
    expect(await namesOf(here, 'shares')).toHaveLength(32);
    here.proxy.fail = () => undefined;
    expect(await here.once()).toEqual(done);
    expect(here.proxy.writes()).toEqual([]);
  });

  it('begins no further change once it is stopped', async () => {
    await using here = await provisioned();
    here.declare(planWith({ groups: Array.from({ length: 20 }, (_, index) => ({ name: `g${index}` })) }));
    const running = await here.run();
    let stopped: PromiseLike<void> | undefined;
    here.proxy.fail = (method, path) => {
      if (method === 'POST' && path.endsWith('/groups')) stopped ??= running[Symbol.asyncDispose]();
      return undefined;
    };
    expect(await eventually(() => Promise.resolve(stopped !== undefined), PATIENCE)).toBe(true);
    await stopped;
    const made = here.proxy.writes().filter(({ path }) => path.endsWith('/groups'));
    expect(made).toHaveLength(1);
  });

  it('keeps the last good plan while another cannot be read', async ({ expect }) => {
    await using here = await provisioned();
    here.declare(planWith({ groups: [{ name: 'team' }] }));
    await using running = await here.run(1000);
    const ready = async (): Promise<string> => (await running.get('/readyz')).text;
    await expect.poll(ready).toBe('ok\n');
    here.declare({ nonsense: true } as unknown as ServingPlan);
    await expect.poll(ready).toMatch(/^cannot use /);
    await here.server.ask('DELETE', 'groups/team');
    await expect.poll(async () => found(here, 'groups', 'team')).toBeDefined();
    here.declare(planWith({ groups: [{ name: 'later' }] }));
    await expect.poll(async () => found(here, 'groups', 'later')).toBeDefined();
  });

  it('knows what it made, also where the answer to that was lost', async () => {
    await using here = await provisioned();
    const plan = planWith({ ...stores, prune: true, shares: [share('/a')] });
    here.declare(plan);
    let lost = 0;
    here.proxy.cut = (method, path) => method === 'POST' && path === '/api/v1/shares' && ++lost === 1;
    await using running = await here.run(1000);
    expect(await eventually(async () => (await running.get('/readyz')).status === 200, PATIENCE)).toBe(true);
    expect(lost).toBe(1);
    here.declare({ ...plan, shares: [] });
    expect(await eventually(async () => (await namesOf(here, 'shares')).length === 0, PATIENCE)).toBe(true);
  });

  it('takes for its own what may have been made, and not what was refused later', async () => {
    await using here = await provisioned();
    here.secret('bob', 'password', 'bob-password');
    const plan = planWith({ prune: true, users: [user('bob')] });
    here.declare(plan);
    const tries = (): number => here.proxy.requests.filter(isTry).length;
    const isTry = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
      method === 'POST' && path === '/api/v1/users';
    here.proxy.fail = (method, path) =>
      isTry({ method, path }) ? { status: tries() === 0 ? 0 : 400, detail: 'not yet' } : undefined;
    await using running = await here.run(1000);
    expect(await eventually(() => Promise.resolve(tries() === 2), PATIENCE)).toBe(true);
    await here.server.ask('POST', 'users', { username: 'bob', password: 'bob-password' });
    here.proxy.fail = () => undefined;
    expect(await eventually(async () => (await running.get('/readyz')).status === 200, PATIENCE)).toBe(true);
    here.declare({ ...plan, users: [] });
    here.proxy.requests.length = 0;
    const isOver = (): boolean => here.proxy.requests.filter(({ path }) => path === '/api/v1/users').length > 1;
    expect(await eventually(() => Promise.resolve(isOver()), PATIENCE)).toBe(true);
    expect(await namesOf(here, 'users')).toEqual(['admin', 'bob']);
  });

  it('serves 200 shares', async () => {
    await using here = await provisioned();
    const names = Array.from({ length: 200 }, (_, index) => `share-${index}`);
    const users = names.slice(0, 10);
    for (const name of users) here.secret(name, 'password', `${name}-password`);
    here.declare(
      planWith({
        ...stores,
        users: users.map((name, index) => user(name, { uid: 3000 + index })),
        shares: names.map((name, index) =>
          share(`/${name}`, {
            permissions: [{ type: 'user', name: `share-${index % 10}`, level: 'read-write' }],
            nfs: { squash: 'none' },
          }),
        ),
      }),
    );
    const timed = async (): Promise<number> => {
      const started = performance.now();
      expect(await here.once()).toEqual(done);
      return Math.round(performance.now() - started);
    };
    const [first, second] = [await timed(), await timed()];
    console.info(`200 shares: ${first} ms, then ${second} ms with ${here.proxy.requests.length} requests`);
    expect(here.proxy.writes()).toEqual([]);
    expect(listAt((await here.server.ask('GET', 'shares')) as Json)).toHaveLength(200);
  });
});
