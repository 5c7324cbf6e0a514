import type { Json } from '../../src/lib/json.ts';
import { change, refused, type Change, type Limit, type Refused } from './case.ts';
import {
  address,
  credentialsSecretRef,
  metadataStore,
  notQuantity,
  notStore,
  notUser,
  passwordSecretRef,
  remoteStore,
  s3,
  share,
} from './serving-specs.ts';

/** Cases of shares, of the settings of protocols, and of all together; cases.ts says what a case is. */

const notShare = 'is not the name of a share such as "/export": lower-case letters, digits and -';
const notKey = 'is not a key of a Secret such as "password": letters, digits, -, _ and .';
const notInterval = 'is neither @hourly, @daily or @weekly nor a duration such as "6h"';
const notTtl = 'is not a duration up to 87600h such as "720h"';
const notLongTime = 'is not a duration from 1s to 87600h such as "15m"';
const tooMany =
  'spec: has more than 12 volumes of shares and users without passwordSecretRef together: give users a passwordSecretRef, or make volumes by hand';

/** As many users without a password of their own. */
function users(count: number): Json {
  return Array.from({ length: count }, (_, index) => ({ name: `user-${index}` }));
}

const everything: Json = {
  storage: { metadataSize: '10Gi', contentSize: '100Gi', cacheSize: '50Gi' },
  percona: { enabled: true },
  nfs: {
    settings: {
      minVersion: '4.0',
      maxVersion: '4.1',
      leaseTime: 10,
      gracePeriod: 3600,
      delegationRecallTimeout: 90,
      callbackTimeout: 5,
      leaseBreakTimeout: 35,
      maxConnections: 0,
      maxClients: 1,
      maxCompoundOps: 4,
      maxReadSize: 4096,
      maxWriteSize: 16777216,
      preferredTransferSize: 1048576,
      delegationsEnabled: false,
      maxDelegations: 0,
      dirDelegBatchWindowMs: 5000,
      blockedOperations: ['MKNOD', 'DELEGRETURN'],
    },
  },
  smb: {
    settings: {
      minDialect: 'SMB3.0',
      maxDialect: 'SMB3.0',
      sessionTimeout: 60,
      oplockBreakTimeout: 120,
      maxConnections: 100000,
      maxSessions: 1000000,
      enableEncryption: true,
      signing: 'enabled',
      directoryLeasingEnabled: false,
      blockedOperations: ['CHANGE_NOTIFY'],
    },
  },
  metadataStores: [
    { name: 'memory', type: 'memory' },
    { name: 'fast', type: 'badger', badger: { blockCacheMB: 64, indexCacheMB: 32, relaxedDurability: false } },
    { name: 'small', type: 'sqlite' },
    { name: 'cluster', type: 'postgres', postgres: { fromPercona: true, maxConns: 10, minConns: 10 } },
    {
      name: 'database',
      type: 'postgres',
      postgres: { ...address, port: 6432, sslMode: 'verify-full', minConns: 0, relaxedDurability: false },
    },
  ],
  blockStores: {
    local: [
      { name: 'disk', type: 'fs', volume: 'content', maxSize: '90Gi', durability: 'writeback' },
      { name: 'cache', type: 'fs', volume: 'cache', durability: 'remote' },
      { name: 'tiny', type: 'fs', volume: 'metadata' },
      { name: 'memory', type: 'memory' },
    ],
    remote: [
      {
        name: 's3',
        type: 's3',
        s3: {
          ...s3,
          region: 'fr-par',
          prefix: 'team-a/nas',
          forcePathStyle: false,
          allowPrivateEndpoint: true,
          credentialsSecretRef: { name: 's3', accessKeyIdKey: 'id', secretAccessKeyKey: 'key' },
          compression: 'lz4',
          parallelUploads: 256,
        },
      },
      { name: 'aws', type: 's3', s3: { bucket: 'files', credentialsSecretRef } },
      { name: 'default', type: 'memory' },
    ],
  },
  groups: [{ name: 'staff', gid: 2000, description: 'All of us' }, { name: '_guests' }],
  users: [
    {
      name: 'alice',
      passwordSecretRef,
      uid: 2001,
      gid: 2000,
      groups: ['staff', 'users', 'admins'],
      role: 'admin',
      enabled: false,
      displayName: 'Alice A.',
      email: 'alice@example.com',
    },
    { name: 'bob' },
  ],
  shares: [
    {
      name: '/export',
      metadataStore: 'fast',
      localBlockStore: 'cache',
      remoteBlockStore: 's3',
      enabled: false,
      readOnly: true,
      owner: 'alice',
      defaultPermission: 'read',
      permissions: [
        { type: 'user', name: 'alice', level: 'admin' },
        { type: 'user', name: 'admin', level: 'read-write' },
        { type: 'group', name: 'operators', level: 'none' },
      ],
      quota: '1Ti',
      quotas: [
        { type: 'user', name: 'alice', limit: '10Gi', softLimit: '10240Mi', files: 10, softFiles: 10, grace: '168h' },
        { type: 'group', name: 'staff', softFiles: 5 },
        { type: 'group', name: 'users', files: 1 },
      ],
      retention: { policy: 'ttl', ttl: '72h' },
      cacheSize: '10Gi',
      readBufferSize: '64Mi',
      encryptData: true,
      blockedOperations: ['WRITE', 'SYMLINK', 'IOCTL'],
      nfs: {
        squash: 'none',
        anonymousUid: 0,
        anonymousGid: 65534,
        allowAuthSys: false,
        requireKerberos: true,
        minKerberosLevel: 'krb5p',
        disableReaddirplus: true,
      },
      smb: {
        accessBasedEnumeration: true,
        changeNotify: false,
        streams: false,
        continuousAvailability: true,
        mfsymlinks: true,
      },
      snapshotPolicy: { interval: '@daily', keepLast: 7, ttl: '720h', enabled: false, namePrefix: 'nightly_-1' },
      trash: {
        enabled: true,
        retentionDays: 30,
        restrictToAdmin: true,
        maxSize: '5Gi',
        excludePatterns: ['*.tmp', '~$*', '[a-z]?', '[^x]', 'a\\[b', '[\\]-x]'],
      },
      volume: { protocol: 'nfs', driver: 'inTree', accessModes: ['ReadOnlyMany'], mountOptions: ['hard'] },
    },
    {
      name: '/b',
      metadataStore: 'default',
      localBlockStore: 'default',
      quota: '1',
      volume: { protocol: 'smb', driver: 'csi', user: 'bob' },
    },
  ],
  snapshotPolicies: [
    { share: '/archive', interval: '@weekly', keepLast: 7, ttl: '', enabled: true, namePrefix: '' },
    { share: 'photos', interval: '1h30m', ttl: '0' },
    { share: '/b', interval: '87600h', ttl: '0s' },
  ],
  prune: true,
};

