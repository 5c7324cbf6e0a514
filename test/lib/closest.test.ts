import { describe, expect, it } from 'vitest';
import { closest } from '../../src/lib/closest.ts';

describe('closest', () => {
  it.each([
    ['efect', 'effect', 'a letter is missing'],
    ['effects', 'effect', 'a letter is too many'],
    ['effact', 'effect', 'a letter is wrong'],
    ['memroy', 'memory', 'two letters are swapped'],
    ['Memory', 'memory', 'the case is another'],
    ['TOLERATIONSECONDS', 'tolerationSeconds', 'the case is another throughout'],
    ['persistantVolumeClam', 'persistentVolumeClaim', 'a long word has several slips'],
    ['cp', 'cpu', 'a short word lacks a letter'],
  ])('takes %s for %s: %s', (word, meant) => {
    expect(closest(word, ['effect', 'memory', 'cpu', 'tolerationSeconds', 'persistentVolumeClaim'])).toBe(meant);
  });

  it.each(['', 'x', 'pvc', 'image', 'volumes', 'eff', 'constructor', 'effect'.repeat(100_000)])(
    'proposes nothing for a word like no other (%#)',
    (word) => {
      expect(closest(word, ['effect', 'memory', 'cpu', 'tolerationSeconds'])).toBeUndefined();
    },
  );

  it('prefers the nearest, and of equally near ones the first', () => {
    expect(closest('limit', ['limited', 'limits', 'limita'])).toBe('limits');
    expect(closest('key', ['kex', 'kez'])).toBe('kex');
  });

  it('proposes nothing where there is nothing', () => {
    expect(closest('key', [])).toBeUndefined();
  });
});
