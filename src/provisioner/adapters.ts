import * as z from 'zod';
import type { DeclaredAdapter } from '../api/provisioning.ts';
import type { Failure } from './answer.ts';
import { changed, differences } from './compare.ts';
import { path } from './path.ts';
import type { Round } from './round.ts';
import { readAs, ServerAdapters, type ServerAdapter } from './server-state.ts';

/** Settings that an adapter takes up only when it starts. */
const startFields = ['portmapper_enabled', 'portmapper_port', 'portmapper_register_with_system', 'udp_enabled'];

const Settings = z.record(z.string(), z.json());

/** Sends the settings that differ; whether the adapter has to start again for them. */
async function patchSettings(round: Round, type: string, { settings }: DeclaredAdapter): Promise<boolean> {
  if (Object.keys(settings).length === 0) return false;
  const where = path('adapters', type, 'settings');
  const read = await readAs(round.send, where, Settings);
  if (!read.ok) {
    round.problem('adapter', type, `its settings cannot be read: ${read.reason}`);
    return false;
  }
  const changes = differences(settings, read.value);
  if (changes.length === 0) return false;
  const fields = changes.map((change) => ({ ...change, name: `settings.${change.name}` }));
  const answer = await round.change(
    { kind: 'adapter', name: type, action: 'update', fields },
    { method: 'PATCH', path: where, body: changed(settings, changes) },
  );
  if (!answer.ok) {
    round.problem('adapter', type, `its settings cannot be changed: ${answer.reason}`);
    return false;
  }
  return changes.some(({ name }) => startFields.includes(name));
}

/** Stops an adapter and starts it: clients come back by themselves, and nothing else makes it listen anew. */
async function startAgain(round: Round, type: string): Promise<void> {
  for (const enabled of [false, true]) {
    const answer = await round.change(
      { kind: 'adapter', name: type, action: 'update', fields: [{ name: 'enabled', from: !enabled, to: enabled }] },
      { method: 'PUT', path: path('adapters', type), body: { enabled } },
    );
    if (!answer.ok) {
      round.problem('adapter', type, `cannot be started again: ${answer.reason}`);
      return;
    }
  }
}

/** Brings an adapter to its port, and on or off; whether anything was changed. */
async function putAdapter(round: Round, type: string, declared: DeclaredAdapter, mustStart: boolean): Promise<boolean> {
  const { enabled, port } = declared;
  const actual = round.server.adapters.get(type);
  if (actual === undefined) {
    const answer = await round.change(
      { kind: 'adapter', name: type, action: 'create', fields: [] },
      { method: 'POST', path: path('adapters'), body: { type, enabled, port } },
    );
    // The server takes false for "not given" when it makes one, and starts it.
    const put = { method: 'PUT', path: path('adapters', type), body: { enabled } } as const;
    const switched = answer.ok && !enabled ? await round.send(put) : answer;
    if (!switched.ok) round.problem('adapter', type, `is not as declared: ${switched.reason}`);
    return answer.ok;
  }
  const changes = differences({ enabled, port }, { enabled: actual.enabled, port: actual.port });
  if (changes.length > 0) {
    const answer = await round.change(
      { kind: 'adapter', name: type, action: 'update', fields: changes },
      { method: 'PUT', path: path('adapters', type), body: { enabled, port } },
    );
    if (!answer.ok) round.problem('adapter', type, `cannot be changed: ${answer.reason}`);
    return answer.ok;
  }
  if (mustStart && enabled) await startAgain(round, type);
  return mustStart && enabled;
}

/** What is known of adapters from round to round. */
export interface AdapterWatch {
  /** Adapters that were started again, and do not listen all the same. */
  readonly restarted: Set<string>;
  /** Waits for so many milliseconds; a shorter time where the provisioner stops. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/**
 * Milliseconds between looks at adapters that are to listen. The first is as long as the server may repeat what it last
 * knew, and a bit; and on a busy machine an adapter takes its time to start.
 */
const LOOKS = [6_000, 3_000, 3_000, 3_000];

/** An adapter that is to listen, and does not; as the server tells it. */
interface Silent {
  readonly type: string;
  readonly why: string;
}

function silentOnes(declared: ReadonlyMap<string, DeclaredAdapter>, adapters: readonly ServerAdapter[]): Silent[] {
  return adapters
    .filter(({ type, status }) => declared.get(type)?.enabled === true && status.status !== 'healthy')
    .map(({ type, status }) => ({ type, why: status.message ?? status.status }));
}

/** Looks until all adapters listen that are to, for a while; those that still do not, or why that is not known. */
async function look(
  round: Round,
  declared: ReadonlyMap<string, DeclaredAdapter>,
  pause: AdapterWatch['pause'],
): Promise<readonly Silent[] | Failure> {
  let found: readonly Silent[] | Failure = [];
  for (const milliseconds of LOOKS) {
    await pause(milliseconds);
    const read = await readAs(round.send, path('adapters'), ServerAdapters);
    if (!read.ok) {
      found = read;
      continue;
    }
    const silent = silentOnes(declared, read.value);
    if (silent.length === 0) return silent;
    found = silent;
  }
  return found;
}

/** Reports adapters that do not listen; one whose port was busy is started again once, for the server never tries again. */
async function verify(
  round: Round,
  declared: ReadonlyMap<string, DeclaredAdapter>,
  isChanged: boolean,
  { restarted, pause }: AdapterWatch,
): Promise<void> {
  let silent: readonly Silent[] | Failure = silentOnes(declared, [...round.server.adapters.values()]);
  if (isChanged || silent.some(({ type }) => !restarted.has(type))) {
    silent = await look(round, declared, pause);
    const untried = 'reason' in silent ? [] : silent.filter(({ type }) => !restarted.has(type));
    for (const { type } of untried) {
      restarted.add(type);
      await startAgain(round, type);
    }
    if (untried.length > 0) silent = await look(round, declared, pause);
  }
  if ('reason' in silent) {
    for (const [type, { enabled }] of declared)
      if (enabled) round.problem('adapter', type, `whether it listens cannot be read: ${silent.reason}`);
    return;
  }
  const still = new Set(silent.map(({ type }) => type));
  for (const type of restarted) if (!still.has(type)) restarted.delete(type);
  for (const { type, why } of silent) round.problem('adapter', type, `does not listen: ${why}`);
}

/**
 * Brings the adapters of NFS and SMB to their settings; which of them have to start again for that. Before there are
 * shares, because settings say who may come in, and the server looks at them every ten seconds only.
 */
export async function convergeSettings(round: Round): Promise<ReadonlySet<string>> {
  const starting = new Set<string>();
  for (const [type, adapter] of Object.entries(round.plan.adapters))
    if (await patchSettings(round, type, adapter)) starting.add(type);
  return starting;
}

/** Brings the adapters to their ports, on or off; last, because it drops connections. Without a watch it waits for nothing. */
export async function convergeAdapters(
  round: Round,
  starting: ReadonlySet<string>,
  watch: AdapterWatch | undefined,
): Promise<void> {
  const declared = new Map(Object.entries(round.plan.adapters));
  let isChanged = false;
  for (const [type, adapter] of declared) {
    if (!(await putAdapter(round, type, adapter, starting.has(type)))) continue;
    isChanged = true;
    watch?.restarted.delete(type);
  }
  if (watch !== undefined) await verify(round, declared, isChanged, watch);
}
