import { describe, expect, it } from 'vitest';
import type { DeclaredUser } from '../../src/api/provisioning.ts';
import { createPasswords, type Passwords } from '../../src/provisioner/passwords.ts';
import type { ServerUser } from '../../src/provisioner/server-state.ts';
import { convergeUsers } from '../../src/provisioner/users.ts';
import { done, failed, fakeRound, fakeWire, tokens, type FakeRound, type FakeWire } from './fake-wire.ts';
import { planWith, user } from './plan.ts';

function present({ name, role }: DeclaredUser, enabled = true): ServerUser {
  return { id: name, username: name, role, enabled, groups: [] };
}

/** Compares the passwords of users that are there. */
async function compare(passwords: Passwords, wire: FakeWire, users: readonly DeclaredUser[]): Promise<FakeRound> {
  const round = fakeRound(planWith({ users: [...users] }), wire, { users: users.map((one) => present(one)) });
  await passwords.converge(round, new Map(users.map((one) => [one, `${one.name}-password`])));
  return round;
}

const alice = user('alice');
const root = user('root', { role: 'admin' });

describe('a user who is let in again', () => {
  it('stays out while the password is missing, and is changed otherwise', async () => {
    const wire = fakeWire(() => done);
    const plan = planWith({ users: [user('alice', { uid: 2001 })] });
    const round = { ...fakeRound(plan, wire, { users: [present(alice, false)] }), secret: () => undefined };
    await convergeUsers(round, () => Promise.resolve());
    expect(wire.sent).toEqual(['PUT users/alice {"uid":2001}']);
    expect(round.problems).toMatchObject([{ about: 'user "alice"' }]);
    expect(round.server.users.get('alice')?.enabled).toBe(false);
  });
});

describe('a password', () => {
  it.each([
    ['that is right', alice, tokens('t'), [], []],
    ['that is wrong is set', alice, failed(401, 'no'), ['password'], []],
    ['of somebody whom people disabled by now waits', alice, failed(403, 'disabled'), [], []],
    ['that the server cannot compare', alice, failed(500, 'Authentication failed'), [], ['Authentication failed']],
    ['that the server does not compare in time', alice, failed(0, 'no answer'), [], ['no answer']],
    ['that is answered otherwise', alice, { ok: true, body: '<html>' } as const, [], ['without a token']],
  ])('%s', async (_reason, who, answer, changes, problems) => {
    const wire = fakeWire((request) => (request.startsWith('login') ? answer : done));
    const round = await compare(createPasswords(wire, 0), wire, [who]);
    expect(round.changes.flatMap(({ fields }) => fields.map(({ name }) => name))).toEqual(changes);
    expect(round.problems).toEqual(
      problems.map((words) => ({
        about: 'user "alice"',
        message: expect.stringMatching(`^its password cannot be compared: .*${words}`) as string,
      })),
    );
  });

  it.each([
    ['as it is', 200, 'its password cannot be compared: the password cannot be confirmed: refused'],
    ['after it was set', 401, 'its password is set, and not usable yet: the password cannot be confirmed: refused'],
  ])(
    'of an administrator that cannot be confirmed is a problem in every round: %s',
    async (_reason, first, message) => {
      const wire = fakeWire((request) => {
        if (request.includes('me/password')) return failed(403, 'refused');
        if (!request.startsWith('login')) return done;
        const isSet = first === 200 || wire.sent.some((sent) => sent.includes('users/root/password'));
        return isSet ? tokens('t', { must_change_password: true }) : failed(401, 'no');
      });
      const passwords = createPasswords(wire, 60_000);
      expect((await compare(passwords, wire, [root])).problems).toEqual([{ about: 'user "root"', message }]);
      expect((await compare(passwords, wire, [root])).problems).toMatchObject([
        { message: expect.stringContaining('cannot be confirmed') as string },
      ]);
    },
  );

  it('of an administrator that has to be confirmed is told by a dry run', async () => {
    const wire = fakeWire(() => tokens('t', { must_change_password: true }), false);
    const { changes, problems } = await compare(createPasswords(wire, 0), wire, [root]);
    expect(changes).toEqual([
      { kind: 'user', name: 'root', action: 'update', fields: [{ name: 'password (has to be confirmed)' }] },
    ]);
    expect(problems).toEqual([]);
  });

  it('is compared by the first round, and again by some later one, ten at a time', async () => {
    const users = Array.from({ length: 25 }, (_, index) => user(`user-${index}`));
    const wire = fakeWire(() => tokens('t'));
    const passwords = createPasswords(wire, 0);
    const compared: string[][] = [];
    for (let round = 0; round < 4; round++) {
      wire.sent.length = 0;
      await compare(passwords, wire, users);
      compared.push([...wire.sent]);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(compared.map(({ length }) => length)).toEqual([25, 10, 10, 10]);
    expect(new Set(compared.slice(1).flat()).size).toBe(25);
  });
});
