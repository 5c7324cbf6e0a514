import type { FieldChange } from './compare.ts';

/** What is provisioned. */
export const kinds = [
  'admin',
  'metadata store',
  'local block store',
  'remote block store',
  'group',
  'user',
  'share',
  'adapter',
] as const;
export type Kind = (typeof kinds)[number];

/** Something to be done to an object of the server. */
export interface Change {
  readonly kind: Kind;
  readonly name: string;
  readonly action: 'create' | 'update' | 'remove';
  readonly fields: readonly FieldChange[];
}

/** How an object is called in messages: `share "/export"`. */
export function nameOf(kind: Kind, name: string): string {
  return `${kind} ${JSON.stringify(name)}`;
}