export const acceptedServing: readonly (readonly [title: string, spec: Json])[] = [
  ['everything that a server serves', everything],
  ['no stores, people and shares', { metadataStores: [], blockStores: {}, groups: [], users: [], shares: [] }],
  ['a share that says nothing', share({})],
  ['a share on the only stores', share({}, { metadataStores: [{ name: 'a', type: 'sqlite' }], blockStores: {} })],
  [
    'a share on the default stores beside others',
    share({ metadataStore: 'default' }, { metadataStores: [{ name: 'a', type: 'sqlite' }] }),
  ],
  ['a share of the administrator', share({ owner: 'admin' })],
  ['twelve users', { users: users(12) }],
  ['one of two versions', { nfs: { settings: { minVersion: '4.1' } }, smb: { settings: { maxDialect: 'SMB2.0' } } }],
  ['a policy that is switched off twice', share({ snapshotPolicy: { interval: '1s' } }, { snapshotPolicies: [] })],
];

const byRule: readonly Refused[] = [
  refused(
    'versions in the wrong order',
    {
      nfs: { settings: { minVersion: '4.1', maxVersion: '3' } },
      smb: { settings: { minDialect: 'SMB3.1.1', maxDialect: 'SMB2.0' } },
    },
    'cel',
    'spec.nfs.settings.minVersion: "4.1" is newer than maxVersion',
    'spec.smb.settings.minDialect: "SMB3.1.1" is newer than maxDialect',
  ),
  refused(
    'shares of wrong names',
    {
      shares: [
        { name: 'export' },
        { name: '/Export', metadataStore: '-', localBlockStore: '-', remoteBlockStore: '-', owner: 'A' },
        {
          name: '/a/b',
          permissions: [{ type: 'user', name: 'A', level: 'read' }],
          quotas: [{ type: 'user', name: 'A', files: 1 }],
        },
        { name: '/x', quota: '1', volume: { protocol: 'smb', user: 'A' } },
      ],
    },
    'cel',
    `spec.shares[0].name: "export" ${notShare}`,
    `spec.shares[1].localBlockStore: "-" ${notStore}`,
    `spec.shares[1].metadataStore: "-" ${notStore}`,
    `spec.shares[1].name: "/Export" ${notShare}`,
    `spec.shares[1].owner: "A" ${notUser}`,
    `spec.shares[1].remoteBlockStore: "-" ${notStore}`,
    `spec.shares[2].name: "/a/b" ${notShare}`,
    `spec.shares[2].permissions[0].name: "A" ${notUser}`,
    `spec.shares[2].quotas[0].name: "A" ${notUser}`,
    `spec.shares[3].volume.user: "A" ${notUser}`,
  ),
  refused(
    'a share of wrong sizes and times',
    share({
      quota: '1 TB',
      quotas: [{ type: 'user', name: 'admin', limit: '0', softLimit: '-1', grace: '7d' }],
      retention: { ttl: '3d' },
      cacheSize: '1 TB',
      readBufferSize: 'big',
      snapshotPolicy: { interval: '@monthly', ttl: '30d', namePrefix: 'a b' },
      trash: { enabled: true, maxSize: '5 GB', excludePatterns: ['[', '[a-]', '[]'] },
    }),
    'cel',
    `spec.shares[0].cacheSize: "1 TB" ${notQuantity}`,
    `spec.shares[0].quota: "1 TB" ${notQuantity}`,
    `spec.shares[0].quotas[0].grace: "7d" ${notLongTime}`,
    `spec.shares[0].quotas[0].limit: "0" ${notQuantity}`,
    `spec.shares[0].quotas[0].softLimit: "-1" ${notQuantity}`,
    `spec.shares[0].readBufferSize: "big" ${notQuantity}`,
    `spec.shares[0].retention.ttl: "3d" ${notLongTime}`,
    `spec.shares[0].snapshotPolicy.interval: "@monthly" ${notInterval}`,
    'spec.shares[0].snapshotPolicy.namePrefix: "a b" is not the beginning of a name such as "nightly-": letters, digits, _ and -',
    `spec.shares[0].snapshotPolicy.ttl: "30d" ${notTtl}`,
    'spec.shares[0].trash.excludePatterns[0]: "[" is not a pattern of names such as "*.tmp"',
    'spec.shares[0].trash.excludePatterns[1]: "[a-]" is not a pattern of names such as "*.tmp"',
    'spec.shares[0].trash.excludePatterns[2]: "[]" is not a pattern of names such as "*.tmp"',
    `spec.shares[0].trash.maxSize: "5 GB" ${notQuantity}`,
  ),
  refused(
    'limits that are none, or out of order',
    share({
      quotas: [
        { type: 'user', name: 'admin', grace: '1h' },
        { type: 'group', name: 'users', limit: '1Gi', softLimit: '1025Mi', files: 1, softFiles: 2 },
      ],
      retention: { policy: 'ttl' },
    }),
    'cel',
    'spec.shares[0].quotas[0]: limits nothing: say what, with limit, softLimit, files or softFiles',
    'spec.shares[0].quotas[1].softFiles: 2 is more than files',
    'spec.shares[0].quotas[1].softLimit: "1025Mi" is more than limit',
    'spec.shares[0].retention.ttl: is required with policy ttl',
  ),
  refused(
    'volumes that cannot be',
    {
      users: [{ name: 'alice' }],
      shares: [
        { name: '/a', volume: {} },
        { name: '/b', quota: '1Gi', volume: { protocol: 'smb', driver: 'inTree', user: 'alice' } },
        { name: '/c', quota: '1Gi', volume: { protocol: 'smb' } },
        { name: '/d', quota: '1Gi', volume: { user: 'alice' } },
        { name: '/e', quota: '1Gi', volume: { accessModes: [] } },
        { name: '/f', quota: '1Gi', volume: { accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'] } },
      ],
    },
    'cel',
    'spec.shares[0].quota: is required with a volume: it is the volume’s capacity',
    'spec.shares[1].volume.driver: "inTree" cannot mount SMB: use csi',
    'spec.shares[2].volume.user: is required with protocol smb: as whom the volume is mounted',
    'spec.shares[3].volume.user: "alice" is only for SMB: leave it out, or choose protocol smb',
    'spec.shares[4].volume.accessModes: is empty: Kubernetes needs one, such as ReadWriteMany',
    'spec.shares[5].volume.accessModes: has other access modes beside ReadWriteOncePod, which Kubernetes takes alone only',
  ),
  refused(
    'keys that no Secret has',
    {
      users: [
        { name: 'alice', passwordSecretRef: { name: 'people', key: '../../alice' } },
        { name: 'bob', passwordSecretRef: { name: 'people', key: '..bob' } },
        { name: 'carol', passwordSecretRef: { name: 'people', key: '.' } },
      ],
      identity: {
        admin: { passwordSecretRef: { name: 'admin', key: 'a:b' } },
        jwt: { secretRef: { name: 'jwt', key: 'a,b' } },
      },
      database: {
        postgres: {
          ...address,
          database: 'dittofs',
          passwordSecretRef: { name: 'db', key: 'a/b' },
          sslMode: 'verify-ca',
          caSecretRef: { name: 'ca', key: 'ca crt' },
        },
      },
      ...metadataStore({
        type: 'postgres',
        postgres: { ...address, passwordSecretRef: { name: 'db', key: 'c/d' } },
      }),
      ...remoteStore({
        type: 's3',
        s3: {
          ...s3,
          credentialsSecretRef: { name: 's3', accessKeyIdKey: 'a b', secretAccessKeyKey: '..' },
          encryption: {
            keySecretRef: { name: 'keys', key: '$key' },
            passphraseSecretRef: { name: 'keys', key: '(pass)' },
          },
        },
      }),
    },
    'cel',
    `spec.blockStores.remote[0].s3.credentialsSecretRef.accessKeyIdKey: "a b" ${notKey}`,
    `spec.blockStores.remote[0].s3.credentialsSecretRef.secretAccessKeyKey: ".." ${notKey}`,
    `spec.blockStores.remote[0].s3.encryption.keySecretRef.key: "$key" ${notKey}`,
    `spec.blockStores.remote[0].s3.encryption.passphraseSecretRef.key: "(pass)" ${notKey}`,
    `spec.database.postgres.caSecretRef.key: "ca crt" ${notKey}`,
    `spec.database.postgres.passwordSecretRef.key: "a/b" ${notKey}`,
    `spec.identity.admin.passwordSecretRef.key: "a:b" ${notKey}`,
    `spec.identity.jwt.secretRef.key: "a,b" ${notKey}`,
    `spec.metadataStores[0].postgres.passwordSecretRef.key: "c/d" ${notKey}`,
    `spec.users[0].passwordSecretRef.key: "../../alice" ${notKey}`,
    `spec.users[1].passwordSecretRef.key: "..bob" ${notKey}`,
    `spec.users[2].passwordSecretRef.key: "." ${notKey}`,
  ),
  refused('too many users', { users: users(13) }, 'cel', tooMany),
  refused('too many users and volumes', share({ quota: '1Gi', volume: {} }, { users: users(12) }), 'cel', tooMany),
  refused(
    'snapshot policies of wrong fields',
    { snapshotPolicies: [{ share: '/a', interval: '0s', ttl: '-1h', namePrefix: 'a/b' }] },
    'cel',
    `spec.snapshotPolicies[0].interval: "0s" ${notInterval}`,
    'spec.snapshotPolicies[0].namePrefix: "a/b" is not the beginning of a name such as "nightly-": letters, digits, _ and -',
    `spec.snapshotPolicies[0].ttl: "-1h" ${notTtl}`,
  ),
];

const bySchema: readonly Refused[] = [
  refused(
    'settings out of range',
    {
      nfs: { settings: { minVersion: '4.2', leaseTime: 9, blockedOperations: ['READ', 'IOCTL', 'READ'] } },
      smb: { settings: { minDialect: 'SMB1', sessionTimeout: 59, signing: 'auto' } },
    },
    'schema',
    'spec.nfs.settings.blockedOperations[2]: "READ" appears twice',
    'spec.nfs.settings.leaseTime: 9 is less than 10',
    'spec.nfs.settings.minVersion: "4.2" is not 3, 4.0 or 4.1',
    'spec.smb.settings.minDialect: "SMB1" is not SMB2.0, SMB2.1, SMB3.0, SMB3.0.2 or SMB3.1.1',
    'spec.smb.settings.sessionTimeout: 59 is less than 60',
    'spec.smb.settings.signing: "auto" is not disabled, enabled or required',
    'spec.nfs.settings.blockedOperations[1]: "IOCTL" is not NULL, GETATTR, SETATTR, LOOKUP, ACCESS, READLINK, READ, WRITE, CREATE, MKDIR, SYMLINK, MKNOD, REMOVE, RMDIR, RENAME, LINK, READDIR, READDIRPLUS, FSSTAT, FSINFO, PATHCONF, COMMIT, OPEN, CLOSE, LOCK, LOCKT, LOCKU, DELEGRETURN, PUTFH, PUTROOTFH, GETFH, SAVEFH, RESTOREFH, VERIFY, NVERIFY, SECINFO, SETCLIENTID or RENEW',
  ),
  refused(
    'names that appear twice',
    {
      metadataStores: [
        { name: 'a', type: 'sqlite' },
        { name: 'a', type: 'memory' },
      ],
      groups: [{ name: 'staff' }, { name: 'staff' }],
      users: [{ name: 'alice', groups: ['staff', 'staff'] }, { name: 'alice' }],
      shares: [
        {
          name: '/a',
          permissions: [
            { type: 'user', name: 'users', level: 'read' },
            { type: 'group', name: 'users', level: 'read' },
            { type: 'group', name: 'users', level: 'admin' },
          ],
        },
        { name: '/a' },
      ],
      snapshotPolicies: [
        { share: '/a', interval: '1h' },
        { share: '/a', interval: '2h' },
      ],
    },
    'schema',
    'spec.groups[1].name: "staff" appears twice',
    'spec.metadataStores[1].name: "a" appears twice',
    'spec.shares[0].permissions[2].name: "users" appears twice',
    'spec.shares[1].name: "/a" appears twice',
    'spec.snapshotPolicies[1].share: "/a" appears twice',
    'spec.users[0].groups[1]: "staff" appears twice',
    'spec.users[1].name: "alice" appears twice',
  ),
  refused(
    'items without what they need',
    {
      metadataStores: [{ name: 'a' }],
      blockStores: { local: [{ type: 'memory' }], remote: [{ name: 'b', type: 's3', s3: {} }] },
      users: [{ uid: 0 }],
      shares: [{ permissions: [{ type: 'user', name: 'alice' }], snapshotPolicy: {}, defaultPermission: 'rw' }],
    },
    'schema',
    'spec.blockStores.local[0].name: is required',
    'spec.blockStores.remote[0].s3.bucket: is required',
    'spec.blockStores.remote[0].s3.credentialsSecretRef: is required',
    'spec.metadataStores[0].type: is required',
    'spec.shares[0].defaultPermission: "rw" is not none, read, read-write or admin',
    'spec.shares[0].name: is required',
    'spec.shares[0].permissions[0].level: is required',
    'spec.shares[0].snapshotPolicy.interval: is required',
    'spec.users[0].name: is required',
    'spec.users[0].uid: 0 is less than 1',
  ),
];

const byFunction: readonly Refused[] = [
  refused(
    'a volume by a version that is not spoken',
    {
      nfs: { settings: { maxVersion: '4.0' } },
      shares: [
        { name: '/a', quota: '1Gi', volume: {} },
        { name: '/b', quota: '1Gi', volume: { mountOptions: ['vers=4.0'] } },
      ],
    },
    'function',
    'spec.nfs.settings.maxVersion: "4.0" is older than NFS 4.1, by which spec.shares[0].volume is mounted: name another nfsvers in its mountOptions',
  ),
  refused(
    'a volume by a protocol that is off',
    { nfs: { enabled: false }, shares: [{ name: '/pods', quota: '1Gi', volume: {} }] },
    'function',
    'spec.shares[0].volume.protocol: "nfs" is not spoken: spec.nfs.enabled is false',
  ),
  refused(
    'a version that is a number, and a bin that does not say whether it is one',
    { nfs: { settings: { minVersion: 4.0, maxVersion: 3 } }, shares: [{ name: '/a', trash: { retentionDays: 30 } }] },
    'schema',
    'spec.nfs.settings.maxVersion: 3 is not 3, 4.0 or 4.1 as text; put it in quotes',
    'spec.nfs.settings.minVersion: 4 is not 3, 4.0 or 4.1 as text; put it in quotes',
    'spec.shares[0].trash.enabled: is required',
  ),
  refused(
    'two snapshot policies for one share',
    {
      shares: [{ name: '/a', snapshotPolicy: { interval: '1h' } }, { name: '/b' }],
      snapshotPolicies: [
        { share: 'a', interval: '@daily' },
        { share: '/b', interval: '@daily' },
        { share: 'b', interval: '@hourly' },
      ],
    },
    'function',
    'spec.snapshotPolicies[0].share: "a" has a policy in spec.shares[0].snapshotPolicy, too: leave one of them out',
    'spec.snapshotPolicies[2].share: "b" is the share "/b", which has a policy already',
  ),
];

export const refusedServing: readonly Refused[] = [...byRule, ...bySchema, ...byFunction];

const otherStore =
  'is not the store that the share was made with: its files would read as zeros; moving data is a new share';
const noStore =
  'is missing: the share was made with a remote store, in which its files are; moving data is a new share';
const otherVolume =
  'is not what the volume was made with: Kubernetes cannot change it; leave the volume out first, then make another';

function otherMeaning(field: string): string {
  return `spec.shares: would move a share to another ${field} than it was made with, in which its files would read as zeros: name in each share the one that it has, which is default where none was declared`;
}

const memoryStores = {
  metadataStores: [
    { name: 'a', type: 'memory' },
    { name: 'b', type: 'memory' },
  ],
  blockStores: {
    local: [
      { name: 'a', type: 'memory' },
      { name: 'b', type: 'memory' },
    ],
    remote: [
      { name: 'a', type: 'memory' },
      { name: 'b', type: 'memory' },
    ],
  },
};
const bound = { metadataStore: 'a', localBlockStore: 'a' };

const shareChanges: readonly Change[] = [
  change(
    'a share is on other stores',
    share({ ...bound, remoteBlockStore: 'a' }, memoryStores),
    share({ metadataStore: 'b', localBlockStore: 'b', remoteBlockStore: 'b' }, memoryStores),
    `spec.shares[0].localBlockStore: "b" ${otherStore}`,
    `spec.shares[0].metadataStore: "b" ${otherStore}`,
    `spec.shares[0].remoteBlockStore: "b" ${otherStore}`,
  ),
  change(
    'a share gets a remote store',
    share(bound, memoryStores),
    share({ ...bound, remoteBlockStore: 'a' }, memoryStores),
    `spec.shares[0].remoteBlockStore: "a" ${otherStore}`,
  ),
  change(
    'a share loses its remote store',
    share({ ...bound, remoteBlockStore: 'a' }, memoryStores),
    share(bound, memoryStores),
    `spec.shares[0].remoteBlockStore: ${noStore}`,
  ),
  change('another share is on other stores', share(bound, memoryStores), {
    ...memoryStores,
    shares: [{ name: '/new', metadataStore: 'b', localBlockStore: 'b' }],
  }),
  change(
    'the first stores are declared, and a share would be on them',
    share({}),
    share(
      {},
      { metadataStores: [{ name: 'a', type: 'memory' }], blockStores: { local: [{ name: 'a', type: 'memory' }] } },
    ),
    otherMeaning('localBlockStore'),
    otherMeaning('metadataStore'),
  ),
  change(
    'the first stores are declared, and a share says that it stays',
    share({}),
    share({ metadataStore: 'default', localBlockStore: 'default' }, memoryStores),
  ),
  change(
    'the only store is replaced by another',
    share({}, { metadataStores: [{ name: 'a', type: 'memory' }] }),
    share({}, { metadataStores: [{ name: 'b', type: 'memory' }] }),
    otherMeaning('metadataStore'),
  ),
  change(
    'a second store is declared, and a share names the first',
    share({}, { metadataStores: [{ name: 'a', type: 'memory' }] }),
    share({ metadataStore: 'a' }, { metadataStores: memoryStores.metadataStores }),
  ),
  change(
    'a share names a store no longer, and would be on another',
    share({ metadataStore: 'default' }, { metadataStores: [{ name: 'a', type: 'memory' }] }),
    share({}, { metadataStores: [{ name: 'a', type: 'memory' }] }),
    otherMeaning('metadataStore'),
  ),
  change(
    'the first stores are declared with the first share',
    {},
    share({}, { metadataStores: [{ name: 'a', type: 'memory' }] }),
  ),
  change(
    'a volume is another',
    share({ quota: '1Gi', volume: { driver: 'inTree' } }, { users: users(1) }),
    share(
      { quota: '1Gi', volume: { protocol: 'smb', user: 'user-0', accessModes: ['ReadOnlyMany'] } },
      { users: users(1) },
    ),
    `spec.shares[0].volume.accessModes: ${otherVolume}`,
    `spec.shares[0].volume.driver: "csi" ${otherVolume}`,
    `spec.shares[0].volume.protocol: "smb" ${otherVolume}`,
    `spec.shares[0].volume.user: "user-0" ${otherVolume}`,
  ),
  change(
    'a volume comes and grows, with other options',
    share({ quota: '1Gi' }),
    share({ quota: '2Gi', volume: { mountOptions: ['soft'] } }),
  ),
  change('a volume goes', share({ quota: '1Gi', volume: { driver: 'inTree' } }), share({ quota: '1Gi' })),
];

export const servingChanges: readonly Change[] = shareChanges;

const most = { maxSizes: { cache: '10Gi', quota: '100Gi' } };

export const servingLimits: readonly Limit[] = [
  {
    title: 'a quota and a cache up to the limit',
    input: most,
    spec: share({ quota: '100Gi' }, { storage: { cacheSize: '10Gi' } }),
    problems: [],
  },
  {
    title: 'quotas and a cache over it, and no quota',
    input: most,
    spec: { storage: { cacheSize: '11Gi' }, shares: [{ name: '/a' }, { name: '/b', quota: '0.1Ti' }] },
    problems: [
      'spec.shares[0].quota: is required by the platform: at most "100Gi"',
      'spec.shares[1].quota: "0.1Ti" is over the platform’s limit of "100Gi"',
      'spec.storage.cacheSize: "11Gi" is over the platform’s limit of "10Gi"',
    ],
  },
  {
    title: 'a server without a metadata volume',
    input: { maxSizes: { metadata: '1Gi' } },
    spec: {
      metadataStores: [{ name: 'a', type: 'memory' }],
      blockStores: { local: [{ name: 'a', type: 'memory' }] },
    },
    problems: [],
  },
  ...[
    { metadataStores: [{ name: 'a', type: 'sqlite' }], blockStores: { local: [{ name: 'a', type: 'memory' }] } },
    { metadataStores: [{ name: 'a', type: 'memory' }] },
    { ...memoryStores, shares: [{ name: '/a', metadataStore: 'default', localBlockStore: 'a' }] },
    { ...memoryStores, shares: [{ name: '/a', metadataStore: 'a', localBlockStore: 'default' }] },
    {
      metadataStores: [{ name: 'a', type: 'memory' }],
      blockStores: { local: [{ name: 'a', type: 'fs', volume: 'metadata' }] },
    },
  ].map((spec, index): Limit => ({
    title: `a metadata volume of the default size, number ${index}`,
    input: { maxSizes: { metadata: '1Gi' } },
    spec,
    problems: ['spec.storage.metadataSize: "10Gi" is over the platform’s limit of "1Gi"'],
  })),
  { title: 'a server whose shares nobody declared', input: most, spec: {}, problems: [] },
];
