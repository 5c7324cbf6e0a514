import { describe, expect, it } from 'vitest';
import { activePlan } from '../../src/provisioner/active-plan.ts';
import type { Answer } from '../../src/provisioner/answer.ts';
import { make, settleAttempts } from '../../src/provisioner/attempts.ts';
import { createNotes, type Note, type NoteKind } from '../../src/provisioner/notes.ts';
import { ServerShares } from '../../src/provisioner/server-state.ts';
import { done, failed, fakeRound, fakeWire, type FakeRound } from './fake-wire.ts';
import { planWith, share } from './plan.ts';

const refusal = { ok: false, reason: 'no' } as const;

/** A round with these notes, on a server with these shares; what it sends, answered so. */
async function roundWith(
  noted: Partial<Record<NoteKind, Note>>,
  answer: (request: string) => Answer = () => done,
  shares: readonly string[] = [],
): Promise<{ readonly round: FakeRound; readonly sent: readonly string[] }> {
  const wire = fakeWire((request) => answer(request));
  const notes = createNotes([], async (request) => wire.send(request));
  for (const [kind, note] of Object.entries(noted)) await notes.put(kind as NoteKind, note);
  wire.sent.length = 0;
  const round = { ...fakeRound(planWith(), wire, {}), notes };
  const status = { status: 'healthy' };
  const made = shares.map((name) => ({
    ...{ id: `id of ${name}`, name, metadata_store_id: 'm', local_block_store_id: 'l', enabled: true, status },
  }));
  for (const one of ServerShares.parse(made)) round.server.shares.set(one.name, one);
  return { round, sent: wire.sent };
}

/** A note of an attempt so many milliseconds ago. */
function attempt(name: string, ago = 1000): Note {
  return { name, attempted: Date.now() - ago };
}

const request = { method: 'POST', path: '/api/v1/users' } as const;

describe('what is tried to be made', () => {
  it.each<readonly [why: string, answer: Answer, before: boolean, after: boolean]>([
    ['it may be made: no answer came', { ...refusal, status: 0, unsent: false }, false, true],
    ['it was not sent', { ...refusal, status: 0, unsent: true }, false, false],
    ['it was not sent again, and the first time counts', { ...refusal, status: 0, unsent: true }, true, true],
    ['it was refused', { ...refusal, status: 400 }, false, false],
    ['it was refused the second time, so it was not there', { ...refusal, status: 400 }, true, false],
    ['somebody else was sooner', { ...refusal, status: 409 }, false, false],
    ['the first time was sooner', { ...refusal, status: 409 }, true, true],
    ['it is made: the note stays until there is one of that', { ok: true, body: undefined }, false, true],
  ])('%s', async (_, answer, before, after) => {
    const isTry = (words: string): boolean => words === 'POST users';
    const { round } = await roundWith(before ? { user: attempt('bob') } : {}, (words) =>
      isTry(words) ? answer : done,
    );
    expect(await make(round, 'user', 'bob', request)).toBe(answer);
    expect(round.notes.of('user', 'bob').attempted !== undefined).toBe(after);
  });

  it('is noted before, and the note of what was made formerly comes back with a refusal', async () => {
    const former = { name: '/a', made: '1', stores: { 'metadata store': 'm' } };
    const { round, sent } = await roundWith({ share: former }, (words) =>
      words === 'POST users' ? failed(400, 'no') : done,
    );
    await make(round, 'share', '/a', request);
    const [first = '', ...rest] = sent;
    expect(first).toMatch(/^PUT settings\/dittofs-provisioner.share.a .*attempted/);
    expect(first).not.toContain('made');
    expect(rest).toEqual(['POST users', expect.stringContaining('made')]);
    expect(round.notes.of('share', '/a')).toEqual(former);
  });

  it('is not made where it cannot be noted, or the provisioner stops', async () => {
    const noted = await roundWith({}, () => failed(500, 'no room'));
    const reason = 'that it is made cannot be noted: no room';
    expect(await make(noted.round, 'user', 'bob', request)).toMatchObject({ ok: false, unsent: true, reason });
    expect(noted.sent).toHaveLength(1);
    const stopping = await roundWith({});
    const stopped = { ...refusal, status: 0, unsent: true };
    expect(await make({ ...stopping.round, stopped: () => stopped }, 'user', 'bob', request)).toBe(stopped);
    expect(stopping.sent).toEqual([]);
  });
});

describe('an attempt whose end nobody saw', () => {
  it('has made what is there: a share is closed first', async () => {
    const { round, sent } = await roundWith({ share: attempt('/a') }, undefined, ['/a', '/b']);
    await settleAttempts(round);
    expect(sent).toEqual([
      'POST shares/a/disable',
      expect.stringContaining('PUT settings/dittofs-provisioner.share.a'),
    ]);
    expect(round.notes.all('share')).toEqual([
      { name: '/a', made: 'id of /a', stores: { 'metadata store': 'm', 'local block store': 'l' } },
    ]);
    expect([...round.server.shares.values()].map(({ enabled }) => enabled)).toEqual([false, true]);
    expect(round.problems).toEqual([]);
  });

  it.each([
    [
      'is waited for while the server makes it',
      404,
      3600,
      'the server is still making it: it is closed once that ends, or the server is started again',
    ],
    ['is closed in a later round', 500, 100, 'cannot be disabled: no'],
    ['that the server could not load when it was started again has no clients', 404, 100, undefined],
  ])('%s', async (_, status, uptime_sec, message) => {
    const answers = new Map<string, Answer>([
      ['POST shares/a/disable', failed(status, 'no')],
      ['GET /health', { ok: true, body: { data: { uptime_sec } } }],
    ]);
    const answer = (words: string): Answer => answers.get(words) ?? done;
    const { round } = await roundWith({ share: attempt('/a', 600_000) }, answer, ['/a']);
    await settleAttempts(round);
    expect(round.notes.of('share', '/a').attempted === undefined).toBe(message === undefined);
    expect(round.problems).toEqual(message === undefined ? [] : [{ about: 'share "/a"', message }]);
  });

  it('is forgotten after a while, so that nobody loses what is made by hand later', async () => {
    const { round } = await roundWith({ user: attempt('bob', 60_000), group: attempt('team', 180_000) });
    await settleAttempts(round);
    expect(round.notes.all('user')).toHaveLength(1);
    expect(round.notes.all('group')).toEqual([]);
  });

  it('leaves the fallback share declared', async () => {
    const plan = planWith({ shares: [share('/export', { fallback: true })] });
    for (const noted of [{}, { share: attempt('/export') }]) {
      const { round } = await roundWith(noted, undefined, ['/export']);
      expect(activePlan(plan, round.server, round.notes).shares).toHaveLength(Object.keys(noted).length);
    }
  });
});
