import { expect, it } from 'vitest';
import { addressFlag } from '../../src/listen/address-flag.ts';

it('reads an address, or says what one looks like', () => {
  const read = addressFlag(8081);
  expect(read(':9090')).toEqual({ host: '', port: 9090 });
  expect(() => read('nowhere')).toThrow('It is not an address such as "0.0.0.0:8081" or "[::]:8081".');
});
