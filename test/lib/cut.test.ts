import { expect, it } from 'vitest';
import { cut } from '../../src/lib/cut.ts';

it('keeps what fits, and marks what is cut', () => {
  expect(cut('four', 4)).toBe('four');
  expect(cut('five!', 4)).toBe('fiv…');
});

it('cuts no character in half', () => {
  expect(cut('ab😀cd', 4)).toBe('ab…');
});
