/** A length of time as Go programs read it: what the user wrote, and what it amounts to. */
export interface Duration {
  /** The text as it was written, for messages and for passing on. */
  readonly text: string;
  /** The length in nanoseconds; within int64, and possibly negative. */
  readonly nanos: bigint;
}

/** Nanoseconds per unit; `µ` is written in two ways, U+00B5 and U+03BC. */
const units = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

/** One term, such as `1.5h`; the unit ends where the next number begins. */
const term = /(?=\.?\d)(\d*)(?:\.(\d*))?([^\d.]+)/y;

/** 2^63: the magnitude that int64 reaches below zero, and just misses above. */
const limit = 2n ** 63n;

/**
 * Reads a Go duration such as `1h30m`, `1.5s` or `-2ms`; undefined if the text is none, or does not fit in int64.
 *
 * The value is the one that time.ParseDuration finds, to the nanosecond, because DittoFS reads the same text with it. So
 * there is no unit above the hour (`1d` is refused), and a bare number is refused unless it is `0`.
 *
 * @see https://pkg.go.dev/time#ParseDuration
 */
export function parseDuration(text: string): Duration | undefined {
  const [, sign, terms = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const magnitude = terms === '0' ? 0n : sumOfTerms(terms);
  if (magnitude === undefined) return undefined;

  const nanos = sign === '-' ? -magnitude : magnitude;
  return nanos < limit ? { text, nanos } : undefined;
}

/**
 * The duration in whole seconds, rounded up: what Kubernetes fields such as `terminationGracePeriodSeconds` take.
 *
 * Up, because a grace period must not end before the time that was asked for.
 */
export function wholeSeconds({ nanos }: Duration): number {
  const second = 1_000_000_000n;
  const down = nanos / second; // towards zero, which for a negative duration is up
  return Number(nanos % second > 0n ? down + 1n : down);
}

function sumOfTerms(terms: string): bigint | undefined {
  let sum = 0n;
  let read = 0;
  while (read < terms.length || read === 0) {
    term.lastIndex = read;
    const [matched = '', whole = '', fraction = '', unitName = ''] = term.exec(terms) ?? [];
    const unit = units.get(unitName);
    if (unit === undefined) return undefined;

    sum += BigInt(whole) * unit + fractionOf(unit, fraction);
    if (sum > limit) return undefined;
    read += matched.length;
  }
  return sum;
}

/**
 * The nanoseconds in `0.<digits>` of a unit, rounded towards zero.
 *
 * In floating point on purpose: Go computes it so, and exact arithmetic would differ from it in the last nanosecond. Digits
 * that no longer fit in int64 are dropped, as Go does.
 */
function fractionOf(unit: bigint, digits: string): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (next > limit || value > (limit - 1n) / 10n) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}
