import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration, wholeSeconds } from '../../src/lib/duration.ts';

/** What time.ParseDuration of Go 1.26 makes of each text, in nanoseconds. */
const known: [text: string, nanos: bigint][] = [
  ['0', 0n],
  ['+0', 0n],
  ['-0', 0n],
  ['1s', 1000000000n],
  ['1h30m', 5400000000000n],
  ['1.5h', 5400000000000n],
  ['-2ms', -2000000n],
  ['+1m', 60000000000n],
  ['.5s', 500000000n],
  ['1.s', 1000000000n],
  ['1us', 1000n],
  ['1\u00b5s', 1000n],
  ['1\u03bcs', 1000n],
  ['100ns', 100n],
  ['1.0000000009s', 1000000000n],
  ['0.3333333333333333333h', 1200000000000n],
  ['0.830103483285477580700h', 2988372539827n],
  ['9223372036854775807ns', 9223372036854775807n],
  ['-9223372036854775808ns', -9223372036854775808n],
  ['2562047h47m16.854775807s', 9223372036854775807n],
  ['1h1h', 7200000000000n],
  ['1s.5s', 1500000000n],
  ['-1.5s', -1500000000n],
  ['0.5ns', 0n],
  ['1.9ns', 1n],
  ['0.100000000000000000000h', 360000000000n],
];

/** What time.ParseDuration refuses. */
const refused = [
  '9223372036854775808ns',
  '-9223372036854775809ns',
  '2562048h',
  '5m3',
  '00',
  '1',
  '',
  '-',
  '.',
  '.s',
  '1d',
  '1w',
  '1y',
  '1H',
  '1 s',
  ' 1s',
  '1s ',
  '1e3s',
  's',
  '1min',
  '3000000h',
  '--1s',
  '1_000s',
  '\u0661s',
];

describe('parseDuration', () => {
  it.each(known)('reads %j as Go does', (text, nanos) => {
    expect(parseDuration(text)).toEqual({ text, nanos });
  });

  it.each(refused)('refuses %j as Go does', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('reads whole hours, minutes and seconds exactly', () => {
    const part = fc.nat({ max: 100_000 });
    fc.assert(
      fc.property(part, part, part, (h, m, s) => {
        expect(parseDuration(`${h}h${m}m${s}s`)?.nanos).toBe(BigInt(h * 3600 + m * 60 + s) * 1_000_000_000n);
      }),
    );
  });

  it('never throws, and stays within int64', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('0123456789.+-hmsnu\u00b5d ')) }), (text) => {
        const nanos = parseDuration(text)?.nanos ?? 0n;
        expect(BigInt.asIntN(64, nanos)).toBe(nanos);
      }),
    );
  });
});

describe('wholeSeconds', () => {
  it.each([
    ['30s', 30],
    ['1.5s', 2],
    ['1ns', 1],
    ['1h0.001s', 3601],
    ['0', 0],
    ['-1.5s', -1],
    ['-2s', -2],
    ['2562047h47m16.854775807s', 9_223_372_037],
  ])('rounds %s up to %i', (text, seconds) => {
    const parsed = parseDuration(text);
    expect(parsed && wholeSeconds(parsed)).toBe(seconds);
  });
});
