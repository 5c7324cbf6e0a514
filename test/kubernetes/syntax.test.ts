import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isCidr,
  isDns1123Label,
  isDns1123Subdomain,
  isIpAddress,
  isLabelValue,
  isQualifiedName,
} from '../../src/kubernetes/syntax.ts';

interface Cases {
  readonly valid: readonly string[];
  readonly invalid: readonly string[];
}

/** All verified with k8s.io/apimachinery v0.33.13; addresses and ranges with Go's net/netip, too, which is stricter. */
const cases: [name: string, test: (text: string) => boolean, Cases][] = [
  [
    'isDns1123Label',
    isDns1123Label,
    {
      valid: ['a', '1a', '0', 'my-volume', 'a'.repeat(63)],
      invalid: ['', '-a', 'a-', 'A', 'a.b', 'a_b', 'a '.repeat(32)],
    },
  ],
  [
    'isDns1123Subdomain',
    isDns1123Subdomain,
    {
      valid: ['a', 'a.b', '1.2', 'my-secret.v1', `${'a'.repeat(100)}.b`, 'a'.repeat(253)],
      invalid: ['', '.', 'a.', '.a', 'a..b', 'a.-b', 'A.b', 'a_b', 'a/b', 'a'.repeat(254)],
    },
  ],
  [
    'isQualifiedName',
    isQualifiedName,
    {
      valid: ['a', 'A_b.c-d', 'example.com/team', 'a/b', `example.com/${'x'.repeat(63)}`, `${'a'.repeat(253)}/b`],
      invalid: [
        '',
        '/',
        'a/',
        '/a',
        'a/b/c',
        'Example.com/a',
        '-a',
        'a-',
        'a b',
        'x'.repeat(64),
        `${'a'.repeat(254)}/b`,
      ],
    },
  ],
  [
    'isLabelValue',
    isLabelValue,
    { valid: ['', 'a', 'A_b.c-1', '1', 'x'.repeat(63)], invalid: ['-', 'a-', '_a', 'a/b', 'a b', 'ä', 'x'.repeat(64)] },
  ],
  [
    'isIpAddress',
    isIpAddress,
    {
      valid: [
        '0.0.0.0',
        '10.0.0.1',
        '255.255.255.255',
        '::',
        '::1',
        '1::',
        'FE80::abc',
        '1:2:3:4:5:6:7:8',
        '1:2:3:4:5:6:7::',
      ].concat(['::ffff:10.0.0.1', '1:2:3:4:5:6:1.2.3.4', '0db8::0001']),
      invalid: [
        '',
        '10.0.0',
        '10.0.0.0.1',
        '010.0.0.1',
        '256.0.0.1',
        '1.2.3.4 ',
        ':',
        ':::',
        '1:2:3:4:5:6:7',
        '1::2::3',
      ].concat([
        '1:2:3:4:5:6:7:8:9',
        '1:2:3:4:5:6:7::8',
        '12345::',
        'g::',
        ':1:2:3:4:5:6:7',
        'fe80::1%eth0',
        '::1.2.3',
        '1.2.3.4::',
        '::1.2.3.04',
      ]),
    },
  ],
  [
    'isCidr',
    isCidr,
    {
      valid: ['10.0.0.0/8', '0.0.0.0/0', '10.1.2.3/32', '10.1.2.3/8', '::/0', 'fd00::/128', '2001:db8::/64'],
      invalid: [
        '',
        '/',
        '10.0.0.0',
        '10.0.0.0/',
        '/8',
        '10.0.0.0/33',
        '::/129',
        '10.0.0.0/08',
        '10.0.0.0/+8',
        '10.0.0.0/8/8',
      ].concat(['10.0.0/8', '010.0.0.0/8', '10.0.0.0/-1', 'fe80::%eth0/64', ' 10.0.0.0/8', '10.0.0.0/1e1']),
    },
  ],
];

describe.each(cases)('%s', (_, test, { valid, invalid }) => {
  it.each(valid)('accepts %j', (text) => {
    expect(test(text)).toBe(true);
  });

  it.each(invalid)('refuses %j', (text) => {
    expect(test(text)).toBe(false);
  });

  it('answers a long text at once', () => {
    for (const text of ['a', '-', 'a-', 'a.', '1', ':', '1:', 'a/']) expect(test(text.repeat(100_000))).toBe(false);
  });
});

describe('isIpAddress', () => {
  it('accepts what fast-check calls an address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        expect(isIpAddress(address)).toBe(true);
        expect(isCidr(`${address}/32`)).toBe(true);
      }),
    );
  });
});
