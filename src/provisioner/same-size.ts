/** The units in which the server writes sizes. https://github.com/marmos91/dittofs/blob/v0.29.0/internal/bytesize/bytesize.go */
const units = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
  ['TiB', 1024 ** 4],
]);

/**
 * Whether a number of bytes is what the server shows, such as `10.00GiB`; nothing shown is 0.
 *
 * The server shows two decimals only, so this is true for all sizes that would be shown alike: a note tells them apart.
 */
export function sameSize(bytes: number, shown: string): boolean {
  if (shown === '') return bytes === 0;
  const [, number = '', unitName = ''] = /^([\d.]+)([KMGT]?i?B)$/.exec(shown) ?? [];
  const unit = units.get(unitName);
  if (unit === undefined || bytes === 0) return false;
  // Half of the last decimal, and a bit for binary fractions.
  return Math.abs(bytes / unit - Number(number)) <= 0.005 + 1e-9;
}
