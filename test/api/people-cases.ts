import { refused, type Refused } from './case.ts';
import { notSecret, notUser, passwordSecretRef, share } from './serving-specs.ts';

/** Cases of users and groups, and of shares that name them; cases.ts says what a case is. */

const notGroup = 'is not a name such as "staff": lower-case letters, digits, _ and -';
const namesNoSecret =
  'is a name after which no Secret can be named: give the user a passwordSecretRef, or a name without _ that does not end with -';

export const refusedPeople: readonly Refused[] = [
  refused(
    'users after whom no Secret can be named',
    {
      users: [
        { name: 'print_server' },
        { name: 'alice-' },
        { name: 'print_client', passwordSecretRef: { name: 'passwords', key: 'client' } },
      ],
    },
    'cel',
    `spec.users[0].name: "print_server" ${namesNoSecret}`,
    `spec.users[1].name: "alice-" ${namesNoSecret}`,
  ),
  refused(
    'people who are called what nobody is',
    {
      groups: [{ name: 'Staff' }, { name: 'users', gid: 1000 }],
      users: [
        { name: 'alice@example.com', passwordSecretRef: { name: 'A', key: 'b' } },
        { name: 'admin', groups: ['My Group'] },
      ],
    },
    'cel',
    `spec.groups[0].name: "Staff" ${notGroup}`,
    'spec.groups[1].gid: 1000 is the gid of a group that every server has: choose another',
    'spec.groups[1].name: "users" is a group that every server has: it cannot be declared',
    `spec.users[0].name: "alice@example.com" ${notUser}`,
    `spec.users[0].passwordSecretRef.name: "A" ${notSecret}`,
    `spec.users[1].groups[0]: "My Group" ${notGroup}`,
    'spec.users[1].name: "admin" is the administrator, whom every server has: use spec.identity.admin',
  ),
  refused(
    'people with the numbers of others, and in groups of nobody',
    {
      groups: [
        { name: 'staff', gid: 2000 },
        { name: 'guests', gid: 2000 },
      ],
      users: [
        { name: 'alice', uid: 1, groups: ['stafff', 'nobody', 'users'] },
        { name: 'bob', uid: 1 },
        { name: 'carol' },
        { name: 'dave' },
      ],
    },
    'function',
    'spec.groups[1].gid: 2000 is the gid of "staff", too',
    'spec.users[0].groups[0]: "stafff" is not a declared group; did you mean "staff"?',
    'spec.users[0].groups[1]: "nobody" is not a declared group',
    'spec.users[1].uid: 1 is the uid of "alice", too',
  ),
  refused(
    'people who are not declared, or have no number',
    {
      groups: [{ name: 'staff' }],
      users: [{ name: 'alice' }, { name: 'bob', passwordSecretRef }],
      shares: [
        {
          name: '/a',
          owner: 'alice',
          permissions: [
            { type: 'user', name: 'alise', level: 'read' },
            { type: 'group', name: 'alice', level: 'read' },
          ],
          quotas: [
            { type: 'user', name: 'alice', files: 1 },
            { type: 'group', name: 'staff', files: 1 },
            { type: 'group', name: 'everybody', files: 1 },
          ],
          quota: '1Gi',
          volume: { protocol: 'smb', user: 'bob' },
        },
        { name: '/b', owner: 'carol', quota: '1Gi', volume: { protocol: 'smb', user: 'bib' } },
        { name: '/c', quota: '1Gi', volume: { protocol: 'smb', user: 'admin' } },
      ],
    },
    'function',
    'spec.shares[0].owner: "alice" is a user without a uid, who cannot own a folder',
    'spec.shares[0].permissions[0].name: "alise" is not a declared user; did you mean "alice"?',
    'spec.shares[0].permissions[1].name: "alice" is not a declared group',
    'spec.shares[0].quotas[0].name: "alice" is a user without a uid, by which the server counts',
    'spec.shares[0].quotas[1].name: "staff" is a group without a gid, by which the server counts',
    'spec.shares[0].quotas[2].name: "everybody" is not a declared group',
    'spec.shares[0].volume.user: "bob" is a user with passwordSecretRef: volumes need the Secret that is generated without it',
    'spec.shares[1].owner: "carol" is not a declared user',
    'spec.shares[1].volume.user: "bib" is not a declared user; did you mean "bob"?',
    'spec.shares[2].volume.user: "admin" is not a declared user',
  ),
  refused(
    'people of a share where nobody is declared',
    share({ quota: '1Gi', volume: { protocol: 'smb', user: 'alice' } }),
    'function',
    'spec.shares[0].volume.user: "alice" is not a declared user',
  ),
];
