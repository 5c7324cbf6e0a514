import type { DeclaredShare } from '../api/provisioning.ts';
import type { JsonObject } from '../lib/json.ts';
import { isUndone } from './answer.ts';
import { make } from './attempts.ts';
import { actualBindings, declaredBindings, differingBindings, formerBindings, mixedRemotes } from './bindings.ts';
import { nameOf } from './change.ts';
import { changed, differences, sameBytes, sameDuration, type FieldChange, type Same } from './compare.ts';
import { convergeExport } from './export-options.ts';
import { inTurns } from './in-turns.ts';
import type { Note } from './notes.ts';
import { path, sharePath } from './path.ts';
import { convergePermissions, permissionKeys } from './permissions.ts';
import { placesOf } from './places.ts';
import { convergeQuotas, quotaSizes } from './quotas.ts';
import { changeFor, putNote, type Round } from './round.ts';
import { ServerShares, type ServerShare } from './server-state.ts';
import type { Unlike } from './stores.ts';

/** Fields of a share that are sizes: sent in bytes, shown with two decimals. */
const sizeFields = ['quota_bytes', 'local_store_size', 'read_buffer_size'];

/** Fields that a running server takes up only when it starts again. https://github.com/marmos91/dittofs/blob/v0.29.0/internal/controlplane/api/handlers/shares.go */
const restartFields = [
  'local_store_size',
  'read_buffer_size',
  'encrypt_data',
  'blocked_operations',
  'acl_flag_inherited_canonicalization',
  'access_based_enumeration',
  'change_notify_disabled',
  'streams_disabled',
  'continuous_availability',
  'allow_mfsymlink',
];

/** What is known of the stores when shares are made. */
export interface StoresForShares {
  readonly metadata: Unlike;
  readonly local: Unlike;
  readonly remote: Unlike;
  /** Remote block stores that gave no answer when a share was made in them: the next one would wait as long. */
  readonly silent: Set<string>;
}

function sizesOf({ settings }: DeclaredShare): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(settings).filter(
      (entry): entry is [string, number] => sizeFields.includes(entry[0]) && typeof entry[1] === 'number',
    ),
  );
}

/** Settings as the API takes them: sizes are texts. */
function sendable(settings: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      sizeFields.includes(name) && typeof value === 'number' ? `${value}` : value,
    ]),
  );
}

/** What a share that is to be made has to wait for; undefined where nothing. */
function missingFor(round: Round, share: DeclaredShare, stores: StoresForShares): string | undefined {
  const { metadataStores, localBlockStores, remoteBlockStores, users } = round.server;
  const { metadata_store, local_block_store, remote_block_store, owner } = share;
  const needs = [
    ['metadata store', metadata_store, metadataStores, stores.metadata],
    ['local block store', local_block_store, localBlockStores, stores.local],
    ['remote block store', remote_block_store, remoteBlockStores, stores.remote],
    ['user', owner, users, new Set<string>()],
  ] as const;
  for (const [kind, name, present, unlike] of needs) {
    if (name === undefined) continue;
    if (!present.has(name)) return `needs ${nameOf(kind, name)}, which is not there yet`;
    if (unlike.has(name)) return `needs ${nameOf(kind, name)}, which is not as it is declared`;
  }
  if (remote_block_store !== undefined && stores.silent.has(remote_block_store))
    return `needs ${nameOf('remote block store', remote_block_store)}, which did not answer`;
  return undefined;
}

/** The share in the answer to its making; in a dry run, as it would be. */
function madeShare(share: DeclaredShare, body: unknown): ServerShare {
  const [made] = ServerShares.safeParse([body]).data ?? [];
  return (
    made ?? {
      id: '',
      name: share.name,
      metadata_store_id: share.metadata_store,
      local_block_store_id: share.local_block_store,
      enabled: true,
      status: { status: 'unknown' },
      settings: {},
    }
  );
}

/** Makes a share; undefined where it cannot be made, which is reported. */
async function makeShare(
  round: Round,
  share: DeclaredShare,
  stores: StoresForShares,
): Promise<ServerShare | undefined> {
  const { name, metadata_store, local_block_store, remote_block_store, owner, settings } = share;
  const unsafe = (): string | undefined => formerBindings(round, share) ?? mixedRemotes(round, share);
  const refusal = missingFor(round, share, stores) ?? unsafe();
  if (refusal !== undefined) {
    round.problem('share', name, refusal);
    return undefined;
  }
  const body = {
    name,
    metadata_store_id: metadata_store,
    local_block_store,
    ...(remote_block_store !== undefined && { remote_block_store }),
    ...(owner !== undefined && { owner }),
    ...sendable(settings),
  };
  const answer = await make(round, 'share', name, { method: 'POST', path: path('shares'), body });
  if (!answer.ok) {
    if (!isUndone(answer) && remote_block_store !== undefined) stores.silent.add(remote_block_store);
    round.problem('share', name, `is not there: ${answer.reason}`);
    return undefined;
  }
  const made = madeShare(share, answer.body);
  const actual = { ...made, enabled: !(await closeNew(round, share)) };
  round.server.shares.set(name, actual);
  return actual;
}

/**
 * Keeps clients out of a share that was just made until it is as restricted as declared; whether it did. The server makes
 * none that is disabled, and takes options of NFS, permissions and quotas afterwards only.
 */
async function closeNew(round: Round, share: DeclaredShare): Promise<boolean> {
  const { name, enabled, nfs, permissions, quotas } = share;
  if (enabled && Object.keys(nfs).length + permissions.length + quotas.length === 0) return false;
  const answer = await round.send({ method: 'POST', path: sharePath(name, 'disable') });
  // A share that the server did not get to run has no clients.
  if (!answer.ok && answer.status !== 404) round.problem('share', name, `cannot be disabled: ${answer.reason}`);
  return answer.ok;
}

