import { Cron } from 'croner';

const shorthands = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/;

/** What other dialects know and this one does not: the last day, the nearest weekday, the nth one, Sunday as 7 or at the end of a range. */
const otherDialects = /[#+]|(^|[^A-Z])[LW]($|[^A-Z])|LW|(^|[ ,-])7[^ ]*$|-SUN/i;

/**
 * Whether a text is a cron expression of five fields, or a shorthand such as `@daily`, as Percona's operator reads it.
 *
 * @see https://pkg.go.dev/github.com/robfig/cron/v3#ParseStandard
 */
export function isCron(text: string): boolean {
  if (shorthands.test(text)) return true;
  if (otherDialects.test(text)) return false;
  try {
    return new Cron(text, { paused: true, mode: '5-part' }).getPattern() === text;
  } catch {
    return false;
  }
}
