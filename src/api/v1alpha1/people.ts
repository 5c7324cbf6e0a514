import * as z from 'zod';
import { distinct, each, SecretKey, text } from './fields.ts';
import { matching, pattern, withRules, type Rule } from './rule.ts';

/** The largest uid and gid: one more means nobody at all. */
const MOST_ID = 4_294_967_294;

/** The user that every server has, with its uid. */
export const administrator = { name: 'admin', uid: 0 } as const;

/** The groups that every server has, with their gids; users may be members of them. */
export const systemGroups = { admins: 0, operators: 999, users: 1000 } as const;

const systemGroupNames = Object.keys(systemGroups);
const systemGids: readonly number[] = Object.values(systemGroups).filter((gid) => gid > 0);

/** The most items of lists in other lists: the API server bounds what its rules may cost. */
const MOST_MEMBERSHIPS = 32;

const nameRule = (example: string): Rule<string> =>
  matching('^[a-z_][a-z0-9_-]*$', `is not a name such as "${example}": lower-case letters, digits, _ and -`);

/** The name of a user or a group, whoever it is. */
export function personName() {
  return withRules(text(32), [nameRule('alice')]);
}

/** The name of a group, whether it is declared or the server's own. */
function groupName() {
  return withRules(text(32), [nameRule('staff')]);
}

const Group = z.strictObject({
  name: withRules(text(32), [
    nameRule('staff'),
    {
      cel: `!(self in [${systemGroupNames.map((name) => `'${name}'`).join(', ')}])`,
      says: 'is a group that every server has: it cannot be declared',
      holds: (name) => !systemGroupNames.includes(name),
    },
  ]).meta({ description: 'Name of the group; admins, operators and users are the server’s own.' }),
  gid: withRules(z.int().min(1).max(MOST_ID), [
    {
      cel: `!(self in [${systemGids.join(', ')}])`,
      says: 'is the gid of a group that every server has: choose another',
      holds: (gid) => !systemGids.includes(gid),
    },
  ])
    .optional()
    .meta({ description: 'Its number, for NFS; no two groups may have the same.' }),
  description: text(255).optional().meta({ description: 'What the group is for.' }),
});

const UserFields = z.strictObject({
  name: withRules(text(32), [
    nameRule('alice'),
    {
      cel: `self != '${administrator.name}'`,
      says: 'is the administrator, whom every server has: use spec.identity.admin',
      holds: (name) => name !== administrator.name,
    },
  ]).meta({ description: 'Name of the user.' }),
  passwordSecretRef: SecretKey.optional().meta({
    description:
      'Secret with the password, of 8 to 72 bytes. Left out: Secret <name>.user.<user>, of type kubernetes.io/basic-auth, is generated once.',
  }),
  uid: z.int().min(1).max(MOST_ID).optional().meta({
    description: 'The user’s number, for NFS; no two users may have the same.',
  }),
  gid: z.int().min(1).max(MOST_ID).optional().meta({ description: 'Number of the user’s own group.' }),
  groups: each(groupName(), MOST_MEMBERSHIPS)
    .default([])
    .meta({ description: 'Groups of which the user is a member.' }),
  role: z.enum(['user', 'operator', 'admin']).default('user').meta({
    description: 'What the user may do with the REST API: nothing of the server’s, read some of it, or everything.',
  }),
  enabled: z.boolean().default(true).meta({ description: 'false: the user cannot log in.' }),
  displayName: text(255).optional().meta({ description: 'The user’s name in full.' }),
  email: text(255).optional().meta({ description: 'The user’s address.' }),
});

/** Names after which a Secret and its Object can be named. */
const namesSecret = pattern('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$');

const User = withRules(UserFields, [
  {
    cel: `has(self.passwordSecretRef) || ${namesSecret.cel('self.name')}`,
    says: 'is a name after which no Secret can be named: give the user a passwordSecretRef, or a name without _ that does not end with -',
    field: ['name'],
    reads: ['name', 'passwordSecretRef'],
    holds: ({ name, passwordSecretRef }) => passwordSecretRef !== undefined || namesSecret.test(name),
  },
]);

/** Groups that are declared. */
export const Groups = distinct(z.array(Group).max(256), 'name');

/** Users that are declared. */
export const Users = distinct(z.array(User).max(256), 'name');

/** What a spec says of people. */
export interface People {
  readonly users?: z.output<typeof Users> | undefined;
  readonly groups?: z.output<typeof Groups> | undefined;
}

/** Every user whom a share may name with the uid, if there is one. */
export function knownUsers({ users = [] }: People): ReadonlyMap<string, number | undefined> {
  return new Map([[administrator.name, administrator.uid], ...users.map(({ name, uid }) => [name, uid] as const)]);
}

/** Every group that a share or a user may name with the gid, if there is one. */
export function knownGroups({ groups = [] }: People): ReadonlyMap<string, number | undefined> {
  return new Map([...Object.entries(systemGroups), ...groups.map(({ name, gid }) => [name, gid] as const)]);
}
