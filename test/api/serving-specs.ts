import type { Json } from '../../src/lib/json.ts';

/* Parts of specs, and words of messages, that the cases of stores, people and shares have in common. */

export type Fields = Readonly<Record<string, Json>>;

export const notStore = 'is not the name of a store such as "fast-1": lower-case letters, digits and -';
export const notQuantity = 'is not a quantity such as "10Gi"';
export const notSecret = 'is not the name of a Secret such as "my-secret"';
export const notUser = 'is not a name such as "alice": lower-case letters, digits, _ and -';
export const passwordSecretRef = { name: 'people', key: 'password' };
export const address = { host: 'postgres.example.com', database: 'names', user: 'names', passwordSecretRef };
export const credentialsSecretRef = { name: 's3' };
export const s3 = { bucket: 'files', endpoint: 'https://s3.example.com', credentialsSecretRef };

/** A spec with one share of these fields beside its name. */
export function share(fields: Fields, others: Fields = {}): Fields {
  return { ...others, shares: [{ name: '/export', ...fields }] };
}

export function metadataStore(fields: Fields): Fields {
  return { metadataStores: [{ name: 'main', ...fields }] };
}

export function remoteStore(fields: Fields): Fields {
  return { blockStores: { remote: [{ name: 's3', ...fields }] } };
}
