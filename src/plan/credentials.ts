import type { Spec } from '../api/v1alpha1/spec.ts';
import { isOurs, type Marks } from '../kubernetes/marks.ts';
import type { ObservedObject, ObservedObjects } from '../kubernetes/object.ts';
import { readSecret, type SecretKeyRef, type Secrets } from '../kubernetes/secret.ts';
import { decodeBase64, deriveSecret, encodeBase64 } from '../lib/hash.ts';
import { textsAt, type JsonObject } from '../lib/json.ts';
import type { Texts } from '../kubernetes/manifest.ts';
import type { Names } from './names.ts';

/** A Secret that is generated once and then never changes by itself. */
export interface GeneratedSecret {
  readonly name: string;
  /** Values in base64, by key: what was there before stays byte for byte. */
  readonly data: Texts;
}

/** One value that the server's pod needs from a Secret. */
export interface Credential {
  readonly ref: SecretKeyRef;
  /** Whether the server reads the generated Secret, and not one that the user brings. */
  readonly isGenerated: boolean;
  /** The generated Secret; undefined where the user brings one and none was generated before. */
  readonly generated: GeneratedSecret | undefined;
  /** The value that the server reads at its start; undefined where it cannot be read. */
  readonly value: string | undefined;
  /** Why the pod would not start, or not as wanted. */
  readonly missing: MissingSecret | undefined;
}

/** A Secret or key that is not there, or cannot be used. */
export interface MissingSecret {
  readonly reason: 'SecretNotFound' | 'SecretKeyMissing';
  readonly message: string;
}

/** The server's own minimum for the key that signs tokens. */
const SHORTEST_JWT_SECRET = 32;

/** What is needed to plan credentials. */
export interface CredentialContext {
  readonly names: Names;
  readonly marks: Marks;
  readonly secrets: Secrets;
  readonly observed: ObservedObjects;
  readonly entropy: Uint8Array;
}

/**
 * The data of a generated Secret: that of the live one, else that of the observed Object, else new. So it never changes
 * by itself, and a re-created DittoServer opens the data that it left.
 */
export function generate(
  name: string,
  componentKey: string,
  fresh: Texts,
  context: CredentialContext,
): GeneratedSecret {
  const { observed, marks } = context;
  const found = liveSecret(name, context);
  // Somebody else's Secret of that name is neither read nor copied.
  const live = found !== undefined && isOurs(found, marks) ? found : undefined;
  const object = observed.get(componentKey);
  // Where Crossplane reads no Secrets, the provider may have seen the live one; values that it hides are no texts.
  const seen = object?.live !== undefined && isOurs(object.live, marks) ? object.live : undefined;
  const known = [live, seen, object?.manifest]
    .map((secret) => textsAt(secret, 'data'))
    .find((data) => Object.keys(data).length > 0);
  return { name, data: known ?? inBase64(fresh) };
}

/** Whether a generated Secret was made: an Object of it may also stand for somebody else's Secret of that name. */
export function wasMade(object: ObservedObject | undefined, marks: Marks): boolean {
  return object !== undefined && (object.live === undefined || isOurs(object.live, marks));
}

function inBase64(data: Texts): Texts {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, encodeBase64(value)]));
}

function liveSecret(name: string, { secrets }: CredentialContext): JsonObject | undefined {
  return secrets === 'unsupported' ? undefined : secrets.get(name);
}

function plan(
  written: SecretKeyRef | undefined,
  generatedKey: string,
  componentKey: string,
  name: string,
  fresh: Texts,
  context: CredentialContext,
): Credential {
  const { secrets, observed, marks } = context;
  const isGenerated = written === undefined;
  // A Secret that was generated stays until the DittoServer goes, like the data that it opens.
  const made = wasMade(observed.get(componentKey), marks);
  const generated = written === undefined || made ? generate(name, componentKey, fresh, context) : undefined;
  const ref = written === undefined ? { name, key: generatedKey } : { name: written.name, key: written.key };
  const live = liveSecret(ref.name, context);
  if (written === undefined && (live === undefined || !isOurs(live, marks))) {
    const value = generated?.data[generatedKey];
    return {
      ref,
      isGenerated,
      generated,
      value: value === undefined ? undefined : decodeBase64(value),
      missing: undefined,
    };
  }
  const read = readSecret(secrets, ref);
  return {
    ref,
    isGenerated,
    generated,
    value: read.state === 'found' ? read.value : undefined,
    missing: read.state === 'missing' ? { reason: read.reason, message: read.message } : undefined,
  };
}

/** The key that signs tokens: 32 random bytes in base64url when generated, at least 32 characters otherwise. */
export function planJwt({ identity }: Spec, context: CredentialContext): Credential {
  const { names, entropy } = context;
  const fresh = { 'jwt-secret': deriveSecret(entropy, names.jwtSecret, 32) };
  const credential = plan(identity.jwt.secretRef, 'jwt-secret', 'jwt-secret', names.jwtSecret, fresh, context);
  const { value, ref } = credential;
  if (value === undefined || Buffer.byteLength(value) >= SHORTEST_JWT_SECRET) return credential;
  const message = `Secret ${JSON.stringify(ref.name)} has fewer than ${SHORTEST_JWT_SECRET} characters under key ${JSON.stringify(ref.key)}; the server does not start with such a key`;
  return { ...credential, value: undefined, missing: { reason: 'SecretKeyMissing', message } };
}

/** The administrator's first password: 18 random bytes in base64url when generated. */
export function planAdmin({ identity }: Spec, context: CredentialContext): Credential {
  const { names, entropy } = context;
  const fresh = { username: 'admin', password: deriveSecret(entropy, names.adminSecret, 18) };
  return plan(identity.admin.passwordSecretRef, 'password', 'admin-secret', names.adminSecret, fresh, context);
}

/** The names of the Secrets with the server's own credentials, generated ones included. */
export function credentialSecrets({ identity }: Spec, names: Names): readonly string[] {
  const { jwt, admin } = identity;
  return [jwt.secretRef?.name ?? names.jwtSecret, admin.passwordSecretRef?.name ?? names.adminSecret];
}

function absent(name: string, keys: readonly string[]): string {
  const all = keys.map((key) => JSON.stringify(key)).join(' and ');
  return `Secret ${JSON.stringify(name)} does not exist; it needs ${keys.length === 1 ? 'key' : 'keys'} ${all}`;
}

/** Those keys of Secrets that are not there; a Secret that is not there is told once, whatever is needed of it. */
export function missingKeys(refs: readonly SecretKeyRef[], secrets: Secrets): readonly MissingSecret[] {
  const names = [...new Set(refs.map(({ name }) => name))];
  return names.flatMap((name) => {
    const keys = [...new Set(refs.filter((ref) => ref.name === name).map(({ key }) => key))];
    const missing = keys
      .map((key) => readSecret(secrets, { name, key }))
      .flatMap((read) => (read.state === 'missing' ? [{ reason: read.reason, message: read.message }] : []));
    return missing[0]?.reason === 'SecretNotFound' ? [{ ...missing[0], message: absent(name, keys) }] : missing;
  });
}
