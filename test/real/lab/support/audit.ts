import { readFileSync, statSync } from 'node:fs';
import { isObject, numberAt, textAt, type JsonObject } from '../../../../src/lib/json.ts';

/** One write that the API server has carried out. */
export interface Write {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** The API server's record of writes. */
export interface Audit {
  /** What was written since the last call of `since`, or since the beginning; refused and dry-run writes left out. */
  readonly since: () => readonly Write[];
}

function isDryRun(entry: JsonObject): boolean {
  return (textAt(entry, 'requestURI') ?? '').includes('dryRun=All');
}

/** Reads an audit log from its present end on. */
export function auditFrom(path: string): Audit {
  let read = statSync(path).size;
  return {
    since: () => {
      const bytes = readFileSync(path);
      const lines = bytes.subarray(read).toString().split('\n');
      // The last line may not be written to its end yet.
      const rest = Buffer.byteLength(lines.pop() ?? '');
      read = bytes.length - rest;
      return lines
        .map((line): unknown => JSON.parse(line))
        .filter(isObject)
        .filter((entry) => (numberAt(entry, 'responseStatus', 'code') ?? 0) < 300 && !isDryRun(entry))
        .map((entry) => ({
          user: textAt(entry, 'user', 'username') ?? '',
          verb: textAt(entry, 'verb') ?? '',
          resource: textAt(entry, 'objectRef', 'resource') ?? '',
          subresource: textAt(entry, 'objectRef', 'subresource'),
          namespace: textAt(entry, 'objectRef', 'namespace'),
          name: textAt(entry, 'objectRef', 'name'),
        }));
    },
  };
}
