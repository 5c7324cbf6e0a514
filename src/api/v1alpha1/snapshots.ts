import * as z from 'zod';
import { distinct, durationsBetween, text } from './fields.ts';
import { matching, pattern, withRules } from './rule.ts';

const shorthand = pattern('^@(hourly|daily|weekly)$');

/** Ten years: longer than anybody means. */
const LONGEST = '87600h';

const intervals = durationsBetween('1s', LONGEST);
const lives = durationsBetween('0s', LONGEST);

const interval = () =>
  withRules(text(32), [
    {
      cel: `${shorthand.cel()} || ${intervals.cel}`,
      says: 'is neither @hourly, @daily or @weekly nor a duration such as "6h"',
      holds: (written) => shorthand.test(written) || intervals.read(written) !== undefined,
    },
  ]);

const ttl = () =>
  withRules(z.string().max(32), [
    {
      cel: `self in ['', '0'] || ${lives.cel}`,
      says: `is not a duration up to ${LONGEST} such as "720h"`,
      holds: (written) => ['', '0'].includes(written) || lives.read(written) !== undefined,
    },
  ]);

const fields = {
  interval: interval().meta({ description: 'How often: @hourly, @daily, @weekly, or a duration.' }),
  keepLast: z.int().min(0).max(1_000_000).default(0).meta({
    description: 'How many snapshots are kept; 0 is no limit.',
  }),
  ttl: ttl()
    .default('')
    .meta({ description: 'How long a snapshot is kept; forever when left out.', typeName: 'duration' }),
  enabled: z.boolean().default(true).meta({ description: 'false: no more are made, and those that exist stay.' }),
  namePrefix: withRules(z.string().max(64), [
    matching('^[A-Za-z0-9_-]*$', 'is not the beginning of a name such as "nightly-": letters, digits, _ and -'),
  ])
    .default('')
    .meta({ description: 'What the names of snapshots begin with.' }),
};

/** When snapshots of a share are made, and how long they are kept. */
export const SnapshotPolicy = z.strictObject(fields);

/** Snapshot policies as the Go operator has them, each with the name of its share. */
export const SnapshotPolicies = distinct(
  z
    .array(
      z.strictObject({
        share: text(255).meta({
          description: 'Name of the share, with or without its slash; it may be one that was made by hand.',
        }),
        ...fields,
      }),
    )
    .max(256),
  'share',
);

/** The name of a share with its one slash, as the server has it. */
export function shareNamed(written: string): string {
  return `/${written.replace(/^\/+/, '')}`;
}
