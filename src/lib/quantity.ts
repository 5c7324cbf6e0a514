/** An amount of CPU, memory or storage: what the user wrote, and what it amounts to. */
export interface Quantity {
  /** The text as it was written, for messages and for passing on. */
  readonly text: string;
  /** The amount in billionths (of a core, of a byte), exact: the finest step that Kubernetes knows. */
  readonly nanos: bigint;
}

/** Sign, whole digits, fraction digits, then one of the three kinds of suffix; at least one digit in all. */
const grammar = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/;

const binaryUnits = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalUnits = new Map(Object.entries({ n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }));

/** apimachinery caps binary quantities here, and only those: 2^63-1, in nanos. */
const largestBinary = (2n ** 63n - 1n) * 10n ** 9n;

/** Beyond these nobody means it, and the arithmetic (apimachinery's, too) would eat time and memory. */
const longestText = 1000;
const largestExponent = 999;

/**
 * Reads a Kubernetes quantity such as `10Gi`, `500m` or `1e3`; undefined if the text is none.
 *
 * The value is the one that apimachinery's ParseQuantity finds: exact, what is finer than a billionth rounded away from
 * zero, binary quantities capped at 2^63-1. Two differences, both stricter: a number needs a digit, as the documented
 * grammar says (ParseQuantity takes `Gi` and `-` for 0), and exponents beyond ±999 (which it wraps at 32 bits, or hangs
 * on) and texts longer than 1000 characters are refused.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity(text: string): Quantity | undefined {
  const match = text.length > longestText ? null : grammar.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', binaryUnit, decimalUnit, exponent] = match;

  const power = decimalUnit === undefined ? Number(exponent ?? 0) : (decimalUnits.get(decimalUnit) ?? 0);
  if (Math.abs(power) > largestExponent) return undefined;

  const factor = binaryUnit === undefined ? 1n : 1024n ** BigInt(binaryUnits.indexOf(binaryUnit) + 1);
  const exact = timesPowerOfTen(BigInt(whole + fraction) * factor, 9 + power - fraction.length);
  const magnitude = binaryUnit !== undefined && exact > largestBinary ? largestBinary : exact;
  return { text, nanos: sign === '-' ? -magnitude : magnitude };
}

/**
 * Reads a quantity from JSON or YAML, where it may also be a bare number (`cpu: 2`), as Kubernetes does.
 *
 * @see parseQuantity
 */
export function readQuantity(value: unknown): Quantity | undefined {
  if (typeof value === 'string') return parseQuantity(value);
  return typeof value === 'number' ? parseQuantity(String(value)) : undefined;
}

/**
 * Orders two quantities by amount, however they are written: -1 if `a` is less than `b`, 0 if equal, 1 if more.
 *
 * `1Gi` and `1024Mi` are equal, so a volume is not resized because somebody rewrote its size.
 */
export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  if (a.nanos === b.nanos) return 0;
  return a.nanos < b.nanos ? -1 : 1;
}

/** A quantity in whole units (bytes of a size), rounded up; what a number cannot hold exactly is cut. */
export function wholeUnits({ nanos }: Quantity): number {
  const units = (nanos + 999_999_999n) / 1_000_000_000n;
  return Number(units > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : units);
}

/** `value` × 10^`power`, rounded up. */
function timesPowerOfTen(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}
