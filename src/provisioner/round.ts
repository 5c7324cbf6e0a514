import * as z from 'zod';
import type { SecretFile, ServingPlan } from '../api/provisioning.ts';
import type { Answer, Failure } from './answer.ts';
import type { Change, Kind } from './change.ts';
import type { Note, NoteKind, Notes } from './notes.ts';
import type { Sealer } from './sealer.ts';
import type { ServerState } from './server-state.ts';
import type { Request } from './wire.ts';

/** One comparison of what is declared with what a server has: what every step of it works with. */
export interface Round {
  readonly plan: ServingPlan;
  /** What the server has; steps add what they make. */
  readonly server: ServerState;
  readonly notes: Notes;
  readonly sealer: Sealer;
  /** The value of a Secret's key; undefined where there is none. */
  readonly secret: (file: SecretFile) => string | undefined;
  /** What is said of one that there is not. */
  readonly lack: (file: SecretFile) => string;
  /** Why nothing is changed any more; undefined while it is. */
  readonly stopped: () => Failure | undefined;
  /** Reads, or writes what is no change of its own, such as the second half of one. */
  readonly send: (request: Request) => Promise<Answer>;
  /** Does what makes the server more like the plan, and tells of it: the one way to change something. */
  readonly change: (change: Change, request: Request) => Promise<Answer>;
  /** Reports what is declared and not so. */
  readonly problem: (kind: Kind, name: string, message: string) => void;
}

/** What a note is about, as problems name it. */
export const aboutKinds = {
  metadata_store: 'metadata store',
  local_block_store: 'local block store',
  remote_block_store: 'remote block store',
  group: 'group',
  user: 'user',
  share: 'share',
  snapshot_policy: 'share',
} as const satisfies Record<NoteKind, Kind>;

/** Writes a note; whether it could be written, for otherwise that is reported. */
export async function putNote({ notes, problem }: Round, kind: NoteKind, note: Note): Promise<boolean> {
  const answer = await notes.put(kind, note);
  if (!answer.ok) problem(aboutKinds[kind], note.name, `cannot be noted: ${answer.reason}`);
  return answer.ok;
}

/** Changes something; what the server takes up only when it starts again says what a restart is `needed` for. */
export async function changeFor(
  { notes, stopped, change }: Round,
  needed: string | undefined,
  what: Change,
  request: Request,
): Promise<Answer> {
  if (needed === undefined) return change(what, request);
  return stopped() ?? notes.withRestart(needed, () => change(what, request));
}

/** Asks for a restart of the server, and notes that this was done; neither without the other. */
export async function needRestart({ notes, problem }: Round, kind: NoteKind, about: string, note: Note): Promise<void> {
  const answer = await notes.withRestart(about, () => notes.put(kind, note));
  if (!answer.ok) problem(aboutKinds[kind], note.name, `cannot be noted: ${answer.reason}`);
}

const Made = z.looseObject({ id: z.string() });

/** The id of an object that was just made; empty in a dry run. */
export function idOf(body: unknown): string {
  return Made.safeParse(body).data?.id ?? '';
}
