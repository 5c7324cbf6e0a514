import type { Json } from '../lib/json.ts';
import { nameOf, type Change } from './change.ts';
import type { FieldChange } from './compare.ts';

const signs = { create: '+', update: '~', remove: '-' } as const;

function valueText(value: Json | undefined): string {
  if (value === undefined || value === null || value === '') return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function fieldText({ name, from, to }: FieldChange): string {
  if (from === undefined && to === undefined) return name;
  return from === undefined ? `${name} ${valueText(to)}` : `${name} ${valueText(from)} → ${valueText(to)}`;
}

/** A change on one line, as `--dry-run` prints it: `~ share "/data": quota_bytes 10.00GiB → 21474836480`. */
export function printChange({ kind, name, action, fields }: Change): string {
  const line = `${signs[action]} ${nameOf(kind, name)}`;
  if (action === 'remove') return `${line} (prune)`;
  return fields.length === 0 || action === 'create' ? line : `${line}: ${fields.map(fieldText).join(', ')}`;
}
