import { decodeBase64 } from '../lib/hash.ts';
import { textAt, type JsonObject } from '../lib/json.ts';

/**
 * The Secrets that were read for this call, by name; undefined behind a name: it does not exist.
 *
 * unsupported: this Crossplane reads none for functions, or does not say that it does (before v2.2), so nothing is
 * judged missing.
 */
export type Secrets = 'unsupported' | ReadonlyMap<string, JsonObject | undefined>;

/** A key of a Secret that something needs. */
export interface SecretKeyRef {
  readonly name: string;
  readonly key: string;
}

/** The value behind a key of a Secret, or why there is none; unread where this Crossplane reads no Secrets. */
export type SecretValue =
  | { readonly state: 'found'; readonly value: string }
  | { readonly state: 'unread' }
  | { readonly state: 'missing'; readonly reason: 'SecretNotFound' | 'SecretKeyMissing'; readonly message: string };

/** Reads a key of a Secret. An empty value counts as missing. */
export function readSecret(secrets: Secrets, { name, key }: SecretKeyRef): SecretValue {
  if (secrets === 'unsupported') return { state: 'unread' };
  const secret = secrets.get(name);
  if (secret === undefined) {
    return {
      state: 'missing',
      reason: 'SecretNotFound',
      message: `Secret ${JSON.stringify(name)} does not exist; it needs key ${JSON.stringify(key)}`,
    };
  }
  const value = decodeBase64(textAt(secret, 'data', key) ?? '');
  if (value !== '') return { state: 'found', value };
  return {
    state: 'missing',
    reason: 'SecretKeyMissing',
    message: `Secret ${JSON.stringify(name)} has no value under key ${JSON.stringify(key)}`,
  };
}
