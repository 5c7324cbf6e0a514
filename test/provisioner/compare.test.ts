import { describe, expect, it } from 'vitest';
import { differences, sameBytes, sameDuration, sameInterval, sameValue } from '../../src/provisioner/compare.ts';
import { sameSize } from '../../src/provisioner/same-size.ts';

describe('values', () => {
  it.each([
    ['what is empty is left out by the server', [], undefined, true],
    ['so is 0', 0, undefined, true],
    ['false is not true', false, true, false],
    ['lists are sets', ['b', 'a'], ['a', 'b'], true],
    ['with the same members', ['a', 'a'], ['a', 'b'], false],
    ['objects have no order', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
    ['numbers are no texts', 1, '1', false],
  ])('%s', (_reason, declared, actual, same) => {
    expect(sameValue(declared, actual)).toBe(same);
  });

  it.each([
    ['72h', '72h0m0s', true],
    ['72h', '71h59m', false],
    ['', undefined, true],
    ['0', undefined, true],
    ['1h', undefined, false],
  ])('the duration %j against %j', (declared, actual, same) => {
    expect(sameDuration(declared, actual)).toBe(same);
  });

  it.each([
    ['@daily', '24h0m0s', true],
    [' @Weekly', '168h0m0s', true],
    ['@hourly', '1h0m0s', true],
    ['90m', '1h30m0s', true],
    ['@daily', '12h0m0s', false],
  ])('the interval %j against %j', (declared, actual, same) => {
    expect(sameInterval(declared, actual)).toBe(same);
  });
});

describe('sizes', () => {
  it.each([
    [0, '', true],
    [0, '1B', false],
    [1023, '1023B', true],
    [1024, '1.00KiB', true],
    [1152, '1.12KiB', true], // Go rounds half to even, JavaScript away from zero
    [1_500_000_000, '1.40GiB', true],
    [10_737_418_240, '10.00GiB', true],
    [10_800_000_000, '10.00GiB', false],
    [1_099_511_627_776, '1.00TiB', true],
    [1024, 'nonsense', false],
  ])('%d is shown as %j: %j', (bytes, shown, same) => {
    expect(sameSize(bytes, shown)).toBe(same);
  });

  it('are told apart by what was applied', () => {
    expect(sameBytes(10_737_418_241)(10_737_418_241, '10.00GiB')).toBe(true);
    expect(sameBytes(10_737_418_240)(10_737_418_241, '10.00GiB')).toBe(false);
    expect(sameBytes(undefined)(10_737_418_241, '10.00GiB')).toBe(false);
    expect(sameBytes(10_737_418_241)(10_737_418_241, '20.00GiB')).toBe(false);
    expect(sameBytes(undefined)(0, undefined)).toBe(true);
  });
});

describe('differences', () => {
  it('are those of declared fields alone, by name', () => {
    expect(differences({ b: 1, a: true, c: 'x' }, { a: false, c: 'x', d: 'hand' })).toEqual([
      { name: 'a', from: false, to: true },
      { name: 'b', to: 1 },
    ]);
  });
});
