import type { Spec } from '../api/v1alpha1/spec.ts';
import { readSecret, type SecretKeyRef, type Secrets } from '../kubernetes/secret.ts';
import { encryptionFolder } from './container.ts';
import { missingKeys, type MissingSecret } from './credentials.ts';

/** The key files with which the server encrypts what it puts into remote stores, and what opens them. */
export interface EncryptionPlan {
  /** One key file for each store that encrypts, named after it. */
  readonly keys: readonly { readonly store: string; readonly ref: SecretKeyRef }[];
  /** The one passphrase that a server has; undefined where no store encrypts. */
  readonly passphrase: SecretKeyRef | undefined;
  /** What the server reads at its start; undefined where nothing is encrypted, or one of them cannot be read. */
  readonly values: readonly string[] | undefined;
  readonly missing: readonly MissingSecret[];
}

/** Where the server finds the key file of a store. */
export function keyFile(store: string): string {
  return `${encryptionFolder}/${store}`;
}

function refsOf({ blockStores }: Spec): readonly { store: string; key: SecretKeyRef; passphrase: SecretKeyRef }[] {
  return (blockStores?.remote ?? []).flatMap(({ name: store, s3 }) => {
    if (s3?.encryption === undefined) return [];
    const { keySecretRef, passphraseSecretRef } = s3.encryption;
    return [
      {
        store,
        key: { name: keySecretRef.name, key: keySecretRef.key },
        passphrase: { name: passphraseSecretRef.name, key: passphraseSecretRef.key },
      },
    ];
  });
}

/** Decides with what the server encrypts. */
export function planEncryption(spec: Spec, secrets: Secrets): EncryptionPlan {
  const refs = refsOf(spec);
  const passphrase = refs[0]?.passphrase;
  const all = [...(passphrase === undefined ? [] : [passphrase]), ...refs.map(({ key }) => key)];
  const read = all.map((ref) => readSecret(secrets, ref));
  const values = read.flatMap((one) => (one.state === 'found' ? [one.value] : []));
  return {
    keys: refs.map(({ store, key }) => ({ store, ref: key })),
    passphrase,
    values: refs.length > 0 && values.length === read.length ? values : undefined,
    missing: missingKeys(all, secrets),
  };
}

/** The names of the Secrets that encryption needs. */
export function encryptionSecrets(spec: Spec): readonly string[] {
  return refsOf(spec).flatMap(({ key, passphrase }) => [key.name, passphrase.name]);
}
