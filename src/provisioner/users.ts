import type { DeclaredUser } from '../api/provisioning.ts';
import { defined, type JsonObject } from '../lib/json.ts';
import { ADMIN } from './administrator.ts';
import { make } from './attempts.ts';
import { changed, differences } from './compare.ts';
import { inTurns } from './in-turns.ts';
import { hasPasswordLength, wrongPasswordLength } from './password-length.ts';
import { path } from './path.ts';
import { idOf, putNote, type Round } from './round.ts';
import type { ServerUser } from './server-state.ts';

/** Told of a user whose password was just set. */
export type Settle = (round: Round, user: DeclaredUser, password: string) => Promise<void>;

/** The declared password of a user, where it can be used; otherwise that is reported. */
export function usablePassword(round: Round, { name, password }: DeclaredUser): string | undefined {
  const value = round.secret(password);
  if (value === undefined) {
    round.problem('user', name, round.lack(password));
    return undefined;
  }
  if (hasPasswordLength(value)) return value;
  round.problem('user', name, wrongPasswordLength(password));
  return undefined;
}

/** The declared groups that there are; the others are reported. */
function reachableGroups(round: Round, { name, groups }: DeclaredUser): readonly string[] {
  return groups.filter((group) => {
    if (round.server.groups.has(group)) return true;
    round.problem('user', name, `needs group ${JSON.stringify(group)}, which is not there yet`);
    return false;
  });
}

function fieldsOf({ role, uid, gid, enabled, email, display_name }: DeclaredUser): JsonObject {
  return defined({ role, uid, gid, enabled, email, display_name });
}

async function makeUser(
  round: Round,
  user: DeclaredUser,
  password: string,
  groups: readonly string[],
  settle: Settle,
): Promise<void> {
  const { name } = user;
  const body = { username: name, password, ...fieldsOf(user), groups };
  const answer = await make(round, 'user', name, { method: 'POST', path: path('users'), body });
  if (!answer.ok) {
    round.problem('user', name, `is not there: ${answer.reason}`);
    return;
  }
  if (!user.enabled) {
    // The server takes false for "not given" when it makes somebody.
    const request = { method: 'PUT', path: path('users', name), body: { enabled: false } } as const;
    const disabled = await round.send(request);
    if (!disabled.ok) round.problem('user', name, `cannot be disabled: ${disabled.reason}`);
  }
  const id = idOf(answer.body);
  const { role, enabled, uid, gid } = user;
  round.server.users.set(name, { id, username: name, role, enabled, uid, gid, groups: [...groups] });
  await putNote(round, 'user', { name, made: id, groups: [...user.groups].sort() });
  await settle(round, user, password);
}

/** The groups that a user is to be in: those that are declared, and those that somebody else put the user in. */
function wantedGroups(
  declared: readonly string[],
  noted: readonly string[],
  actual: readonly string[],
): readonly string[] {
  const byHand = actual.filter((group) => !noted.includes(group));
  return [...new Set([...declared, ...byHand])].sort();
}

async function updateUser(
  round: Round,
  user: DeclaredUser,
  password: string | undefined,
  groups: readonly string[],
  actual: ServerUser,
): Promise<void> {
  const { name } = user;
  const before = round.notes.of('user', name);
  const isLetIn = user.enabled && !actual.enabled;
  const declared = {
    ...fieldsOf(user),
    // The former password would open the door again.
    ...(isLetIn && password === undefined && { enabled: false }),
    groups: wantedGroups(groups, before.groups ?? [], actual.groups ?? []),
  };
  const { role, enabled, uid, gid, email, display_name } = actual;
  const changes = differences(declared, { role, enabled, uid, gid, email, display_name, groups: actual.groups });
  // Noted before it is done: a membership is to be taken back, whatever happens in between.
  const owned = [...new Set([...user.groups, ...(before.groups ?? [])])].sort();
  if (!(await putNote(round, 'user', { ...before, groups: owned }))) return;
  if (changes.length > 0) {
    if (isLetIn && password !== undefined && !(await setPassword(round, user, password))) return;
    const answer = await round.change(
      { kind: 'user', name, action: 'update', fields: changes },
      { method: 'PUT', path: path('users', name), body: changed(declared, changes) },
    );
    if (!answer.ok) {
      round.problem('user', name, `cannot be changed: ${answer.reason}`);
      return;
    }
    round.server.users.set(name, { ...actual, enabled: declared.enabled === true, uid: user.uid ?? uid });
  }
  await putNote(round, 'user', { ...before, groups: [...user.groups].sort() });
}

/** Gives a user the declared password; before somebody is let in again, so that a former one opens nothing. */
export async function setPassword(round: Round, { name }: DeclaredUser, password: string): Promise<boolean> {
  const answer = await round.change(
    { kind: 'user', name, action: 'update', fields: [{ name: 'password' }] },
    { method: 'POST', path: path('users', name, 'password'), body: { new_password: password } },
  );
  if (!answer.ok) round.problem('user', name, `its password cannot be set: ${answer.reason}`);
  return answer.ok;
}

/** Who else has the uid of a user, or is declared with it before: the server only says that there is somebody already. */
function ownerOf({ plan, server }: Round, { name, uid }: DeclaredUser): string | undefined {
  const there = [...server.users.values()].find((other) => other.uid === uid && other.username !== name);
  const first = plan.users.find((other) => other.uid === uid);
  return there?.username ?? (first?.name === name ? undefined : first?.name);
}

/** Makes and updates users; resolves with the passwords that those who are there are to have. */
export async function convergeUsers(round: Round, settle: Settle): Promise<ReadonlyMap<DeclaredUser, string>> {
  const { users } = round.server;
  const passwords = new Map<DeclaredUser, string>();
  await inTurns(round.plan.users, async (user) => {
    const { name, uid } = user;
    if (name === ADMIN) {
      round.problem('user', name, 'is the administrator of the server, whose password is declared elsewhere');
      return;
    }
    const password = usablePassword(round, user);
    const groups = reachableGroups(round, user);
    const owner = ownerOf(round, user);
    if (uid !== undefined && owner !== undefined) {
      round.problem('user', name, `its uid ${uid} is that of user ${JSON.stringify(owner)}`);
      return;
    }
    const actual = users.get(name);
    if (actual !== undefined) await updateUser(round, user, password, groups, actual);
    else if (password !== undefined) await makeUser(round, user, password, groups, settle);
    if (password !== undefined && users.has(name)) passwords.set(user, password);
  });
  return passwords;
}
