import * as z from 'zod';
import type { DeclaredPermission, DeclaredShare } from '../api/provisioning.ts';
import { nameOf } from './change.ts';
import { sharePath } from './path.ts';
import type { Round } from './round.ts';
import { readAs } from './server-state.ts';

/** A share without any has null. Whoever comes from a directory is told of as a `sid`. */
const Permissions = z
  .array(z.looseObject({ type: z.string(), name: z.string(), level: z.string(), is_group: z.boolean().optional() }))
  .nullable();

/** Whose permission it is, as it is noted: `user alice`. */
function keyOf({ type, name }: Pick<DeclaredPermission, 'type' | 'name'>): string {
  return `${type} ${name}`;
}

/** Whose permissions a share declares. */
export function permissionKeys({ permissions }: DeclaredShare): readonly string[] {
  return permissions.map(keyOf);
}

function levelsOf(permissions: z.output<typeof Permissions>): ReadonlyMap<string, string> {
  return new Map(
    (permissions ?? []).map(({ type, name, level, is_group }) => {
      const kind = type === 'sid' ? (is_group === true ? 'group' : 'user') : type;
      return [`${kind} ${name}`, level];
    }),
  );
}

/** Path of a permission from its key. */
function permissionPath(share: string, key: string): string {
  const [type = '', ...name] = key.split(' ');
  return sharePath(share, 'permissions', `${type}s`, name.join(' '));
}

/** What a permission has to wait for: somebody who is declared, and is not there; who is not declared may be in a directory. */
function missingFor(round: Round, { type, name }: DeclaredPermission): string | undefined {
  const declared = type === 'user' ? round.plan.users : round.plan.groups;
  const present = type === 'user' ? round.server.users : round.server.groups;
  if (present.has(name) || !declared.some((one) => one.name === name)) return undefined;
  return `needs ${nameOf(type, name)}, which is not there yet`;
}

async function revoke(round: Round, share: string, key: string, level: string): Promise<boolean> {
  const [type = '', ...name] = key.split(' ');
  const fields = [{ name: `permission of ${type} ${JSON.stringify(name.join(' '))}`, from: level, to: null }];
  const answer = await round.change(
    { kind: 'share', name: share, action: 'update', fields },
    { method: 'DELETE', path: permissionPath(share, key) },
  );
  if (!answer.ok) round.problem('share', share, `the permission of ${key} cannot be taken back: ${answer.reason}`);
  return answer.ok;
}

/** Gives a permission; false where the server refuses it. Somebody who is not there has to wait, and comes in no other way. */
async function grant(
  round: Round,
  share: string,
  permission: DeclaredPermission,
  from: string | undefined,
): Promise<boolean> {
  const { type, name, level } = permission;
  const missing = missingFor(round, permission);
  if (missing !== undefined) {
    round.problem('share', share, missing);
    return true;
  }
  const who = `permission of ${nameOf(type, name)}`;
  const answer = await round.change(
    {
      kind: 'share',
      name: share,
      action: 'update',
      fields: [{ name: who, to: level, ...(from !== undefined && { from }) }],
    },
    { method: 'PUT', path: permissionPath(share, keyOf(permission)), body: { level } },
  );
  if (!answer.ok) round.problem('share', share, `the ${who} cannot be given: ${answer.reason}`);
  return answer.ok;
}

/** What came of the permissions of a share. */
interface Permitted {
  /** The keys of those that may still have to be taken back. */
  readonly keys: readonly string[];
  /** Whether everybody has what is declared. */
  readonly isDone: boolean;
}

/**
 * Gives the declared permissions, and takes back those of `noted` that are no longer declared; what a person granted
 * stays.
 */
export async function convergePermissions(
  round: Round,
  share: DeclaredShare,
  noted: readonly string[],
): Promise<Permitted> {
  const declared = permissionKeys(share);
  if (noted.length === 0) return { keys: declared, isDone: true };
  const read = await readAs(round.send, sharePath(share.name, 'permissions'), Permissions);
  if (!read.ok && read.status !== 404) {
    round.problem('share', share.name, `its permissions cannot be read: ${read.reason}`);
    return { keys: noted, isDone: false };
  }
  const levels = levelsOf(read.ok ? read.value : null);
  const left: string[] = [];
  for (const key of noted.filter((one) => !declared.includes(one))) {
    const level = levels.get(key);
    if (level !== undefined && !(await revoke(round, share.name, key, level))) left.push(key);
  }
  let isDone = left.length === 0;
  for (const permission of share.permissions) {
    const level = levels.get(keyOf(permission));
    if (level !== permission.level && !(await grant(round, share.name, permission, level))) isDone = false;
  }
  return { keys: [...new Set([...declared, ...left])].sort(), isDone };
}
