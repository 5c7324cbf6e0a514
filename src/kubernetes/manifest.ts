import type { JsonObject } from '../lib/json.ts';

/** Labels or annotations by key. */
export type Texts = Readonly<Record<string, string>>;

/** A Kubernetes manifest as a renderer writes it: only what is intended, never status or what the API server assigns. */
export interface Manifest extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    /** Absent for cluster-scoped kinds. */
    readonly namespace?: string;
    readonly labels: Texts;
    readonly annotations?: Texts;
  };
}

/** The metadata field for annotations, or none: an empty map would only be noise in the live object. */
export function annotated(annotations: Texts): { readonly annotations?: Texts } {
  return Object.keys(annotations).length === 0 ? {} : { annotations };
}
