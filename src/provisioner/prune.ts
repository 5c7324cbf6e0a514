import * as z from 'zod';
import type { ServingPlan } from '../api/provisioning.ts';
import { ADMIN } from './administrator.ts';
import type { Kind } from './change.ts';
import type { Note, NoteKind } from './notes.ts';
import { path, sharePath } from './path.ts';
import { placedOf } from './places.ts';
import { putNote, type Round } from './round.ts';
import { readAs } from './server-state.ts';
import { storeKinds, type StoreKind } from './store-kinds.ts';

/** Groups that every server has. */
const systemGroups = ['admins', 'operators', 'users'];

/** One kind of object that can be removed. */
interface Prunable {
  readonly kind: Kind;
  readonly note: NoteKind;
  readonly present: Map<string, { readonly id: string }>;
  readonly declared: readonly string[];
  readonly path: (name: string) => string;
  /** What is still to be known of an object that is gone. */
  readonly keep?: (note: Note) => Note;
  /** Why one has to stay all the same; undefined where nothing is lost with it. */
  readonly stays?: (name: string) => Promise<string | undefined>;
}

const names = (items: readonly { readonly name: string }[]): readonly string[] => items.map(({ name }) => name);

/** The server removes a share together with its snapshots, on disk, too. https://github.com/marmos91/dittofs/blob/v0.29.0/pkg/controlplane/store/shares.go */
async function snapshotsOf(round: Round, share: string): Promise<string | undefined> {
  const snapshots = await readAs(round.send, sharePath(share, 'snapshots'), z.array(z.unknown()));
  if (!snapshots.ok) return `its snapshots cannot be read: ${snapshots.reason}`;
  const { length } = snapshots.value;
  if (length === 0) return undefined;
  return `it has ${length} snapshot${length === 1 ? '' : 's'}, which would go with it: remove them first`;
}

/** Where a store lies that the server has open even when it is removed. */
function openPlace(round: Round, where: StoreKind, name: string): Pick<Note, 'open'> {
  const { place } = placedOf(round, where, name);
  return where.kind === 'metadata store' && place?.type === 'badger' ? { open: place } : {};
}

/** All kinds, in the order in which they can go: what others use goes after them. */
function prunables(round: Round, plan: ServingPlan): readonly Prunable[] {
  const { server } = round;
  return [
    {
      kind: 'share',
      note: 'share',
      present: server.shares,
      declared: names(plan.shares),
      path: sharePath,
      // Its files stay in its stores.
      keep: ({ name, stores, places, quotas }) => ({ name, stores, places, quotas }),
      stays: (name) => snapshotsOf(round, name),
    },
    {
      kind: 'user',
      note: 'user',
      present: server.users,
      declared: [ADMIN, ...names(plan.users)],
      path: (name) => path('users', name),
    },
    {
      kind: 'group',
      note: 'group',
      present: server.groups,
      declared: [...systemGroups, ...names(plan.groups)],
      path: (name) => path('groups', name),
    },
    ...storeKinds.map((where) => ({
      kind: where.kind,
      note: where.note,
      present: server[where.present],
      declared: names(plan[where.declared]),
      path: (name: string) => path(...where.api, name),
      keep: ({ name }: Note) => ({ name, ...openPlace(round, where, name) }),
    })),
  ];
}

async function remove(round: Round, prunable: Prunable, noted: Note): Promise<void> {
  const { kind, note, present, path: pathOf, keep, stays } = prunable;
  const { name } = noted;
  const reason = await stays?.(name);
  if (reason !== undefined) {
    round.problem(kind, name, `is no longer declared, and stays: ${reason}`);
    return;
  }
  const answer = await round.change(
    { kind, name, action: 'remove', fields: [] },
    { method: 'DELETE', path: pathOf(name) },
  );
  if (!answer.ok && answer.status !== 404) {
    round.problem(kind, name, `is no longer declared, and cannot be removed: ${answer.reason}`);
    return;
  }
  const kept = keep?.(noted) ?? { name };
  present.delete(name);
  await putNote(round, note, kept);
}

/**
 * Removes what the provisioner made itself and is no longer declared: told by the server's own id, because somebody may
 * have removed it, and made another of the same name.
 */
export async function prune(round: Round, plan: ServingPlan): Promise<void> {
  for (const prunable of prunables(round, plan)) {
    const { note, present, declared } = prunable;
    for (const noted of round.notes.all(note)) {
      const actual = present.get(noted.name);
      const isOurs = actual !== undefined && noted.made !== undefined && noted.made !== '' && actual.id === noted.made;
      if (isOurs && !declared.includes(noted.name)) await remove(round, prunable, noted);
    }
  }
}
