import type { Json } from '../lib/json.ts';
import { nameOf, type Change } from './change.ts';
import type { FieldChange } from './compare.ts';
import type { Hide } from './hide-secrets.ts';

const signs = { create: '+', update: '~', remove: '-' } as const;

/** Words that need no quotes. */
const PLAIN = /^[\w.:@%+/*-]+$/;

/** A value that says nothing. */
const NONE = 'none';

/** JSON that a terminal shows as it is: no character in it moves the cursor, or turns the direction of writing. */
function quoted(value: Json): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function valueText(value: Json | undefined, hide: Hide): string {
  if (value === undefined || value === null || value === '') return NONE;
  if (typeof value !== 'string') return hide(quoted(value));
  const shown = hide(value);
  return PLAIN.test(shown) && shown !== NONE ? shown : quoted(shown);
}

function fieldText({ name, from, to }: FieldChange, hide: Hide): string {
  if (from === undefined && to === undefined) return name;
  const after = valueText(to, hide);
  return from === undefined ? `${name} ${after}` : `${name} ${valueText(from, hide)} → ${after}`;
}

/** A change on one line, as `--dry-run` prints it: `~ share "/data": quota_bytes 10.00GiB → 21474836480`. Hides in its values. */
export function printChange({ kind, name, action, fields }: Change, hide: Hide): string {
  const line = `${signs[action]} ${nameOf(kind, name)}`;
  if (action === 'remove') return `${line} (prune)`;
  return fields.length === 0 || action === 'create'
    ? line
    : `${line}: ${fields.map((field) => fieldText(field, hide)).join(', ')}`;
}
