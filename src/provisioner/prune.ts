import type { ServingPlan } from '../api/provisioning.ts';
import { ADMIN } from './administrator.ts';
import type { Kind } from './change.ts';
import type { Note, NoteKind } from './notes.ts';
import { path, sharePath } from './path.ts';
import { putNote, type Round } from './round.ts';
import { storeKinds } from './stores.ts';

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
}

const names = (items: readonly { readonly name: string }[]): readonly string[] => items.map(({ name }) => name);

/** All kinds, in the order in which they can go: what others use goes after them. */
function prunables({ server }: Round, plan: ServingPlan): readonly Prunable[] {
  return [
    {
      kind: 'share',
      note: 'share',
      present: server.shares,
      declared: names(plan.shares),
      path: sharePath,
      // Its files stay in its stores.
      keep: ({ name, stores, quotas }) => ({ name, stores, quotas }),
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
    ...storeKinds.map(({ kind, note, declared, present, api }) => ({
      kind,
      note,
      present: server[present],
      declared: names(plan[declared]),
      path: (name: string) => path(...api, name),
    })),
  ];
}

async function remove(round: Round, { kind, note, present, path: pathOf, keep }: Prunable, noted: Note): Promise<void> {
  const { name } = noted;
  const answer = await round.change(
    { kind, name, action: 'remove', fields: [] },
    { method: 'DELETE', path: pathOf(name) },
  );
  if (!answer.ok && answer.status !== 404) {
    round.problem(kind, name, `is no longer declared, and cannot be removed: ${answer.reason}`);
    return;
  }
  present.delete(name);
  await putNote(round, note, keep?.(noted) ?? { name });
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
