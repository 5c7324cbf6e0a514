import { describe, expect, it } from 'vitest';
import { createHider } from '../../src/provisioner/hide-secrets.ts';
import type { FieldChange } from '../../src/provisioner/compare.ts';
import { path, sharePath } from '../../src/provisioner/path.ts';
import { printChange } from '../../src/provisioner/print-change.ts';
import { stableWords } from '../../src/provisioner/stable-words.ts';

describe('what a server says', () => {
  it('is the same for the same error', () => {
    const said = (id: string, port: number): string =>
      stableWords(
        `operation error S3: HeadBucket, https response error StatusCode: 403, RequestID: ${id}, HostID: ${id}=,\n api error Forbidden; read tcp 10.0.0.7:${port}->10.0.0.9:9000: reset at 2026-01-0${port % 9}T01:02:03.4Z`,
      );
    expect(said('A1B2', 50_001)).toBe(said('C3D4', 50_002));
    expect(said('A1B2', 50_001)).toBe(
      'operation error S3: HeadBucket, https response error StatusCode: 403, api error Forbidden; read tcp 10.0.0.9:9000: reset at …',
    );
  });

  it('is cut', () => {
    expect(stableWords('x'.repeat(1000))).toHaveLength(300);
  });
});

describe('secrets', () => {
  it('are hidden in every form', () => {
    const { learn, hide } = createHider();
    for (const value of ['pass"word', 'pass"word-longer', 'a.b', 'ab', '']) learn(value);
    expect(hide('{"p":"pass\\"word"} pass"word-longer pass%22word axb a.b cab ab')).toBe(
      '{"p":"********"} ******** ******** axb ******** cab ********',
    );
  });
});

describe('paths', () => {
  it.each([
    ['/export', '/api/v1/shares/export'],
    ['/a/b c', '/api/v1/shares/a%2Fb%20c'],
    ['/ä', '/api/v1/shares/%C3%A4'],
    ['/me@here+you', '/api/v1/shares/me@here+you'],
  ])('of share %s', (name, expected) => {
    expect(sharePath(name)).toBe(expected);
  });

  it('keep each segment one', () => {
    expect(path('users', '../admin?x#y%', 'password')).toBe('/api/v1/users/..%2Fadmin%3Fx%23y%25/password');
  });
});

describe('a change', () => {
  const to = { kind: 'share', name: '/data' } as const;
  const { learn, hide } = createHider();
  for (const value of ['share', 'the-key']) learn(value);
  const update = (fields: readonly FieldChange[]): string => printChange({ ...to, action: 'update', fields }, hide);

  it('is one line', () => {
    const fields = [
      { name: 'quota_bytes', from: '10.00GiB', to: 21_474_836_480 },
      { name: 'secret_access_key' },
      { name: 'x', to: null, from: 'y' },
    ];
    expect(update(fields)).toBe('~ share "/data": quota_bytes 10.00GiB → 21474836480, secret_access_key, x y → none');
    expect(printChange({ ...to, action: 'create', fields: [] }, hide)).toBe('+ share "/data"');
    expect(printChange({ ...to, action: 'remove', fields: [] }, hide)).toBe('- share "/data" (prune)');
  });

  it.each([
    ['words', 'the team', '"the team"'],
    ['what looks like nothing', 'none', '"none"'],
    ['another line', 'one\n- share "/a" (prune)', '"one\\n- ******** \\"/a\\" (prune)"'],
    ['what moves the cursor', '\u001b[2J\u009b2J', '"\\u001b[2J\\u009b2J"'],
    ['what turns the line around', 'a\u202eb', '"a\\u202eb"'],
    ['a list of such', ['\u009b'], '["\\u009b"]'],
  ])('quotes %s', (_reason, from, shown) => {
    expect(update([{ name: 'description', from, to: 'x' }])).toBe(`~ share "/data": description ${shown} → x`);
  });

  it('hides secrets in its values, and leaves its own words', () => {
    expect(update([{ name: 'a', from: 'share', to: { key: 'the-key' } }])).toBe(
      '~ share "/data": a ******** → {"key":"********"}',
    );
  });
});
