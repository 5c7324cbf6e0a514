import type { DeclaredStore } from '../api/provisioning.ts';
import { sortFields, type Json, type JsonObject } from '../lib/json.ts';
import { nameOf } from './change.ts';
import { HIDDEN, sameConfig, type FieldChange } from './compare.ts';
import { missingSecret } from './inputs.ts';
import type { Note } from './notes.ts';
import { path } from './path.ts';
import { identityOf } from './places.ts';
import { idOf, make, putNote, wasAttempted, type Round } from './round.ts';
import type { ServerStore } from './server-state.ts';
import type { StoreKind } from './store-kinds.ts';

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
    missing: secrets.flatMap(({ value, file }) => (value === undefined ? [missingSecret(file)] : [])),
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

/** The fields of config that are to change, without values that come from Secrets. */
function changesOf(store: DeclaredStore, config: JsonObject, actual: JsonObject, note: Note): readonly FieldChange[] {
  const gone = (note.fields ?? []).filter((field) => !(field in config) && field in actual);
  return [...Object.keys(config), ...gone].sort().flatMap((name) => {
    const [to, from] = [config[name], actual[name]];
    if (sameConfig(to, from)) return [];
    if (name in store.secrets || from === HIDDEN) return [{ name }];
    return [{ name, from: from ?? null, to: to ?? null }];
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

/** The note of a store as it is declared now. */
function noteOf(round: Round, store: DeclaredStore, config: JsonObject, before: Note): Note {
  const note = { ...before, name: store.name, fields: Object.keys(config).sort() };
  if (Object.keys(store.secrets).length === 0) return note;
  const text = secretText(store, config);
  // The salt stays, so that a secret that comes back is told by the same seal.
  const salt = before.seal?.salt ?? round.sealer.salt();
  return { ...note, seal: { salt, value: round.sealer.seal(text, salt) } };
}

function isSealed(round: Round, store: DeclaredStore, config: JsonObject, { seal }: Note): boolean {
  if (Object.keys(store.secrets).length === 0) return true;
  if (seal === undefined) return false;
  return round.sealer.seal(secretText(store, config), seal.salt) === seal.value;
}

/** Makes a store; its config is a text of JSON inside the JSON. */
async function makeStore(round: Round, where: StoreKind, store: DeclaredStore, config: JsonObject): Promise<void> {
  const { name, type } = store;
  const body = { name, type, ...(Object.keys(config).length > 0 && { config: JSON.stringify(sortFields(config)) }) };
  const answer = await make(round, where.kind, name, { method: 'POST', path: path(...where.api), body });
  if (!answer.ok) {
    round.problem(where.kind, name, `is not there: ${answer.reason}`);
    return;
  }
  const id = idOf(answer.body);
  round.server[where.present].set(name, { id, name, type, config });
  const before: Note = { name, made: id };
  await putNote(round, where.note, noteOf(round, store, config, before));
}

/**
 * Brings the config of a store that is there up to date.
 *
 * PUT replaces the whole config: what is not declared is sent back as the server showed it, and it fills in what it had
 * hidden. What says where data lies is always sent back so.
 */
async function updateStore(
  round: Round,
  where: StoreKind,
  store: DeclaredStore,
  config: JsonObject,
  actual: ServerStore,
): Promise<void> {
  const { name } = store;
  const noted = round.notes.of(where.note, name);
  const before = wasAttempted(round, where.kind, name) ? { ...noted, made: actual.id } : noted;
  const current = actual.config ?? {};
  const visible = changesOf(store, config, current, before);
  const isCurrent = isSealed(round, store, config, before);
  const hidden = isCurrent ? [] : Object.keys(store.secrets).filter((field) => current[field] === HIDDEN);
  const fields = [...visible, ...hidden.map((field) => ({ name: field }))];
  const note = noteOf(round, store, config, before);
  if (fields.length > 0) {
    const gone = new Set(visible.filter((change) => !(change.name in config)).map((change) => change.name));
    const kept = Object.entries(current).filter(([field]) => !gone.has(field));
    const identity = identityOf(store).filter((field) => field in current && current[field] !== HIDDEN);
    const merged = {
      ...Object.fromEntries(kept),
      ...config,
      ...Object.fromEntries(identity.map((field) => [field, current[field]])),
    };
    const body = { config: JSON.stringify(sortFields(merged)) };
    const answer = await round.change(
      { kind: where.kind, name, action: 'update', fields },
      { method: 'PUT', path: path(...where.api, name), body },
    );
    if (!answer.ok) {
      round.problem(where.kind, name, `cannot be changed: ${answer.reason}`);
      return;
    }
    // The running store goes on with what it was opened with, until the server starts again.
    const values = { ...store.config, seal: note.seal?.value ?? '' };
    const waiting = await round.notes.needRestart(nameOf(where.kind, name), values);
    if (!waiting.ok) round.problem(where.kind, name, `cannot be noted: ${waiting.reason}`);
  }
  await putNote(round, where.note, note);
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
