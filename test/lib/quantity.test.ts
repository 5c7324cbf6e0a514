import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareQuantities, parseQuantity, readQuantity, type Quantity } from '../../src/lib/quantity.ts';

function quantity(text: string): Quantity {
  const parsed = parseQuantity(text);
  if (parsed === undefined) throw new Error(`cannot parse ${text}`);
  return parsed;
}

/** What resource.ParseQuantity of k8s.io/apimachinery v0.33.13 makes of each text, in billionths. */
const known: [text: string, nanos: bigint][] = [
  ['1', 1000000000n],
  ['0', 0n],
  ['-0', 0n],
  ['+5', 5000000000n],
  ['00012', 12000000000n],
  ['1.5', 1500000000n],
  ['5.', 5000000000n],
  ['.5', 500000000n],
  ['-1.5', -1500000000n],
  ['1n', 1n],
  ['1u', 1000n],
  ['1m', 1000000n],
  ['0.5m', 500000n],
  ['1k', 1000000000000n],
  ['1M', 1000000000000000n],
  ['1G', 1000000000000000000n],
  ['1T', 1000000000000000000000n],
  ['1P', 1000000000000000000000000n],
  ['1E', 1000000000000000000000000000n],
  ['20E', 20000000000000000000000000000n],
  ['1Ki', 1024000000000n],
  ['1.5Gi', 1610612736000000000n],
  ['1.1Ki', 1126400000000n],
  ['0.0001Ki', 102400000n],
  ['7.5Ei', 8646911284551352320000000000n],
  ['8Ei', 9223372036854775807000000000n],
  ['100Ei', 9223372036854775807000000000n],
  ['-100Ei', -9223372036854775807000000000n],
  ['1e3', 1000000000000n],
  ['1E3', 1000000000000n],
  ['1e-3', 1000000n],
  ['1e+3', 1000000000000n],
  ['1e30', 1000000000000000000000000000000000000000n],
  ['0e999', 0n],
  ['0.1n', 1n],
  ['-0.1n', -1n],
  ['1e-12', 1n],
  ['1.0000000001', 1000000001n],
  ['123456789.123456789123', 123456789123456790n],
  ['12345678901234567890', 12345678901234567890000000000n],
];

/** What resource.ParseQuantity refuses. */
const refused = [
  '',
  '1 ',
  ' 1',
  '1e',
  '1e+',
  '1e0.5',
  '1K',
  '1ki',
  '1KI',
  '1i',
  '1Kib',
  '1e3Ki',
  '1k5',
  '1.2.3',
  '..5',
  '0x1',
  '1_000',
  '10 GB',
  '10GB',
  '4Gii',
  '\u0661',
];

describe('parseQuantity', () => {
  it.each(known)('reads %j as apimachinery does', (text, nanos) => {
    expect(parseQuantity(text)).toEqual({ text, nanos });
  });

  it.each(refused)('refuses %j as apimachinery does', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  it.each(['Gi', '.', '-', '+', '.m', 'e3'])(
    'refuses %j, in which apimachinery sees 0, for lack of a digit',
    (text) => {
      expect(parseQuantity(text)).toBeUndefined();
    },
  );

  it.each(['1e999999999', '1e-999999999', '1e4294967296', `1e${'9'.repeat(400)}`, '1'.repeat(1_000_000)])(
    'refuses an absurd magnitude at once (%#)',
    (text) => {
      expect(parseQuantity(text)).toBeUndefined();
    },
  );

  it('takes time in proportion to the text that it refuses', () => {
    expect(parseQuantity(`${'1'.repeat(999)}x`)).toBeUndefined();
  });

  it('is exact for any integer and unit', () => {
    const unit = fc.constantFrom<[string, bigint]>(
      ['', 1n],
      ['k', 1000n],
      ['Ki', 1024n],
      ['Gi', 2n ** 30n],
      ['T', 10n ** 12n],
    );
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 23n), 2n ** 23n), unit, (count, [name, factor]) => {
        expect(parseQuantity(`${count}${name}`)?.nanos).toBe(count * factor * 1_000_000_000n);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('0123456789.+-eEinumkKMGTP ')) }), (text) => {
        expect(parseQuantity(text)?.text ?? text).toBe(text);
      }),
    );
  });
});

describe('readQuantity', () => {
  it('takes a number for the text of it', () => {
    expect(readQuantity(2)).toEqual(parseQuantity('2'));
    expect(readQuantity(0.5)?.nanos).toBe(500_000_000n);
    expect(readQuantity(1e21)?.nanos).toBe(10n ** 30n);
  });

  it.each([null, undefined, true, {}, [], [1], NaN, Infinity])('refuses %j', (value) => {
    expect(readQuantity(value)).toBeUndefined();
  });
});

describe('compareQuantities', () => {
  it.each<[string, string, -1 | 0 | 1]>([
    ['1Gi', '1024Mi', 0],
    ['1Gi', '1G', 1],
    ['500m', '1', -1],
    ['-1', '1m', -1],
    ['9Ei', '8Ei', 0], // both capped
    ['20E', '30E', -1], // decimal ones are not
  ])('compares %s with %s by amount', (a, b, expected) => {
    expect(compareQuantities(quantity(a), quantity(b))).toBe(expected);
  });

  it('is an order', () => {
    const some = fc
      .tuple(fc.integer(), fc.constantFrom('', 'm', 'Ki', 'k', 'Gi'))
      .map(([n, unit]) => quantity(`${n}${unit}`));
    fc.assert(
      fc.property(some, some, (a, b) => {
        expect(compareQuantities(a, b) + compareQuantities(b, a)).toBe(0);
        expect(compareQuantities(a, b) === 0).toBe(a.nanos === b.nanos);
      }),
    );
  });
});
