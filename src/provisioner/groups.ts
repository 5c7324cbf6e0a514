import { make } from './attempts.ts';
import { changed, differences } from './compare.ts';
import { path } from './path.ts';
import { idOf, putNote, type Round } from './round.ts';

/** Makes and updates groups. */
export async function convergeGroups(round: Round): Promise<void> {
  const { groups } = round.server;
  for (const { name, ...fields } of round.plan.groups) {
    const actual = groups.get(name);
    const owner = [...groups.values()].find((other) => other.gid === fields.gid && other.name !== name);
    if (fields.gid !== undefined && owner !== undefined) {
      round.problem('group', name, `its gid ${fields.gid} is that of group ${JSON.stringify(owner.name)}`);
      continue;
    }
    if (actual === undefined) {
      const answer = await make(round, 'group', name, {
        method: 'POST',
        path: path('groups'),
        body: { name, ...fields },
      });
      if (!answer.ok) {
        round.problem('group', name, `is not there: ${answer.reason}`);
        continue;
      }
      const id = idOf(answer.body);
      groups.set(name, { id, name, ...fields });
      await putNote(round, 'group', { name, made: id });
      continue;
    }
    const changes = differences({ ...fields }, { gid: actual.gid, description: actual.description });
    if (changes.length === 0) continue;
    const body = changed({ ...fields }, changes);
    const answer = await round.change(
      { kind: 'group', name, action: 'update', fields: changes },
      { method: 'PUT', path: path('groups', name), body },
    );
    if (answer.ok) groups.set(name, { ...actual, ...fields });
    else round.problem('group', name, `cannot be changed: ${answer.reason}`);
  }
}
