import { encodeBase64 } from '../lib/hash.ts';
import { defined, isObject, objectAt, textAt, type Json, type JsonObject } from '../lib/json.ts';
import { isSecret } from './hide-secrets.ts';
import type { Read } from './read-cluster.ts';
import type { SourceDocument } from './read-documents.ts';

const base64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

/** Fields of a Secret's data whose values are not what they have to be; the values themselves are never told. */
function badKeys(data: Json | undefined, isGood: (value: string) => boolean): readonly string[] {
  if (data === undefined || data === null) return [];
  if (!isObject(data)) return ['(all)'];
  return Object.entries(data)
    .filter(([, value]) => typeof value !== 'string' || !isGood(value))
    .map(([key]) => key);
}

/** The Secret as the API server keeps it: stringData wins over data, and is encoded. */
function stored(secret: JsonObject): JsonObject {
  const encoded = Object.entries(objectAt(secret, 'stringData') ?? {}).map(([key, value]): [string, string] => [
    key,
    encodeBase64(typeof value === 'string' ? value : ''),
  ]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: defined({ namespace: 'default', ...objectAt(secret, 'metadata') }),
    data: { ...objectAt(secret, 'data'), ...Object.fromEntries(encoded) },
  };
}

/** Reads what --required names: Secrets, with base64 `data` or plain `stringData`. */
export function readSecrets(documents: readonly SourceDocument[]): Read<readonly JsonObject[]> {
  const problems = documents.flatMap(({ source, value }) => {
    if (!isSecret(value) || value.apiVersion !== 'v1') {
      const kind = textAt(value, 'kind') ?? '(none)';
      return [`${source}: is not a Secret (kind ${kind}); --required takes Secrets, apiVersion v1`];
    }
    const name = JSON.stringify(textAt(value, 'metadata', 'name') ?? '');
    return [
      ...badKeys(value.data, (text) => base64.test(text)).map(
        (key) => `${source}: Secret ${name}: data.${key} is not base64; plain text goes into stringData`,
      ),
      ...badKeys(value.stringData, () => true).map(
        (key) => `${source}: Secret ${name}: stringData.${key} is not a text`,
      ),
    ];
  });
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: documents.map(({ value }) => stored(value)) };
}
