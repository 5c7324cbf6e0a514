import { decodeBase64 } from '../lib/hash.ts';
import { isList, isObject, textsAt, type Json, type JsonObject } from '../lib/json.ts';

/** What stands in place of a Secret's value. */
const HIDDEN = '<hidden>';

/** The fields of a Secret that hold values. */
const dataFields = ['data', 'stringData'];

/** kubectl's copy of a whole manifest, Secret data included. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Shorter values are words that occur anywhere: `admin`, `true`. */
const SHORTEST = 6;

/** Tells whether an object is a Secret, of whatever version it says that it is. */
export function isSecret(value: Json | undefined): value is JsonObject {
  return isObject(value) && value.kind === 'Secret';
}

/** The keys under which a Secret holds values. */
export function secretKeys(secret: JsonObject): readonly string[] {
  return [...new Set(dataFields.flatMap((field) => Object.keys(textsAt(secret, field))))].sort();
}

function hideField(secret: boolean, field: string, value: Json): Json {
  if (secret && dataFields.includes(field) && isObject(value)) {
    return Object.fromEntries(Object.keys(value).map((key) => [key, HIDDEN]));
  }
  return hideSecrets(value);
}

/** The same JSON with the values of every Secret in it hidden, however deep it lies. */
export function hideSecrets<T extends Json>(value: T): T;
export function hideSecrets(value: Json): Json {
  if (isList(value)) return value.map((item) => hideSecrets(item));
  if (!isObject(value)) return value;
  const secret = isSecret(value);
  const fields = Object.entries(value).flatMap(([field, content]) =>
    field === LAST_APPLIED || content === undefined ? [] : [[field, hideField(secret, field, content)] as const],
  );
  return Object.fromEntries(fields);
}

/** The same JSON with the Secrets in it left without their values. */
export function withoutSecretData<T extends Json>(value: T): T;
export function withoutSecretData(value: Json): Json {
  if (isList(value)) return value.map((item) => withoutSecretData(item));
  if (!isObject(value)) return value;
  const secret = isSecret(value);
  return Object.fromEntries(
    Object.entries(value).flatMap(([field, content]) =>
      content === undefined || (secret && dataFields.includes(field)) ? [] : [[field, withoutSecretData(content)]],
    ),
  );
}

/** The forms in which a message may quote a value: as it is, as JSON text, and line by line. */
function formsOf(value: string): readonly string[] {
  return [value, JSON.stringify(value).slice(1, -1), ...value.split('\n').map((line) => line.trim())];
}

/** A Secret that tells where the server is, which is no secret: its values occur everywhere. */
function isConnection(secret: JsonObject): boolean {
  return textsAt(secret, 'metadata', 'labels')['app.kubernetes.io/component'] === 'connection';
}

/** The values of a Secret but for names. */
function hiddenTexts(secret: JsonObject, field: string): readonly string[] {
  return Object.entries(textsAt(secret, field)).flatMap(([key, text]) => (key === 'username' ? [] : [text]));
}

/** Every value of every Secret in a JSON value, encoded and decoded. */
function secretValues(value: Json | undefined): readonly string[] {
  if (isList(value)) return value.flatMap(secretValues);
  if (!isObject(value)) return [];
  const own = isSecret(value) && !isConnection(value) ? dataFields.flatMap((field) => hiddenTexts(value, field)) : [];
  return [...own.flatMap((text) => [text, decodeBase64(text)]), ...Object.values(value).flatMap(secretValues)];
}

/** Takes Secrets' values out of a text. */
export type Redact = (text: string) => string;

/**
 * Makes what takes the values of the given Secrets out of messages: the API server, and so the provider's conditions,
 * may quote what they refuse.
 */
export function redactor(sources: readonly Json[]): Redact {
  const forms = new Set(sources.flatMap(secretValues).flatMap(formsOf));
  const hidden = [...forms].filter((form) => form.length >= SHORTEST).sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((result, form) => result.replaceAll(form, HIDDEN), text);
}
