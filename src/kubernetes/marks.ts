import { listAt, textAt, textsAt, type JsonObject } from '../lib/json.ts';
import type { Texts } from './manifest.ts';

/** By which marks a live object is recognised as belonging to an owner. */
export interface Marks {
  /** Sets of labels of which one is carried in full. */
  readonly labelSets: readonly Texts[];
  /** The owner whom the object may name instead. */
  readonly owner: { readonly kind: string; readonly name: string };
}

/** Tells whether an object names the owner as its own, so that Kubernetes deletes it with that. */
export function namesOwner(object: JsonObject, { owner }: Marks): boolean {
  return listAt(object, 'metadata', 'ownerReferences').some(
    (reference) => textAt(reference, 'kind') === owner.kind && textAt(reference, 'name') === owner.name,
  );
}

/** Tells whether an object carries one of the marks. */
export function isOurs(object: JsonObject, marks: Marks): boolean {
  const labels = textsAt(object, 'metadata', 'labels');
  return (
    marks.labelSets.some((set) => Object.entries(set).every(([key, value]) => labels[key] === value)) ||
    namesOwner(object, marks)
  );
}
