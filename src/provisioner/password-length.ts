import type { SecretFile } from '../api/provisioning.ts';

/** Bytes of a password: bcrypt takes no more, the server no fewer. */
const LEAST = 8;
const MOST = 72;

/** Whether the server takes a password of this length. */
export function hasPasswordLength(password: string): boolean {
  const bytes = Buffer.byteLength(password);
  return bytes >= LEAST && bytes <= MOST;
}

/** What is said of a password that the server would not take. */
export function wrongPasswordLength({ secret, key }: SecretFile): string {
  const where = `key ${JSON.stringify(key)} of Secret ${JSON.stringify(secret)}`;
  return `its password, ${where}, does not have ${LEAST} to ${MOST} bytes`;
}
