import { randomBytes, scryptSync } from 'node:crypto';
import { sha256 } from '../lib/hash.ts';

/** Tells whether a secret is the one that was applied, without keeping it. */
export interface Sealer {
  /** A new salt. */
  readonly salt: () => string;
  readonly seal: (secret: string, salt: string) => string;
}

/**
 * Seals secrets with scrypt under a salt of their own, because whoever may read the notes must not be able to try out
 * passwords on them cheaply, and because a key that hangs on another secret would change all seals with it.
 *
 * A seal costs about 50 ms, so each is computed once in the life of the process.
 */
export function createSealer(): Sealer {
  const seals = new Map<string, string>();
  return {
    salt: () => randomBytes(16).toString('base64url'),
    seal: (secret, salt) => {
      const key = sha256(JSON.stringify([salt, secret]));
      const known = seals.get(key) ?? scryptSync(secret, salt, 32).toString('base64url');
      seals.set(key, known);
      return known;
    },
  };
}
