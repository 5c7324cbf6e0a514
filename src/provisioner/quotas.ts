import * as z from 'zod';
import type { DeclaredQuota, DeclaredShare } from '../api/provisioning.ts';
import type { JsonObject } from '../lib/json.ts';
import { differences, sameBytes } from './compare.ts';
import { sharePath } from './path.ts';
import type { Round } from './round.ts';
import { readAs } from './server-state.ts';

const Quotas = z.array(z.looseObject({ scope: z.string(), identity_id: z.number().optional() }).catchall(z.json()));

/** The sizes of quotas as they were applied, by the quota's key. */
type Sizes = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Whose quota it is, as it is noted: `user/2001`. */
function keyOf({ scope, id }: Pick<DeclaredQuota, 'scope' | 'id'>): string {
  return `${scope}/${id}`;
}

/** The sizes of the quotas that a share declares. */
export function quotaSizes({ quotas }: DeclaredShare): Sizes {
  return Object.fromEntries(
    quotas.map(({ limit_bytes, soft_bytes, ...quota }) => [keyOf(quota), { limit_bytes, soft_bytes }]),
  );
}

function quotaPath(share: string, key: string): string {
  return sharePath(share, 'quotas', ...key.split('/'));
}

/** The body of a quota: PUT replaces all of it. */
function bodyOf({ limit_bytes, soft_bytes, limit_files, soft_files, grace_seconds }: DeclaredQuota): JsonObject {
  return { limit_bytes: String(limit_bytes), soft_bytes: String(soft_bytes), limit_files, soft_files, grace_seconds };
}

async function put(
  round: Round,
  share: string,
  quota: DeclaredQuota,
  actual: JsonObject | undefined,
  applied: Readonly<Record<string, number>> | undefined,
): Promise<boolean> {
  const { scope, id, ...limits } = quota;
  const special = { limit_bytes: sameBytes(applied?.limit_bytes), soft_bytes: sameBytes(applied?.soft_bytes) };
  const changes = differences(limits, actual ?? {}, special);
  if (changes.length === 0 && actual !== undefined) return true;
  const who = `quota of ${scope} ${id}`;
  const fields =
    actual === undefined ? [{ name: who }] : changes.map((change) => ({ ...change, name: `${who} ${change.name}` }));
  const answer = await round.change(
    { kind: 'share', name: share, action: 'update', fields },
    { method: 'PUT', path: quotaPath(share, keyOf(quota)), body: bodyOf(quota) },
  );
  if (!answer.ok) round.problem('share', share, `the ${who} cannot be set: ${answer.reason}`);
  return answer.ok;
}

async function takeBack(round: Round, share: string, key: string): Promise<boolean> {
  const who = `quota of ${key.replace('/', ' ')}`;
  const answer = await round.change(
    { kind: 'share', name: share, action: 'update', fields: [{ name: who, to: null }] },
    { method: 'DELETE', path: quotaPath(share, key) },
  );
  if (!answer.ok) round.problem('share', share, `the ${who} cannot be taken back: ${answer.reason}`);
  return answer.ok;
}

/**
 * Sets the declared quotas, and takes back those of `noted` that are no longer declared; resolves with what is to be noted.
 *
 * `applied` has the sizes that were sent last, as far as they are known.
 */
export async function convergeQuotas(
  round: Round,
  share: DeclaredShare,
  noted: Sizes,
  applied: Sizes,
): Promise<Record<string, Record<string, number>>> {
  const keys = Object.keys(noted);
  if (keys.length === 0) return {};
  const read = await readAs(round.send, sharePath(share.name, 'quotas'), Quotas);
  if (!read.ok && read.status !== 404) {
    round.problem('share', share.name, `its quotas cannot be read: ${read.reason}`);
    return copyOf(noted);
  }
  const actual = new Map(
    (read.ok ? read.value : []).map((quota) => [`${quota.scope}/${quota.identity_id ?? ''}`, quota]),
  );
  const next: [string, Record<string, number>][] = [];
  for (const key of keys.filter((one) => !share.quotas.some((quota) => keyOf(quota) === one))) {
    if (actual.has(key) && !(await takeBack(round, share.name, key))) next.push([key, {}]);
  }
  for (const quota of share.quotas) {
    const key = keyOf(quota);
    const { limit_bytes, soft_bytes } = quota;
    const isSet = await put(round, share.name, quota, actual.get(key), applied[key]);
    next.push([key, isSet ? { limit_bytes, soft_bytes } : {}]);
  }
  return Object.fromEntries(next);
}

function copyOf(sizes: Sizes): Record<string, Record<string, number>> {
  return Object.fromEntries(Object.entries(sizes).map(([key, of]) => [key, { ...of }]));
}
