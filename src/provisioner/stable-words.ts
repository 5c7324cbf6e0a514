import { cut } from '../lib/cut.ts';

/** Characters of a server's message that are reported. */
const LONGEST = 300;

/** What differs from one occurrence of an error to the next: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const varying: readonly (readonly [what: RegExp, instead: string])[] = [
  [/,? ?(?:RequestID|HostID|request id|host id): ?[^,\s]*/gi, ''],
  // The port that the client of a connection happened to get.
  [/\S+:\d+->/g, ''],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '…'],
  [/\b\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?/g, '…'],
  [/\s+/g, ' '],
];

/**
 * A server's message as it is reported: on one line, not too long, and the same for the same error.
 *
 * Numbers of requests in it would rewrite the status, and wake up Crossplane, in every round of an outage.
 */
export function stableWords(message: string): string {
  const words = varying.reduce((text, [what, instead]) => text.replace(what, instead), message);
  return cut(words.trim(), LONGEST);
}
