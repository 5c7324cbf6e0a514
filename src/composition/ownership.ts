import { isOurs, type Marks } from '../kubernetes/marks.ts';
import type { ManagementPolicy, ObservedObject } from '../kubernetes/object.ts';
import { listAt, textAt, withValue, type JsonObject } from '../lib/json.ts';
import type { Life } from './component.ts';

/** With what a data Object starts: nobody else's object is changed or deleted, whatever bears its name. */
const untilProven: readonly ManagementPolicy[] = ['Observe', 'Create'];

/**
 * What the provider may do with the live object of a component.
 *
 * A data Object gets Update and Delete only once the live object is proven ours. Kept data that has settled loses
 * Create for good: its state is read back from the Object's own policies, because a lost volume leaves no other trace.
 */
export function policiesFor(
  life: Life,
  observed: ObservedObject | undefined,
  marks: Marks,
): readonly ManagementPolicy[] {
  if (life.kind === 'owned') return ['*'];
  if (life.kind === 'observed') return ['Observe'];

  const before = observed?.managementPolicies ?? [];
  // An Object on its way out uses the right to delete at once, whatever the spec says by now.
  if (observed?.deleting === true) return withoutDelete(before);
  const wasSettled = observed !== undefined && !before.includes('Create') && !before.includes('*');
  const live = observed?.live;
  const proven = live === undefined ? wasSettled || before.includes('*') : isOurs(live, marks);
  if (!proven) return wasSettled && life.fate === 'kept' ? ['Observe'] : untilProven;

  if (life.changes === 'never') return life.fate === 'kept' ? untilProven : ['Observe', 'Create', 'Delete'];
  if (life.fate === 'deleted') return ['*'];
  if (life.settled === undefined) return ['Observe', 'Create', 'Update'];
  const settled = wasSettled || (live !== undefined && life.settled(live));
  return settled ? ['Observe', 'Update'] : untilProven;
}

/**
 * The manifest of data that may be updated but not made: bound to the one live object by its uid.
 *
 * Without it the update itself would make what is gone, because a server-side apply creates; with it the API server
 * refuses. Where no uid is known yet, the Object may only be observed.
 */
export function boundToLive(
  manifest: JsonObject,
  policies: readonly ManagementPolicy[],
  observed: ObservedObject | undefined,
): { readonly manifest: JsonObject; readonly policies: readonly ManagementPolicy[] } {
  if (!policies.includes('Update') || policies.includes('Create')) return { manifest, policies };
  const uid = textAt(observed?.live, 'metadata', 'uid') ?? textAt(observed?.manifest, 'metadata', 'uid');
  if (uid === undefined) return { manifest, policies: ['Observe'] };
  return { manifest: withValue(manifest, ['metadata', 'uid'], uid), policies };
}

/** The same policies without the right to delete: keeping is done before letting go. */
export function withoutDelete(policies: readonly string[]): readonly ManagementPolicy[] {
  if (!policies.includes('*')) {
    const kept = (['Observe', 'Create', 'Update'] as const).filter((policy) => policies.includes(policy));
    return kept.length > 0 ? kept : ['Observe'];
  }
  return ['Observe', 'Create', 'Update'];
}

/** The manifest with the finalizers that belong to its fate, and no others: we set none but these. */
export function withFinalizers(manifest: JsonObject, life: Life): JsonObject {
  const finalizers = life.kind === 'data' && life.fate === 'deleted' ? life.deletingFinalizers : undefined;
  return withValue(manifest, ['metadata', 'finalizers'], finalizers);
}

/** Tells whether an object carries finalizers with which its operator would delete what is to be kept. */
export function holdsDeletingFinalizers(object: JsonObject | undefined, life: Life): boolean {
  const deleting = life.kind === 'data' ? (life.deletingFinalizers ?? []) : [];
  return listAt(object, 'metadata', 'finalizers').some((one) => deleting.some((finalizer) => finalizer === one));
}

/** Tells whether the provider would delete the live object together with the Object. */
export function mayDelete(policies: readonly string[]): boolean {
  return policies.length === 0 || policies.includes('*') || policies.includes('Delete');
}
