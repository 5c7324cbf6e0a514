import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../src/render/parse-yaml.ts';

describe('parseYaml', () => {
  it.each([
    ['yes and on are true, as in YAML 1.1', 'yes', true],
    ['off is false', 'off', false],
    ['a leading zero is octal', '0644', 0o644],
    ['underscores are allowed in numbers', '1_000', 1000],
    ['what looks like a time of day is a text', '1:30', '1:30'],
    ['a date is a text', '2020-01-01', '2020-01-01'],
    ['an exponent is a number', '1e3', 1000],
    ['nothing is null', '', null],
    ['quotes make a text', '"yes"', 'yes'],
  ])('reads values as kubectl does: %s', (_reason, text, value) => {
    expect(parseYaml(`v: ${text}\n`)).toEqual({ ok: true, documents: [{ v: value }] });
  });

  it('knows merge keys and anchors', () => {
    const parsed = parseYaml('a: &a {x: 1}\nb: {<<: *a, z: 2}\n');
    expect(parsed).toEqual({ ok: true, documents: [{ a: { x: 1 }, b: { x: 1, z: 2 } }] });
  });

  it('counts empty documents', () => {
    expect(parseYaml('a: 1\n---\n# none\n---\nb: 2\n')).toEqual({ ok: true, documents: [{ a: 1 }, null, { b: 2 }] });
  });
});
