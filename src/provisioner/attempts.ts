import * as z from 'zod';
import { isUndone, type Answer } from './answer.ts';
import { actualBindings } from './bindings.ts';
import type { Note, NoteKind } from './notes.ts';
import { sharePath } from './path.ts';
import { placesOf } from './places.ts';
import { aboutKinds, putNote, type Round } from './round.ts';
import { readAs, type ServerShare } from './server-state.ts';
import { storeKinds } from './store-kinds.ts';
import type { Request } from './wire.ts';

/** Milliseconds after which the server shows what it was asked to make: it has it on record before it does anything else. */
const LONGEST = 120_000;

/** What the server says of something that somebody else made in between, or that it was asked for twice. */
const CONFLICT = 409;

/** What is known of an object again when another attempt to make it came to nothing. */
function noteAfter({ attempted, ...former }: Note, refusal: Answer): Note {
  const isRefused = !refusal.ok && refusal.status !== 0 && refusal.status !== CONFLICT;
  // What is refused was not there, so that a former attempt made nothing either.
  return isRefused ? former : { ...former, attempted };
}

/**
 * Makes an object, and notes before that it is tried: whoever sees it later knows that it may be half-made, and whose it
 * is. Where that cannot be noted, nothing is made. The note stays until there is an answer, and goes with a refusal.
 */
export async function make(round: Round, kind: NoteKind, name: string, request: Request): Promise<Answer> {
  const stopped = round.stopped();
  if (stopped !== undefined) return stopped;
  const former = round.notes.of(kind, name);
  const noted = await round.notes.put(kind, { ...former, made: undefined, attempted: Date.now() });
  if (!noted.ok) return { ...noted, unsent: true, reason: `that it is made cannot be noted: ${noted.reason}` };
  const answer = await round.change({ kind: aboutKinds[kind], name, action: 'create', fields: [] }, request);
  if (isUndone(answer)) await putNote(round, kind, noteAfter(former, answer));
  return answer;
}

/** What the server has of all that is made with a note. */
function present({ server }: Round): readonly (readonly [NoteKind, ReadonlyMap<string, { readonly id: string }>])[] {
  return [
    ...storeKinds.map((where) => [where.note, server[where.present]] as const),
    ['group', server.groups],
    ['user', server.users],
    ['share', server.shares],
  ];
}

const Health = z.looseObject({ data: z.looseObject({ uptime_sec: z.number() }) });

/** Whether the server was started after an attempt: what it loads at its start it loads before it listens. */
async function isStartedSince(round: Round, attempted: number): Promise<boolean> {
  const health = await readAs(round.send, '/health', Health);
  return health.ok && Date.now() - (health.value.data.uptime_sec + 1) * 1000 > attempted;
}

/**
 * Keeps clients out of a share that may be open to more than are declared; whether they are out now.
 *
 * The server has a share on record before it runs, and tries for minutes to load one whose S3 is dead. It has no clients until then, and
 * cannot be disabled; and of what is set meanwhile it takes up nothing when it runs.
 */
async function close(round: Round, share: ServerShare, attempted: number): Promise<boolean> {
  const { name, enabled } = share;
  if (!enabled) return true;
  const answer = await round.change(
    { kind: 'share', name, action: 'update', fields: [{ name: 'enabled', from: true, to: false }] },
    { method: 'POST', path: sharePath(name, 'disable') },
  );
  if (answer.ok) {
    round.server.shares.set(name, { ...share, enabled: false });
    return true;
  }
  if (answer.status === 404 && (await isStartedSince(round, attempted))) return true;
  const why =
    answer.status === 404
      ? 'the server is still making it: it is closed once that ends, or the server is started again'
      : `cannot be disabled: ${answer.reason}`;
  round.problem('share', name, why);
  return false;
}

/** Finds out what became of one attempt. */
async function settle(
  round: Round,
  kind: NoteKind,
  { attempted = 0, ...note }: Note,
  id: string | undefined,
): Promise<void> {
  const share = kind === 'share' ? round.server.shares.get(note.name) : undefined;
  if (id === undefined) {
    // Who makes it by hand later is not to lose it.
    if (Date.now() - attempted > LONGEST) await putNote(round, kind, note);
  } else if (share === undefined) {
    await putNote(round, kind, { ...note, made: id });
  } else if (await close(round, share, attempted)) {
    // Its files stay when it is pruned, so its stores have to be known.
    const stores = actualBindings(share, round.server);
    await putNote(round, kind, { ...note, made: id, stores, places: placesOf(round, stores) });
  }
}

/**
 * Takes for the provisioner's own what was tried to be made, got no answer, and is there now. Before anything else, and
 * whatever is declared by now: a share is closed, because the server makes every share open.
 */
export async function settleAttempts(round: Round): Promise<void> {
  for (const [kind, objects] of present(round)) {
    const tried = round.notes.all(kind).filter(({ attempted }) => attempted !== undefined);
    for (const note of tried) await settle(round, kind, note, objects.get(note.name)?.id);
  }
}
