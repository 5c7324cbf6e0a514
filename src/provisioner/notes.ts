import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { sha256 } from '../lib/hash.ts';
import { sortFields, type Json } from '../lib/json.ts';
import { isUndone, type Answer } from './answer.ts';
import { path } from './path.ts';
import type { Request } from './wire.ts';

/** What a note can be about. */
export type NoteKind =
  'metadata_store' | 'local_block_store' | 'remote_block_store' | 'group' | 'user' | 'share' | 'snapshot_policy';

/** Where the data of a store lies, field by field. */
const Place = z.record(z.string(), z.json()).transform((place): Readonly<Record<string, Json>> => place);

const Sizes = z.record(z.string(), z.number());

/**
 * What the server cannot tell of an object later: who made it, and what was applied.
 *
 * A note is written after what it tells of is so, with three exceptions: that an object is made is noted before, so that it
 * is known when nobody lived to see the end of that; a grant is noted before it is given, so that it can be taken back
 * whatever happens in between; and a restart before what needs it is done, so that none is lost.
 */
export const Note = z.object({
  name: z.string(),
  /** The server's id of the object that the provisioner made; another id under this name is somebody else's. */
  made: z.string().optional(),
  /** When its making was begun of which no end was seen, in milliseconds since 1970; it is not `made` then. */
  attempted: z.number().optional(),
  /** Of a store: names of the fields of its config that were declared. */
  fields: z.array(z.string()).optional(),
  /** Of a store: its secrets, sealed. */
  seal: z.object({ salt: z.string(), value: z.string() }).optional(),
  /** Of a user: the groups that were declared. */
  groups: z.array(z.string()).optional(),
  /** Of a metadata store that was removed: where its data lies, because the server has it open until it starts again. */
  open: Place.optional(),
  /** Of a share: the names of the stores that it was made with; they stay noted when it is removed, for its files stay, too. */
  stores: z.record(z.string(), z.string()).optional(),
  /** Of a share: where the data of these lies. */
  places: z.record(z.string(), Place).optional(),
  /** Of a share: sizes as they were applied, which the server shows with two decimals. */
  sizes: Sizes.optional(),
  /** Of a share: the permissions that were declared, such as `user alice`. */
  permissions: z.array(z.string()).optional(),
  /** Of a share: the quotas that were declared, such as `user/2001`, with their sizes. */
  quotas: z.record(z.string(), Sizes).optional(),
  /** Of something that only a restart of the server helps: that it was asked for, for the share of this id, or the store of this name. */
  tried: z.string().optional(),
  /** Of a snapshot policy: whether it was declared within a share. */
  within_share: z.boolean().optional(),
});
export type Note = z.output<typeof Note>;

/** The settings of a server in which the notes lie; GET /settings lists them. */
export const Settings = z.array(z.looseObject({ key: z.string(), value: z.string() }));
export type Settings = z.output<typeof Settings>;

const PREFIX = 'dittofs-provisioner.';

/** The setting that says what a restart is needed for. */
const RESTART = `${PREFIX}restart`;

/** What needs a restart: by the object, something new for each time that it came to need one. */
const Waiting = z.record(z.string(), z.string());

/** Stands before the event of a try that got no answer: it may have been done, and is tried again. */
const UNANSWERED = '?';

/** Notes that the server keeps for the provisioner. */
export interface Notes {
  readonly of: (kind: NoteKind, name: string) => Note;
  readonly all: (kind: NoteKind) => readonly Note[];
  /** Writes a note, where it differs from the one that there is; one that says nothing is removed. */
  readonly put: (kind: NoteKind, note: Note) => Promise<Answer>;
  /**
   * Does what a server takes up only when it starts again, and notes before that it has to.
   *
   * A provisioner that dies in between asks for one restart too many, and never for one too few. Where the need cannot be
   * noted, nothing is done. What is refused in each round, or gets no answer in any, does not ask for a restart in each:
   * the former note comes back, or is taken for all tries until one is answered.
   */
  readonly withRestart: (about: string, act: () => Promise<Answer>) => Promise<Answer>;
  /** Changes whenever the server has to start again; empty until it first has to. */
  readonly restart: () => string;
}

/** The key of a note; a name that a path cannot carry as it is becomes its hash. */
function keyOf(kind: NoteKind, name: string): string {
  const bare = name.replace(/^\//, '');
  const carried = /^[A-Za-z0-9._-]{1,128}$/.test(bare) ? bare : `~${sha256(name).slice(0, 40)}`;
  return `${PREFIX}${kind}.${carried}`;
}

/** The text of a note; fields without content say nothing. */
function textOf({ name, ...rest }: Note): string | undefined {
  const told = Object.entries(rest).filter(([, value]) => value !== undefined && !isEmptyCollection(value));
  if (told.length === 0) return undefined;
  return JSON.stringify(sortFields({ name, ...Object.fromEntries(told) }));
}

function isEmptyCollection(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function read<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The notes among a server's settings; `send` writes them. */
export function createNotes(settings: Settings, send: (request: Request) => Promise<Answer>): Notes {
  const texts = new Map(settings.filter(({ key }) => key.startsWith(PREFIX)).map(({ key, value }) => [key, value]));

  const write = async (key: string, value: string | undefined): Promise<Answer> => {
    const done: Answer = { ok: true, body: undefined };
    if (texts.get(key) === value) return done;
    const answer =
      value === undefined
        ? await send({ method: 'DELETE', path: path('settings', key) })
        : await send({ method: 'PUT', path: path('settings', key), body: { value } });
    if (!answer.ok) return answer;
    if (value === undefined) texts.delete(key);
    else texts.set(key, value);
    return answer;
  };

  let lastWaiting: Promise<Answer> = Promise.resolve({ ok: true, body: undefined });
  const waiting = (): Readonly<Record<string, string>> => read(Waiting, texts.get(RESTART)) ?? {};
  const wait = (about: string, event: string | undefined): Promise<Answer> => {
    // One after the other: each changes what the one before wrote.
    lastWaiting = lastWaiting.then(() => {
      const next = new Map(Object.entries(waiting()));
      if (event === undefined) next.delete(about);
      else next.set(about, event);
      return write(RESTART, next.size === 0 ? undefined : JSON.stringify(sortFields(Object.fromEntries(next))));
    });
    return lastWaiting;
  };

  return {
    of: (kind, name) => {
      const note = read(Note, texts.get(keyOf(kind, name)));
      return note?.name === name ? note : { name };
    },
    all: (kind) =>
      [...texts]
        .filter(([key]) => key.startsWith(`${PREFIX}${kind}.`))
        .flatMap(([, text]) => read(Note, text) ?? [])
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    put: (kind, note) => write(keyOf(kind, note.name), textOf(note)),
    withRestart: async (about, act) => {
      const former = waiting()[about];
      const isRepeated = former?.startsWith(UNANSWERED) === true;
      const event = randomBytes(8).toString('hex');
      const noted = isRepeated ? undefined : await wait(about, event);
      if (noted?.ok === false) return { ...noted, reason: `that it needs a restart cannot be noted: ${noted.reason}` };
      const answer = await act();
      if (answer.ok && isRepeated) await wait(about, event);
      if (!answer.ok && !isRepeated) await wait(about, isUndone(answer) ? former : `${UNANSWERED}${event}`);
      return answer;
    },
    restart: () => {
      const text = texts.get(RESTART);
      return text === undefined || text === '' ? '' : sha256(text);
    },
  };
}
