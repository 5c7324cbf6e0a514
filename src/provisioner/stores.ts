import type { DeclaredStore } from '../api/provisioning.ts';
import { sortFields, type Json, type JsonObject } from '../lib/json.ts';
import { make } from './attempts.ts';
import { nameOf } from './change.ts';
import { HIDDEN, sameConfig, type FieldChange } from './compare.ts';
import type { Note } from './notes.ts';
import { path } from './path.ts';
import { differingFields, identityOf, placeOf } from './places.ts';
import { changeFor, idOf, needRestart, putNote, type Round } from './round.ts';
import type { ServerStore } from './server-state.ts';
import type { StoreKind } from './store-kinds.ts';

/**
 * A field of the config of a store that has secrets, which the server keeps and does not read: the salt of their seal.
 *
 * PUT replaces the whole config, and the server hides the secrets in it: where the mark is missing, somebody else has
 * written them.
 */
const MARK = 'dittofs_provisioner';

/** Stores that are not what is declared: no share is made in one, because its files would lie elsewhere than declared. */
export type Unlike = ReadonlySet<string>;

/** A value of a Secret as the config has it: everything there is text, and a port that is text would not be looked at. */
function typed(field: string, value: string): Json {
  return field === 'port' && /^\d+$/.test(value) ? Number(value) : value;
}

/** The config of a store with its secrets, and what is missing of these. */
function fullConfig(
  round: Round,
  store: DeclaredStore,
): { readonly config: JsonObject; readonly missing: readonly string[] } {
  const secrets = Object.entries(store.secrets).map(([field, file]) => ({ field, value: round.secret(file), file }));
  const values = secrets.map(({ field, value = '' }): [string, Json] => [field, typed(field, value)]);
  return {
    config: { ...store.config, ...Object.fromEntries(values) },
    missing: secrets.flatMap(({ value, file }) => (value === undefined ? [round.lack(file)] : [])),
  };
}

/** What a server has otherwise of what never changes, in words. */
function unlike(store: DeclaredStore, config: JsonObject, actual: ServerStore, note: Note): readonly string[] {
  if (actual.type !== store.type)
    return [`its type is ${JSON.stringify(actual.type)}, not ${JSON.stringify(store.type)}`];
  return identityOf(store).flatMap((field) => {
    const [to, from] = [config[field], actual.config?.[field]];
    const isMeant = field in config || (note.fields?.includes(field) ?? false);
    if (!isMeant || sameConfig(to, from)) return [];
    if (field in store.secrets) return [`its ${field} is not the one in the Secret`];
    return [`its ${field} is ${JSON.stringify(from ?? '')}, not ${JSON.stringify(to ?? '')}`];
  });
}

/** All secrets of a store as one text. */
function secretText(store: DeclaredStore, config: JsonObject): string {
  return JSON.stringify(
    Object.keys(store.secrets)
      .sort()
      .map((field) => [field, config[field]]),
  );
}

/** A store as it is to be: its whole config, and what is noted of it then. */
interface Sealed {
  readonly config: JsonObject;
  readonly note: Note;
}

/** Seals the secrets of a store, if it has any, and marks its config. */
function sealed(round: Round, store: DeclaredStore, config: JsonObject, before: Note): Sealed {
  const { name, secrets } = store;
  if (Object.keys(secrets).length === 0)
    return { config, note: { ...before, name, fields: Object.keys(config).sort() } };
  // The salt stays, so that a secret that comes back is told by the same seal.
  const salt = before.seal?.salt ?? round.sealer.salt();
  const seal = { salt, value: round.sealer.seal(secretText(store, config), salt) };
  const marked = { ...config, [MARK]: salt };
  return { config: marked, note: { ...before, name, fields: Object.keys(marked).sort(), seal } };
}

/** Asks once for the restart in which the server closes a metadata store that was removed from the place of another; whether there was one. */
async function closeRemoved(round: Round, store: DeclaredStore, config: JsonObject): Promise<boolean> {
  const { name, type } = store;
  const place = placeOf({ type, config }, identityOf(store));
  const removed = round.notes
    .all('metadata_store')
    .filter(({ open }) => open !== undefined && differingFields(open, place).length === 0);
  for (const note of removed.filter(({ tried }) => tried === undefined))
    await needRestart(round, 'metadata_store', nameOf('metadata store', name), { ...note, tried: note.name });
  return removed.length > 0;
}

