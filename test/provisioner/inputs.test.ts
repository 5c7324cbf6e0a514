import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inTurns } from '../../src/provisioner/in-turns.ts';
import { readInputs, type Inputs } from '../../src/provisioner/inputs.ts';
import { planWith, store, user } from './plan.ts';

let folder: string;
const files = (): { plan: string; secrets: string } => ({ plan: join(folder, 'plan.json'), secrets: folder });

function read(): Inputs {
  const inputs = readInputs(files());
  if ('refused' in inputs) throw new Error(inputs.refused);
  return inputs;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'function-dittofs-inputs-'));
  for (const secret of ['admin', 'alice']) mkdirSync(join(folder, secret));
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(planWith({ users: [user('alice')] })));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('Secrets', () => {
  it.each([
    ['a value', 'password', 'password'],
    ['one newline at the end goes', 'password\n', 'password'],
    ['a second one stays', 'password\n\n', 'password\n'],
    ['so does everything else', ' pass word \r\n', ' pass word \r'],
    ['nothing is no value', '', undefined],
    ['a newline alone is none either', '\n', undefined],
  ])('%s', (_reason, written, value) => {
    writeFileSync(join(folder, 'alice', 'password'), written);
    expect(read().secret({ secret: 'alice', key: 'password' })).toBe(value);
  });

  it('that are no text are none', () => {
    const file = { secret: 'alice', key: 'password' };
    expect(read().lack(file)).toBe('Secret "alice" has no value under key "password"');
    writeFileSync(join(folder, 'alice', 'password'), Buffer.from([0xff, 0xfe, 0x70, 0x61, 0x73, 0x73]));
    expect(read().secret(file)).toBeUndefined();
    expect(read().lack(file)).toBe('Secret "alice" has no text in UTF-8 under key "password"');
    writeFileSync(join(folder, 'alice', 'password'), '\ufeffpässword');
    expect(read().secret(file)).toBe('\ufeffpässword');
  });

  it('that open something are hidden, and what says where is not', () => {
    const secrets = { password: { secret: 'pg', key: 'password' }, host: { secret: 'pg', key: 'host' } };
    const plan = planWith({ metadata_stores: [store('meta', { secrets })], users: [user('alice')] });
    writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
    mkdirSync(join(folder, 'pg'));
    for (const name of ['admin', 'alice', 'pg']) writeFileSync(join(folder, name, 'password'), `of-${name}\n`);
    writeFileSync(join(folder, 'pg', 'host'), 'database.example.com');
    expect(read().hidden).toEqual(['of-admin', 'of-pg', 'of-alice']);
    expect(read().secret(secrets.host)).toBe('database.example.com');
  });

  it('change the fingerprint, and so does the plan', () => {
    const first = read().fingerprint;
    expect(read().fingerprint).toBe(first);
    writeFileSync(join(folder, 'alice', 'password'), 'password');
    const second = read().fingerprint;
    writeFileSync(join(folder, 'plan.json'), JSON.stringify(planWith()));
    expect(new Set([first, second, read().fingerprint]).size).toBe(3);
  });

  it('of the administrator are kept as they are, too', () => {
    expect(read().adminPassword()).toBeUndefined();
    writeFileSync(join(folder, 'admin', 'password'), 'password\n');
    expect(read().adminPassword()).toEqual({ value: 'password', exact: 'password\n' });
  });
});

describe('a plan', () => {
  it.each([
    ['is not there', undefined, /^cannot read .*plan\.json: ENOENT/],
    ['is no JSON', '{', /^cannot read .*plan\.json: /],
    ['is another thing', '{"revision":1}', /^cannot use .*plan\.json: revision: /],
    [
      'is of another version',
      JSON.stringify({ ...planWith(), later: 1 }),
      /^cannot use .*plan\.json: Unrecognized key: "later"/,
    ],
  ])('that %s is refused', (_reason, written, says) => {
    rmSync(join(folder, 'plan.json'));
    if (written !== undefined) writeFileSync(join(folder, 'plan.json'), written);
    expect(readInputs(files())).toMatchObject({ refused: expect.stringMatching(says) as string });
  });
});

describe('a plan of another version', () => {
  it('tells its revision all the same', () => {
    writeFileSync(join(folder, 'plan.json'), JSON.stringify({ ...planWith({ revision: 'r7' }), later: 1 }));
    expect(readInputs(files())).toMatchObject({ revision: 'r7' });
    writeFileSync(join(folder, 'plan.json'), '{');
    expect(readInputs(files())).toMatchObject({ revision: '' });
  });
});

describe('work', () => {
  it('is done for each, a few at a time', async () => {
    let [now, most] = [0, 0];
    const seen: number[] = [];
    await inTurns([1, 2, 3, 4, 5, 6, 7, 8, 9], async (item) => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      seen.push(item);
      now -= 1;
    });
    expect([most, seen.sort()]).toEqual([4, [1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  });
});
