/** Milliseconds between which a failed round is tried again. */
const LEAST = 1_000;
const MOST = 60_000;

/**
 * Milliseconds to wait after so many failures in a row: at random up to a bound that doubles, so that provisioners that lost
 * their servers together do not come back together. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoff(failures: number, random: () => number = Math.random): number {
  const bound = Math.min(MOST, LEAST * 2 ** Math.min(failures, 16));
  return LEAST + random() * (bound - LEAST);
}
