import { InvalidArgumentError } from 'commander';
import { parseAddress, type Address } from './address.ts';

/** A reader of a flag that takes an address; where it is given none, its message names addresses with `port`. */
export function addressFlag(port: number): (text: string) => Address {
  return (text) => {
    const parsed = parseAddress(text);
    if (parsed === undefined)
      throw new InvalidArgumentError(`It is not an address such as "0.0.0.0:${port}" or "[::]:${port}".`);
    return parsed;
  };
}
