import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Answer } from '../../src/provisioner/answer.ts';
import { createAdministrator, type Administrator } from '../../src/provisioner/administrator.ts';
import { done, failed, fakeWire, tokens, type FakeWire } from './fake-wire.ts';

const settings = { method: 'GET', path: '/api/v1/settings' } as const;
const password = { value: 'the-password', exact: 'the-password' };
const refused = failed(401, 'Invalid or expired token');

/** A server that knows the tokens that it gave out last: the first is `t1`. */
function serverWith(expires_in: number): FakeWire & { readonly forget: () => void } {
  let [last, isKnown] = [0, false];
  const wire = fakeWire((request, token) => {
    if (request.startsWith('login admin the-password')) {
      isKnown = true;
      return tokens(`t${++last}`, { expires_in });
    }
    if (request.startsWith('login')) return failed(401, 'Invalid credentials');
    return isKnown && token === `t${last}` ? done : refused;
  });
  return { ...wire, forget: () => (isKnown = false) };
}

async function arrived(wire: FakeWire): Promise<Administrator> {
  const administrator = createAdministrator(wire);
  expect(await administrator.arrive(password)).toEqual({ ok: true, rotated: false });
  return administrator;
}

const logins = ({ sent }: FakeWire): number => sent.filter((request) => request.startsWith('login')).length;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the session of the administrator', () => {
  it.each([
    ['of a quarter of an hour is used for 14 minutes', 900, 839, 841],
    ['of a minute is used for nearly all of it', 60, 53, 55],
    ['of ten seconds, too', 10, 8, 9.5],
  ])('%s', async (_reason, expires_in, good, late) => {
    const wire = serverWith(expires_in);
    const administrator = await arrived(wire);
    vi.advanceTimersByTime(good * 1000);
    expect(await administrator.send(settings)).toEqual(done);
    expect(logins(wire)).toBe(1);
    vi.advanceTimersByTime((late - good) * 1000);
    expect(await administrator.send(settings)).toEqual(done);
    expect(logins(wire)).toBe(2);
  });

  it('that expires for several requests at once is renewed once', async () => {
    const wire = serverWith(900);
    const administrator = await arrived(wire);
    vi.advanceTimersByTime(900_000);
    const requests = Array.from({ length: 4 }, () => administrator.send(settings));
    expect(await Promise.all(requests)).toEqual([done, done, done, done]);
    expect(logins(wire)).toBe(2);
  });

  it('that the server does not know any more is renewed once, and what was asked is asked again', async () => {
    const wire = serverWith(900);
    const administrator = await arrived(wire);
    wire.forget();
    const requests = Array.from({ length: 4 }, () => administrator.send(settings));
    expect(await Promise.all(requests)).toEqual([done, done, done, done]);
    expect(logins(wire)).toBe(2);
    expect(await administrator.send(settings)).toEqual(done);
    expect(logins(wire)).toBe(2);
  });
});

describe('a request that was under way while another one logged in', () => {
  it('is repeated with that session', async () => {
    let refuse: (answer: Answer) => void = () => undefined;
    let logged = 0;
    const wire = fakeWire((request, token) => {
      if (request.startsWith('login')) return tokens(`t${++logged}`);
      if (token === 't2') return done;
      return request === 'GET slow' ? new Promise<Answer>((resolve) => (refuse = resolve)) : refused;
    });
    const administrator = await arrived(wire);
    const slow = administrator.send({ method: 'GET', path: '/api/v1/slow' });
    expect(await administrator.send(settings)).toEqual(done);
    refuse(refused);
    expect(await slow).toEqual(done);
    expect(logins(wire)).toBe(2);
  });
});

describe('a new password of the administrator', () => {
  it.each(['short', 'x'.repeat(73)])('that the server would not take is not sent: %s', async (value) => {
    const wire = serverWith(900);
    const administrator = await arrived(wire);
    expect(await administrator.arrive({ value, exact: value })).toMatchObject({ ok: false, status: 401 });
    expect(wire.sent.slice(1)).toEqual([`login admin ${value}`]);
  });
});

describe('a password that has to be confirmed', () => {
  const wireWith = (canWrite: boolean): FakeWire =>
    fakeWire(
      (request) =>
        request.startsWith('login') ? tokens('first', { must_change_password: true }) : failed(500, 'Failed to hash'),
      canWrite,
    );

  it('is told where the server does not let it be confirmed', async () => {
    expect(await createAdministrator(wireWith(true)).arrive(password)).toMatchObject({
      ok: false,
      reason: 'the password cannot be confirmed: Failed to hash',
    });
  });

  it('is told by a dry run, which confirms nothing', async () => {
    const wire = wireWith(false);
    expect(await createAdministrator(wire).arrive(password)).toMatchObject({
      ok: false,
      reason: 'admin has to confirm the password, which a dry run does not do',
    });
    expect(wire.sent).toEqual(['login admin the-password']);
  });
});
