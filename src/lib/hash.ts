import { createHash, createHmac } from 'node:crypto';

/** The SHA-256 of a text in lower-case hexadecimal: 64 characters. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Secret text made from entropy: base64url, without padding, of `bytes` bytes (at most 32).
 *
 * The label keeps secrets that are made from the same entropy independent of each other.
 */
export function deriveSecret(entropy: Uint8Array, label: string, bytes: number): string {
  return createHmac('sha256', entropy).update(label).digest().subarray(0, bytes).toString('base64url');
}

/** Text as base64, the form of a Kubernetes Secret's `data`. */
export function encodeBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** The text behind a base64 value; bytes that are not base64 are passed over, as the standard decoder does. */
export function decodeBase64(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