/** Reports what differs of what is never changed: with another store the files of a share read as zeros, without any error. */
function reportBindings(round: Round, share: DeclaredShare, actual: ServerShare): void {
  const differing = differingBindings(declaredBindings(share), actualBindings(actual, round.server));
  const uid = share.owner === undefined ? undefined : round.server.users.get(share.owner)?.uid;
  const owner =
    uid === undefined || uid === actual.owner_uid
      ? []
      : [`its owner has uid ${actual.owner_uid ?? 0}, not ${uid} as user ${JSON.stringify(share.owner)}`];
  const all = [...differing, ...owner];
  if (all.length === 0) return;
  const advice = 'a share stays what it was made as; declare another share, and move the files there';
  round.problem('share', share.name, `${all.join(', ')}: ${advice}`);
}

/** Sends the settings that differ; resolves with the sizes that are now known to be applied. */
async function updateSettings(
  round: Round,
  share: DeclaredShare,
  actual: ServerShare,
  note: Note,
): Promise<Note['sizes']> {
  const { name, settings } = share;
  const special: Record<string, Same> = { retention_ttl: sameDuration };
  for (const field of sizeFields) special[field] = sameBytes(note.sizes?.[field]);
  const changes = differences(settings, actual.settings, special);
  if (changes.length === 0) return { ...note.sizes, ...sizesOf(share) };

  const body = sendable(changed(settings, changes));
  const needsRestart = changes.some((change) => restartFields.includes(change.name));
  const answer = await changeFor(
    round,
    needsRestart ? nameOf('share', name) : undefined,
    { kind: 'share', name, action: 'update', fields: changes },
    { method: 'PUT', path: sharePath(name), body },
  );
  if (!answer.ok) {
    round.problem('share', name, `cannot be changed: ${answer.reason}`);
    return note.sizes;
  }
  return { ...note.sizes, ...sizesOf(share) };
}

/** Lets clients in or keeps them out, as declared; with a share that was just made this belongs to its making. */
async function switchShare(round: Round, { name, enabled }: DeclaredShare, isNew: boolean): Promise<void> {
  const fields: readonly FieldChange[] = [{ name: 'enabled', from: !enabled, to: enabled }];
  const request = { method: 'POST', path: sharePath(name, enabled ? 'enable' : 'disable') } as const;
  const answer = isNew
    ? await round.send(request)
    : await round.change({ kind: 'share', name, action: 'update', fields }, request);
  if (!answer.ok) round.problem('share', name, `cannot be ${enabled ? 'enabled' : 'disabled'}: ${answer.reason}`);
}

/** The note of a share before its grants are given: what was declared before can still be taken back. */
function intendedNote(note: Note, share: DeclaredShare): Note {
  return {
    ...note,
    permissions: [...new Set([...(note.permissions ?? []), ...permissionKeys(share)])].sort(),
    quotas: { ...quotaSizes(share), ...note.quotas },
  };
}

/** What is noted of a share's stores: where they lay when the share was made is not to be forgotten. */
function bindingsNote(
  round: Round,
  share: DeclaredShare,
  present: ServerShare | undefined,
  { stores, places }: Note,
): Pick<Note, 'stores' | 'places'> {
  const bindings = present === undefined ? declaredBindings(share) : actualBindings(present, round.server);
  const isKnown = present !== undefined && stores !== undefined && differingBindings(bindings, stores).length === 0;
  return { stores: { ...bindings }, places: { ...((isKnown ? places : undefined) ?? placesOf(round, bindings)) } };
}

async function convergeShare(round: Round, share: DeclaredShare, stores: StoresForShares): Promise<void> {
  const { name } = share;
  const present = round.server.shares.get(name);
  const actual = present ?? (await makeShare(round, share, stores));
  if (actual === undefined) return;

  const { attempted, ...noted } = round.notes.of('share', name);
  const isNew = present === undefined;
  // One that is half-made is closed before anything else; what is set before the server runs it, it would not take up.
  if (!isNew && attempted !== undefined) return;
  const before: Note = {
    ...noted,
    ...(isNew && { made: actual.id }),
    ...bindingsNote(round, share, present, noted),
  };
  if (present !== undefined) reportBindings(round, share, actual);
  // Clients are kept out before anything else, and let in last: only then the share is as restricted as declared.
  if (actual.enabled && !share.enabled) await switchShare(round, share, isNew);
  const sizes = isNew ? sizesOf(share) : await updateSettings(round, share, actual, before);
  const isRestricted = await restrictShare(round, share, { ...before, sizes });
  if (!actual.enabled && share.enabled && isRestricted) await switchShare(round, share, isNew);
}

/** Everything that says who may do what in a share, once it is noted; whether all of that is as declared. */
async function restrictShare(round: Round, share: DeclaredShare, note: Note): Promise<boolean> {
  const intended = intendedNote(note, share);
  const isNoted = await putNote(round, 'share', intended);
  const hasOptions = await convergeExport(round, share);
  // What is given has to be noted, or nobody takes it back.
  if (!isNoted) return false;
  const { keys, isDone } = await convergePermissions(round, share, intended.permissions ?? []);
  const quotas = await convergeQuotas(round, share, intended.quotas ?? {}, note.quotas ?? {});
  await putNote(round, 'share', { ...note, permissions: [...keys], quotas });
  return hasOptions && isDone;
}

/** Makes and updates shares, each with its export options, permissions and quotas. */
export async function convergeShares(
  round: Round,
  wanted: readonly DeclaredShare[],
  stores: StoresForShares,
): Promise<void> {
  await inTurns(wanted, (share) => convergeShare(round, share, stores));
}
