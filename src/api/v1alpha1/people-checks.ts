import type * as z from 'zod';
import { meaning, report, type Check } from './check.ts';
import { knownGroups, knownUsers, type People } from './people.ts';
import { quote } from './problem.ts';
import type { Shares } from './shares.ts';

/** Somebody with the number by which the server knows them. */
interface Numbered {
  readonly name: string;
  readonly number: number | undefined;
}

function duplicateNumbers(ctx: z.core.$RefinementCtx, list: 'users' | 'groups', people: readonly Numbered[]): void {
  const field = list === 'users' ? 'uid' : 'gid';
  people.forEach(({ number }, index) => {
    const first = people.findIndex((other) => other.number === number);
    if (number === undefined || first === index) return;
    report(ctx, [list, index, field], `is the ${field} of ${quote(people[first]?.name)}, too`);
  });
}

/** No two people have the same number, and everybody is a member of groups that there are. */
export const checkPeople: Check<People> = (spec, ctx) => {
  const { users = [], groups = [] } = spec;
  const numberedUsers = users.map(({ name, uid }) => ({ name, number: uid }));
  const numberedGroups = groups.map(({ name, gid }) => ({ name, number: gid }));
  duplicateNumbers(ctx, 'users', numberedUsers);
  duplicateNumbers(ctx, 'groups', numberedGroups);
  const known = knownGroups(spec);
  users.forEach(({ groups: memberships }, index) => {
    memberships.forEach((name, membership) => {
      if (known.has(name)) return;
      const message = `is not a declared group${meaning(name, known.keys())}`;
      report(ctx, ['users', index, 'groups', membership], message);
    });
  });
};

/** A share names people whom there are, by a number where the server needs one. */
export const checkSharePeople: Check<People & { readonly shares?: z.output<typeof Shares> | undefined }> = (
  spec,
  ctx,
) => {
  const known = { user: knownUsers(spec), group: knownGroups(spec) };
  const isKnown = (type: 'user' | 'group', name: string, path: readonly (string | number)[]): boolean => {
    if (known[type].has(name)) return true;
    report(ctx, path, `is not a declared ${type}${meaning(name, known[type].keys())}`);
    return false;
  };
  spec.shares?.forEach(({ owner, permissions, quotas, volume }, index) => {
    const share = ['shares', index];
    if (owner !== undefined && isKnown('user', owner, [...share, 'owner']) && known.user.get(owner) === undefined) {
      report(ctx, [...share, 'owner'], 'is a user without a uid, who cannot own a folder');
    }
    permissions.forEach(({ type, name }, at) => isKnown(type, name, [...share, 'permissions', at, 'name']));
    quotas.forEach(({ type, name }, at) => {
      const path = [...share, 'quotas', at, 'name'];
      if (!isKnown(type, name, path) || known[type].get(name) !== undefined) return;
      const number = type === 'user' ? 'uid' : 'gid';
      report(ctx, path, `is a ${type} without a ${number}, by which the server counts`);
    });
    const mounter = volume?.user;
    if (mounter === undefined) return;
    const path = [...share, 'volume', 'user'];
    const user = spec.users?.find(({ name }) => name === mounter);
    if (user === undefined) {
      const names = spec.users?.map(({ name }) => name) ?? [];
      report(ctx, path, `is not a declared user${meaning(mounter, names)}`);
    } else if (user.passwordSecretRef !== undefined) {
      report(ctx, path, 'is a user with passwordSecretRef: volumes need the Secret that is generated without it');
    }
  });
};
