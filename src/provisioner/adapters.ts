import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { DeclaredAdapter } from '../api/provisioning.ts';
import { changed, differences } from './compare.ts';
import { path } from './path.ts';
import type { Round } from './round.ts';
import { readAs, ServerAdapters, type ServerAdapter } from './server-state.ts';

/** Milliseconds for which the server may repeat what it last knew of an adapter, and a bit. */
const CACHED = 6_000;

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

/** The adapters that are to listen, and do not. */
function silentOnes(
  declared: ReadonlyMap<string, DeclaredAdapter>,
  adapters: readonly ServerAdapter[],
): readonly ServerAdapter[] {
  return adapters.filter(({ type, status }) => declared.get(type)?.enabled === true && status.status !== 'healthy');
}

/** Reports adapters that do not listen; an adapter whose port was busy is started again once, for the server never tries again. */
async function verify(round: Round, declared: ReadonlyMap<string, DeclaredAdapter>, isChanged: boolean): Promise<void> {
  const ask = async (): Promise<readonly ServerAdapter[]> => {
    await sleep(CACHED);
    const read = await readAs(round.send, path('adapters'), ServerAdapters);
    return silentOnes(declared, read.ok ? read.value : []);
  };
  const first = silentOnes(declared, [...round.server.adapters.values()]);
  if (!isChanged && first.length === 0) return;
  const silent = await ask();
  if (silent.length === 0) return;
  for (const { type } of silent) await startAgain(round, type);
  for (const { type, status } of await ask()) {
    round.problem('adapter', type, `does not listen: ${status.message ?? status.status}`);
  }
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

/** Brings the adapters to their ports, on or off; last, because it drops connections. */
export async function convergeAdapters(round: Round, starting: ReadonlySet<string>, canWait: boolean): Promise<void> {
  const declared = new Map(Object.entries(round.plan.adapters));
  let isChanged = false;
  for (const [type, adapter] of declared) {
    if (await putAdapter(round, type, adapter, starting.has(type))) isChanged = true;
  }
  if (canWait) await verify(round, declared, isChanged);
}
