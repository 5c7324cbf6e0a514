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
  it('is the same for the same state, and another for another', async () => {
    const notes = onServer(new Map());
    expect(notes.restart()).toBe('');
    const seen: string[] = [];
    for (const value of ['a', 'b', 'a']) {
      await notes.needRestart('share "/a"', { encrypt_data: value });
      seen.push(notes.restart());
    }
    expect(seen[2]).toBe(seen[0]);
    expect(seen[1]).not.toBe(seen[0]);
    await notes.needRestart('share "/b"', { encrypt_data: 'a' });
    expect(seen).not.toContain(notes.restart());
  });
});

describe('needs of a restart at the same time', () => {
  it('are all kept', async () => {
    const settings = new Map<string, string>();
    const notes = onServer(settings);
    await Promise.all(['a', 'b', 'c'].map(async (name) => notes.needRestart(name, { name })));
    expect(Object.keys(JSON.parse(settings.get('dittofs-provisioner.restart') ?? '') as object)).toEqual([
      'a',
      'b',
      'c',
    ]);
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