/** Makes a store; its config is a text of JSON inside the JSON. */
async function makeStore(round: Round, where: StoreKind, store: DeclaredStore, plain: JsonObject): Promise<void> {
  const { name, type } = store;
  const { config, note } = sealed(round, store, plain, { name });
  const body = { name, type, ...(Object.keys(config).length > 0 && { config: JSON.stringify(sortFields(config)) }) };
  const answer = await make(round, where.note, name, { method: 'POST', path: path(...where.api), body });
  if (!answer.ok) {
    const isOpen = answer.reason.includes('is locked by') && (await closeRemoved(round, store, config));
    const open = 'it was removed, and the server has it open until it starts again, which is asked for';
    round.problem(where.kind, name, `is not there: ${isOpen ? open : answer.reason}`);
    return;
  }
  const id = idOf(answer.body);
  round.server[where.present].set(name, { id, name, type, config });
  await putNote(round, where.note, { ...note, made: id });
}

/** The fields that the provisioner set once, and that are no longer declared. */
function goneFields(config: JsonObject, current: JsonObject, before: Note): readonly string[] {
  return (before.fields ?? []).filter((field) => !(field in config) && field in current);
}

/** The fields of config that are to change, without values that come from Secrets. */
function changesOf(
  store: DeclaredStore,
  { config, note }: Sealed,
  current: JsonObject,
  before: Note,
): readonly FieldChange[] {
  const visible = [...Object.keys(config), ...goneFields(config, current, before)].sort().flatMap((name) => {
    const [to, from] = [config[name], current[name]];
    if (name === MARK || sameConfig(to, from)) return [];
    if (name in store.secrets || from === HIDDEN) return [{ name }];
    return [{ name, from: from ?? null, to: to ?? null }];
  });
  const isCurrent = note.seal?.value === before.seal?.value && config[MARK] === current[MARK];
  const hidden = isCurrent ? [] : Object.keys(store.secrets).filter((field) => current[field] === HIDDEN);
  return [...visible, ...hidden.map((name) => ({ name }))];
}

/**
 * The config to send: PUT replaces all of it. What is not declared is sent back as the server showed it, and it fills in
 * what it had hidden. What says where data lies is always sent back so.
 */
function mergedConfig(store: DeclaredStore, config: JsonObject, current: JsonObject, before: Note): JsonObject {
  const gone = goneFields(config, current, before);
  const kept = Object.entries(current).filter(([field]) => !gone.includes(field));
  const identity = identityOf(store).filter((field) => field in current && current[field] !== HIDDEN);
  return {
    ...Object.fromEntries(kept),
    ...config,
    ...Object.fromEntries(identity.map((field) => [field, current[field]])),
  };
}

/** Brings the config of a store that is there up to date. */
async function updateStore(
  round: Round,
  where: StoreKind,
  store: DeclaredStore,
  plain: JsonObject,
  actual: ServerStore,
): Promise<void> {
  const { name } = store;
  const before = round.notes.of(where.note, name);
  const current = actual.config ?? {};
  const wanted = sealed(round, store, plain, before);
  const fields = changesOf(store, wanted, current, before);
  if (fields.length > 0) {
    const config = JSON.stringify(sortFields(mergedConfig(store, wanted.config, current, before)));
    // The running store goes on with what it was opened with.
    const answer = await changeFor(
      round,
      nameOf(where.kind, name),
      { kind: where.kind, name, action: 'update', fields },
      { method: 'PUT', path: path(...where.api, name), body: { config } },
    );
    if (!answer.ok) {
      round.problem(where.kind, name, `cannot be changed: ${answer.reason}`);
      return;
    }
  }
  await putNote(round, where.note, wanted.note);
}

/** Makes and updates the stores of one kind; says which are not what is declared. */
export async function convergeStores(
  round: Round,
  where: StoreKind,
  wanted: readonly DeclaredStore[],
): Promise<Unlike> {
  const unlikes = new Set<string>();
  for (const store of wanted) {
    const { config, missing } = fullConfig(round, store);
    const actual = round.server[where.present].get(store.name);
    for (const message of missing) round.problem(where.kind, store.name, message);
    if (actual === undefined) {
      if (missing.length === 0) await makeStore(round, where, store, config);
      continue;
    }
    const differs = missing.length > 0 ? [] : unlike(store, config, actual, round.notes.of(where.note, store.name));
    for (const what of differs) {
      round.problem(
        where.kind,
        store.name,
        `${what}: a store stays where it was made; declare another one, and move the files to a new share`,
      );
    }
    if (differs.length > 0) unlikes.add(store.name);
    else if (missing.length === 0) await updateStore(round, where, store, config, actual);
  }
  return unlikes;
}
