import type { JsonObject } from '../lib/json.ts';
import type { Health } from '../kubernetes/health.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { ObjectReadiness, ObservedObject } from '../kubernetes/object.ts';

/**
 * Who owns the life of a composed resource.
 *
 * - owned: made, updated and deleted with the DittoServer.
 * - observed: somebody else's; only read.
 * - data: holds what users cannot lose, or opens it. It is made once, never taken over from somebody else, and deleted
 *   with the DittoServer only if its `fate` says so.
 */
export type Life =
  | { readonly kind: 'owned' }
  | { readonly kind: 'observed' }
  | {
      readonly kind: 'data';
      /** What happens to the live object when the DittoServer is deleted. */
      readonly fate: 'kept' | 'deleted';
      /** never: what was made once is not changed, as a generated Secret. */
      readonly changes: 'updated' | 'never';
      /**
       * Whether the live object holds data by now. Kept data is not made again once it did: a lost volume is reported,
       * not replaced by an empty one.
       */
      readonly settled?: (live: JsonObject) => boolean;
      /** What becomes of it when the plan no longer wants it: it stays until the DittoServer goes, unless it may go now. */
      readonly unwanted?: 'goes';
      /** Finalizers with which the live object's own operator deletes more than the object: only where all is to go. */
      readonly deletingFinalizers?: readonly string[];
    };

/** Made, updated and deleted with the DittoServer. */
export const owned: Life = { kind: 'owned' };

/**
 * One composed resource, all of it in one place: what it looks like, when it is healthy, what it waits for, and who
 * owns its life. The engine (compose.ts) keeps the data rules for all of them.
 */
export interface Component<Plan, Key extends string = string> {
  /** The resource's key in the composition: permanent, because a renamed key is a deleted and re-created resource. */
  readonly key: Key;
  /** The manifest, or undefined where the plan does not want one. */
  readonly render: (plan: Plan) => Manifest | undefined;
  /** How the resource is, from what is observed of it. */
  readonly assess: (observed: ObservedObject, plan: Plan) => Health;
  readonly life: (plan: Plan) => Life;
  /**
   * Resources that this one reads or mounts. It is not made, and not changed, before each of them is there, belongs to
   * this DittoServer, and (apart from data) carries what is wanted now.
   */
  readonly uses?: (plan: Plan) => readonly Key[];
  /**
   * Resources that have to be healthy before this one is made or changed. A resource that uses them already names none:
   * creation may be held back, existence never.
   */
  readonly after?: (plan: Plan) => readonly Key[];
  /**
   * Resources without which it never gets healthy: while one of them needs a person, so does this one. It is made and
   * changed without them.
   */
  readonly relies?: (plan: Plan) => readonly Key[];
  /** Why it cannot be made or changed now, for example a Secret that is missing: a health that is not ready. */
  readonly obstacle?: (plan: Plan) => Health | undefined;
  /** Fields that still follow the plan while the rest of an existing resource is held as it is. */
  readonly steered?: readonly (readonly string[])[];
  /** When the provider calls the Object ready, and so how often it looks. */
  readonly readiness?: (plan: Plan) => ObjectReadiness;
  /** Whether the provider follows the live object: where we report its state. */
  readonly watch?: boolean;
}
