import { cut } from '../lib/cut.ts';
import { textAt, type JsonObject } from '../lib/json.ts';
import type { ObservedObject } from '../kubernetes/object.ts';

/** Something that stands in the way of a composed resource, in the words of the API server or the provider. */
export interface Blocked {
  readonly kind: string;
  readonly name: string;
  /** One word: NameTaken, ProviderPermissionDenied, … */
  readonly reason: string;
  readonly message: string;
}

/** The longest message that status.blocked holds. */
const LONGEST = 1024;

/** What messages of provider-kubernetes mean, by the part that does not vary (facts of v1.2 and v1.3). */
const reasons: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/no matches for kind/, 'KindNotInstalled'],
  [/cannot get provider config/, 'ProviderConfigMissing'],
  [/because it is being terminated/, 'NamespaceTerminating'],
  [/exceeded quota/, 'QuotaExceeded'],
  [/admission webhook .* denied/, 'AdmissionDenied'],
  [/is forbidden: User/, 'ProviderPermissionDenied'],
  [/field not declared in schema/, 'UnknownField'],
  [/is invalid:|Forbidden:|Invalid value/, 'Invalid'],
];

/** Failures that pass by themselves on the next try; to report them would only make conditions flap. */
const transient =
  /the object has been modified|please apply your changes to the latest version|connection refused|request timed out|deadline exceeded|too many requests|the server is currently unable/i;

/** A message for status and conditions: bounded, so that it never makes the status invalid. */
export function bounded(message: string): string {
  return cut(message, LONGEST);
}

/** What keeps the provider from observing or applying an Object, if anything does. */
export function blockedBy({ manifest, synced }: ObservedObject): Blocked | undefined {
  if (synced?.status !== 'False' || synced.reason === 'ReconcilePaused' || transient.test(synced.message))
    return undefined;
  const reason = reasons.find(([pattern]) => pattern.test(synced.message))?.[1] ?? 'ApplyFailed';
  return blocked(manifest, reason, synced.message === '' ? 'the provider gives no reason' : synced.message);
}

/** An object that stands in the way. */
export function blocked(manifest: JsonObject, reason: string, message: string): Blocked {
  return {
    kind: readText(manifest, 'kind'),
    name: readText(manifest, 'metadata', 'name'),
    reason,
    message: bounded(message),
  };
}

function readText(manifest: JsonObject, ...path: readonly string[]): string {
  return textAt(manifest, ...path) ?? 'unknown';
}
