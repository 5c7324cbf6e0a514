import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/provisioner/answer.ts';
import { createNotes, type Notes } from '../../src/provisioner/notes.ts';
import { createSealer } from '../../src/provisioner/sealer.ts';
import type { Request } from '../../src/provisioner/wire.ts';

/** Notes on a server that keeps what it is sent. */
function onServer(settings: Map<string, string>, requests: string[] = []): Notes {
  const send = async (request: Request): Promise<Answer> => {
    await Promise.resolve();
    const key = request.path.replace('/api/v1/settings/', '');
    requests.push(`${request.method} ${key}`);
    if (request.method === 'DELETE') settings.delete(key);
    else settings.set(key, request.body?.value as string);
    return { ok: true, body: undefined };
  };
  return createNotes(
    [...settings].map(([key, value]) => ({ key, value })),
    send,
  );
}

describe('notes', () => {
  it('are written once, and removed when they say nothing', async () => {
    const requests: string[] = [];
    const settings = new Map<string, string>();
    const notes = onServer(settings, requests);
    await notes.put('share', { name: '/a', made: '1', permissions: [] });
    await notes.put('share', { name: '/a', made: '1' });
    await notes.put('share', { name: '/nothing', permissions: [] });
    expect(requests).toEqual(['PUT dittofs-provisioner.share.a']);
    expect(onServer(settings).of('share', '/a')).toEqual({ name: '/a', made: '1' });
    await notes.put('share', { name: '/a' });
    expect(requests).toEqual(['PUT dittofs-provisioner.share.a', 'DELETE dittofs-provisioner.share.a']);
  });

  it('are told apart, whatever the name', async () => {
    const settings = new Map<string, string>();
    const notes = onServer(settings);
    const names = ['/a/b', '/a b', '/a%2Fb', '/~', `/${'x'.repeat(300)}`];
    for (const name of names) await notes.put('share', { name, made: name });
    expect(settings.size).toBe(names.length);
    for (const key of settings.keys()) expect(key).toMatch(/^[\w.~-]{1,255}$/);
    for (const name of names) expect(onServer(settings).of('share', name).made).toBe(name);
    expect(notes.all('user')).toEqual([]);
  });

  it('that somebody else wrote there say nothing', () => {
    const settings = new Map([
      ['dittofs-provisioner.share.a', 'nonsense'],
      ['dittofs-provisioner.share.b', '{"name":"/c","made":"1"}'],
      ['dittofs-provisioner.restart', '[]'],
    ]);
    const notes = onServer(settings);
    expect([notes.of('share', '/a'), notes.of('share', '/b')]).toEqual([{ name: '/a' }, { name: '/b' }]);
  });
});

describe('the need of a restart', () => {
  const done: Answer = { ok: true, body: undefined };
  const refused: Answer = { ok: false, status: 400, reason: 'no' };
  const does = (answer: Answer) => async (): Promise<Answer> => Promise.resolve(answer);

  it('is another each time, and noted before what needs it', async () => {
    const settings = new Map<string, string>();
    const notes = onServer(settings);
    expect(notes.restart()).toBe('');
    const seen = new Set<string>();
    for (let time = 1; time <= 2; time += 1) {
      const act = async (): Promise<Answer> => {
        seen.add(`noted ${settings.get('dittofs-provisioner.restart') ?? ''}`);
        return Promise.resolve(done);
      };
      expect(await notes.withRestart('share "/a"', act)).toEqual(done);
      seen.add(notes.restart());
    }
    expect(seen.size).toBe(4);
    expect(seen).not.toContain('');
    expect(onServer(settings).restart()).toBe(notes.restart());
  });

  it.each([
    ['goes again with what was refused', refused, false],
    ['goes again with what was not sent', { ...refused, status: 0, unsent: true }, false],
    ['stays with what may have been done', { ...refused, status: 0 }, true],
  ] as const)('%s', async (_, answer, stays) => {
    const notes = onServer(new Map());
    expect(await notes.withRestart('share "/a"', does(answer))).toEqual(answer);
    expect(notes.restart() !== '').toBe(stays);
    await notes.withRestart('share "/b"', does(done));
    const before = notes.restart();
    await notes.withRestart('share "/b"', does(answer));
    expect(notes.restart() !== before).toBe(stays);
  });

  it('is the same for tries that get no answer, so that a server that gives none is not restarted for ever', async () => {
    const settings = new Map<string, string>();
    const unanswered: Answer = { ok: false, status: 0, reason: 'the server did not answer in time' };
    const seen: string[] = [];
    for (const answer of [unanswered, unanswered, refused, unanswered, done, done]) {
      // Each time a provisioner that was just started.
      const notes = onServer(settings);
      expect(await notes.withRestart('share "/a"', does(answer))).toEqual(answer);
      seen.push(notes.restart());
    }
    const [first, second, third, fourth, fifth, last] = seen;
    expect(first).not.toBe('');
    expect([second, third, fourth]).toEqual([first, first, first]);
    expect(new Set([first, fifth, last]).size).toBe(3);
  });

  it('keeps what needs it from being done where it cannot be noted', async () => {
    const notes = createNotes([], does(refused));
    const acts: string[] = [];
    const act = async (): Promise<Answer> => {
      acts.push('done');
      return Promise.resolve(done);
    };
    expect(await notes.withRestart('share "/a"', act)).toEqual({
      ...refused,
      reason: 'that it needs a restart cannot be noted: no',
    });
    expect([acts, notes.restart()]).toEqual([[], '']);
  });

  it('is noted for all that come to need one at the same time', async () => {
    const settings = new Map<string, string>();
    const notes = onServer(settings);
    const answers = { a: done, b: refused, c: done };
    await Promise.all(Object.entries(answers).map(async ([name, answer]) => notes.withRestart(name, does(answer))));
    expect(Object.keys(JSON.parse(settings.get('dittofs-provisioner.restart') ?? '') as object)).toEqual(['a', 'c']);
  });
});

describe('a seal', () => {
  it('is that of a secret and a salt', () => {
    const { seal, salt } = createSealer();
    const [a, b] = [salt(), salt()];
    expect(seal('secret', a)).toBe(createSealer().seal('secret', a));
    expect(seal('secret', a)).not.toBe(seal('secret', b));
    expect(seal('secret', a)).not.toBe(seal('Secret', a));
  });
});
