import type { Json } from '../../src/lib/json.ts';
import { refused, type Change, type Limit, type Refused } from './case.ts';

/** Cases of what the server serves: stores, people, shares, and the settings of protocols; cases.ts says what a case is. */

const notStore = 'is not the name of a store such as "fast-1": lower-case letters, digits and -';
const notShare = 'is not the name of a share such as "/export": lower-case letters, digits and -';
const notQuantity = 'is not a quantity such as "10Gi"';
const notKey = 'is not a key of a Secret such as "password": letters, digits, -, _ and .';
const notSecret = 'is not the name of a Secret such as "my-secret"';
const encryption = {
  keySecretRef: { name: 'keys', key: 'key.pem' },
  passphraseSecretRef: { name: 'keys', key: 'passphrase' },
};

/** An S3 store that encrypts with a passphrase of its own. */
function sealed(passphrase: string): Fields {
  const passphraseSecretRef = { name: 'keys', key: passphrase };
  return {
    type: 's3',
    s3: {
      bucket: `bucket-${passphrase}`,
      credentialsSecretRef: { name: 'credentials' },
      encryption: { ...encryption, passphraseSecretRef },
    },
  };
}

const namesNoSecret =
  'is a name after which no Secret can be named: give the user a passwordSecretRef, or a name without _ that does not end with -';
const notUser = 'is not a name such as "alice": lower-case letters, digits, _ and -';
const notGroup = 'is not a name such as "staff": lower-case letters, digits, _ and -';
const notInterval = 'is neither @hourly, @daily or @weekly nor a duration such as "6h"';
const notTtl = 'is not a duration up to 87600h such as "720h"';
const notLongTime = 'is not a duration from 1s to 87600h such as "15m"';
const notEndpoint = 'is not an S3 endpoint such as "https://s3.example.com": its scheme is needed';
const isDefault = 'is the name of the store that is made where none is declared: choose another';
const besideCluster = 'stands beside fromPercona, which says it all: leave one of them out';
const withoutCluster = 'is required without fromPercona';
const isStoreA =
  'is where store "a" keeps its data, too, and each would clear away what it does not know: give them different buckets or prefixes';
const clearsAway = 'which clears away what it does not know there: choose a folder outside of';
const tooMany =
  'spec: has more than 12 volumes of shares and users without passwordSecretRef together: give users a passwordSecretRef, or make volumes by hand';

type Fields = Readonly<Record<string, Json>>;

const passwordSecretRef = { name: 'people', key: 'password' };
const address = { host: 'postgres.example.com', database: 'names', user: 'names', passwordSecretRef };
const credentialsSecretRef = { name: 's3' };
const s3 = { bucket: 'files', endpoint: 'https://s3.example.com', credentialsSecretRef };

/** A spec with stores in S3, each with a name after its place in the list: a, b, c … */
function inS3(...places: readonly Fields[]): Fields {
  const remote = places.map((place, index) => ({
    name: String.fromCharCode('a'.charCodeAt(0) + index),
    type: 's3',
    s3: { bucket: 'files', credentialsSecretRef, ...place },
  }));
  return { blockStores: { remote } };
}

/** A spec with one share of these fields beside its name. */
function share(fields: Fields, others: Fields = {}): Fields {
  return { ...others, shares: [{ name: '/export', ...fields }] };
}

function metadataStore(fields: Fields): Fields {
  return { metadataStores: [{ name: 'main', ...fields }] };
}

function localStore(fields: Fields): Fields {
  return { blockStores: { local: [{ name: 'disk', ...fields }] } };
}

function remoteStore(fields: Fields): Fields {
  return { blockStores: { remote: [{ name: 's3', ...fields }] } };
}

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
  [
    'stores beside each other in one bucket, and in each other’s folders',
    inS3(
      { prefix: 'team' },
      { prefix: 'team/x' },
      { prefix: 'team/blocks-2' },
      { prefix: 'blocks' },
      { prefix: 'Team' },
    ),
  ],
  [
    'stores of one name in different services',
    inS3(
      {},
      { endpoint: 'https://s3.example.com' },
      { endpoint: 'https://amazonaws.com.example.com', prefix: 'blocks' },
    ),
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
    'stores that are called what none is',
    {
      metadataStores: [
        { name: 'Fast', type: 'sqlite' },
        { name: 'default', type: 'sqlite' },
      ],
      blockStores: {
        local: [
          { name: '-disk', type: 'memory' },
          { name: 'default', type: 'memory' },
        ],
        remote: [{ name: 'my_s3', type: 'memory' }],
      },
    },
    'cel',
    `spec.blockStores.local[0].name: "-disk" ${notStore}`,
    `spec.blockStores.local[1].name: "default" ${isDefault}`,
    `spec.blockStores.remote[0].name: "my_s3" ${notStore}`,
    `spec.metadataStores[0].name: "Fast" ${notStore}`,
    `spec.metadataStores[1].name: "default" ${isDefault}`,
  ),
  refused(
    'options of another type of store',
    {
      metadataStores: [
        { name: 'a', type: 'sqlite', badger: {} },
        { name: 'b', type: 'badger', postgres: address },
        { name: 'c', type: 'postgres' },
      ],
      blockStores: {
        local: [
          { name: 'a', type: 'memory', volume: 'metadata' },
          { name: 'b', type: 'fs' },
          { name: 'c', type: 'memory', maxSize: '1Gi' },
        ],
        remote: [
          { name: 'a', type: 'memory', s3 },
          { name: 'b', type: 's3' },
        ],
      },
    },
    'cel',
    'spec.blockStores.local[0].type: "memory" is a type without the field volume, which is for type fs',
    'spec.blockStores.local[1].type: "fs" is a type that needs the field volume',
    'spec.blockStores.local[2].type: "memory" is a type without the field maxSize, which is for type fs',
    'spec.blockStores.remote[0].type: "memory" is a type without the field s3, which is for type s3',
    'spec.blockStores.remote[1].type: "s3" is a type that needs the field s3',
    'spec.metadataStores[0].type: "sqlite" is a type without the field badger, which is for type badger',
    'spec.metadataStores[1].type: "badger" is a type without the field postgres, which is for type postgres',
    'spec.metadataStores[2].type: "postgres" is a type that needs the field postgres',
  ),
  refused(
    'a PostgreSQL of nobody',
    metadataStore({ type: 'postgres', postgres: { fromPercona: false } }),
    'cel',
    ...['database', 'host', 'passwordSecretRef', 'user'].map(
      (field) => `spec.metadataStores[0].postgres.${field}: ${withoutCluster}`,
    ),
  ),
  refused(
    'a PostgreSQL and the cluster, too',
    {
      percona: { enabled: true },
      ...metadataStore({
        type: 'postgres',
        postgres: { ...address, fromPercona: true, port: 5432, sslMode: 'disable' },
      }),
    },
    'cel',
    `spec.metadataStores[0].postgres.database: "names" ${besideCluster}`,
    `spec.metadataStores[0].postgres.host: "postgres.example.com" ${besideCluster}`,
    `spec.metadataStores[0].postgres.passwordSecretRef: ${besideCluster}`,
    `spec.metadataStores[0].postgres.port: 5432 ${besideCluster}`,
    `spec.metadataStores[0].postgres.sslMode: "disable" ${besideCluster}`,
    `spec.metadataStores[0].postgres.user: "names" ${besideCluster}`,
  ),
  refused(
    'a PostgreSQL of wrong fields',
    metadataStore({
      type: 'postgres',
      postgres: {
        ...address,
        host: 'postgres://a',
        passwordSecretRef: { name: 'A', key: 'b' },
        minConns: 3,
        maxConns: 2,
      },
    }),
    'cel',
    'spec.metadataStores[0].postgres.host: "postgres://a" is not a host name or an address such as "postgres.example.com"',
    'spec.metadataStores[0].postgres.minConns: 3 is more than maxConns',
    `spec.metadataStores[0].postgres.passwordSecretRef.name: "A" ${notSecret}`,
  ),
  refused(
    'block stores of wrong fields',
    {
      blockStores: {
        local: [{ name: 'a', type: 'fs', volume: 'metadata', maxSize: '10 GB' }],
        remote: [
          {
            name: 'b',
            type: 's3',
            s3: {
              bucket: 'My Bucket',
              endpoint: 's3.example.com',
              prefix: 'a//b',
              credentialsSecretRef: { name: 'My Secret' },
              encryption: {
                keySecretRef: { name: 'A', key: 'b' },
                passphraseSecretRef: { name: 'B', key: 'b' },
              },
            },
          },
        ],
      },
    },
    'cel',
    `spec.blockStores.local[0].maxSize: "10 GB" ${notQuantity}`,
    'spec.blockStores.remote[0].s3.bucket: "My Bucket" is not the name of a bucket such as "my-backups"',
    `spec.blockStores.remote[0].s3.credentialsSecretRef.name: "My Secret" ${notSecret}`,
    `spec.blockStores.remote[0].s3.encryption.keySecretRef.name: "A" ${notSecret}`,
    `spec.blockStores.remote[0].s3.encryption.passphraseSecretRef.name: "B" ${notSecret}`,
    `spec.blockStores.remote[0].s3.endpoint: "s3.example.com" ${notEndpoint}`,
    'spec.blockStores.remote[0].s3.prefix: "a//b" is not a path in a bucket such as "backups/team-a"',
  ),
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
    'stores on what is not there',
    {
      metadataStores: [{ name: 'a', type: 'postgres', postgres: { fromPercona: true } }],
      blockStores: {
        local: [
          { name: 'a', type: 'fs', volume: 'content' },
          { name: 'b', type: 'fs', volume: 'cache' },
        ],
      },
    },
    'function',
    'spec.blockStores.local[0].volume: "content" is a volume that is not asked for: it needs storage.contentSize',
    'spec.blockStores.local[1].volume: "cache" is a volume that is not asked for: it needs storage.cacheSize',
    'spec.metadataStores[0].postgres.fromPercona: true needs percona.enabled',
  ),
  refused(
    'stores in one place',
    {
      database: { type: 'postgres', postgres: { ...address, database: 'dittofs' } },
      metadataStores: [
        { name: 'a', type: 'postgres', postgres: { ...address, database: 'dittofs' } },
        { name: 'b', type: 'postgres', postgres: address },
        { name: 'c', type: 'postgres', postgres: { ...address, host: 'Postgres.example.com', port: 5432, user: 'c' } },
        { name: 'd', type: 'postgres', postgres: { ...address, port: 5433 } },
      ],
      blockStores: {
        remote: [
          { name: 'a', type: 's3', s3: { ...s3, prefix: 'files/' } },
          { name: 'b', type: 's3', s3: { ...s3, endpoint: 'https://S3.example.com/', prefix: '/files' } },
          { name: 'c', type: 's3', s3: { ...s3, prefix: 'file' } },
        ],
      },
      shares: [],
    },
    'function',
    `spec.blockStores.remote[1].s3.bucket: "files" ${isStoreA}`,
    'spec.metadataStores[0].postgres.database: "dittofs" is the database of the control plane, too: each needs one of its own',
    'spec.metadataStores[2].postgres.database: "names" is the database of metadata store "b", too: each needs one of its own',
  ),
  refused(
    'one place that is written in many ways',
    inS3(
      { endpoint: 'https://s3.example.com' },
      { endpoint: 'https://S3.example.com:443/' },
      { endpoint: 'http://s3.example.com' },
      { endpoint: 'http://s3.example.com:80/' },
      { endpoint: 'https://s3.example.com:9000' },
    ),
    'function',
    `spec.blockStores.remote[1].s3.bucket: "files" ${isStoreA}`,
    `spec.blockStores.remote[2].s3.bucket: "files" ${isStoreA}`,
    `spec.blockStores.remote[3].s3.bucket: "files" ${isStoreA}`,
  ),
  refused(
    'one bucket of AWS, whose name nobody else has',
    inS3(
      { prefix: 'team/' },
      { prefix: '/team', region: 'eu-west-1' },
      { prefix: 'team', endpoint: 'https://s3.amazonaws.com' },
      { prefix: 'team', endpoint: 'https://s3.dualstack.eu-west-1.amazonaws.com:443' },
    ),
    'function',
    `spec.blockStores.remote[1].s3.bucket: "files" ${isStoreA}`,
    `spec.blockStores.remote[2].s3.bucket: "files" ${isStoreA}`,
    `spec.blockStores.remote[3].s3.bucket: "files" ${isStoreA}`,
  ),
  refused(
    'stores among the blocks of a whole bucket',
    inS3({}, { prefix: 'blocks' }, { prefix: '/blocks/x/' }),
    'function',
    `spec.blockStores.remote[1].s3.prefix: "blocks" is among the blocks of store "a", ${clearsAway} "blocks"`,
    `spec.blockStores.remote[2].s3.prefix: "/blocks/x/" is among the blocks of store "a", ${clearsAway} "blocks"`,
  ),
  refused(
    'a store among the blocks of one that is declared later',
    inS3({ prefix: 'team/blocks/x' }, { prefix: 'other' }, { prefix: '/team/' }),
    'function',
    `spec.blockStores.remote[0].s3.prefix: "team/blocks/x" is among the blocks of store "c", ${clearsAway} "team/blocks"`,
  ),
  refused(
    'two stores in the Percona cluster',
    {
      percona: { enabled: true, databaseName: 'd'.repeat(55) },
      metadataStores: [
        { name: 'a', type: 'postgres', postgres: { fromPercona: true } },
        { name: 'b', type: 'postgres', postgres: { fromPercona: true } },
      ],
      shares: [],
    },
    'function',
    'spec.metadataStores[0].postgres.fromPercona: true needs a percona.databaseName of at most 54 characters',
    'spec.metadataStores[1].postgres.fromPercona: true is the database of metadata store "a", too: each needs one of its own',
    'spec.metadataStores[1].postgres.fromPercona: true needs a percona.databaseName of at most 54 characters',
  ),
  refused(
    'no shares, where nothing goes without saying: metadata',
    {
      metadataStores: [
        { name: 'a', type: 'sqlite' },
        { name: 'b', type: 'sqlite' },
      ],
    },
    'function',
    'spec.shares: is required where several metadata stores are declared: say which share lies where, or [] for none',
  ),
  refused(
    'no shares, where nothing goes without saying: blocks',
    {
      blockStores: {
        local: [
          { name: 'a', type: 'memory' },
          { name: 'b', type: 'memory' },
        ],
      },
    },
    'function',
    'spec.shares: is required where several local block stores are declared: say which share lies where, or [] for none',
  ),
  refused(
    'no shares, where nothing goes without saying: durability',
    { blockStores: { local: [{ name: 'a', type: 'fs', volume: 'metadata', durability: 'remote' }] } },
    'function',
    'spec.shares: is required where the durability of the local block store is remote: say which share lies where, or [] for none',
  ),
  refused(
    'a share in S3 without a local tier',
    share({ remoteBlockStore: 's3' }, remoteStore({ type: 's3', s3 })),
    'function',
    'spec.shares[0].remoteBlockStore: "s3" needs a volume for what is not in S3 yet, and what is read often: set storage.cacheSize, or name a localBlockStore',
  ),
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
    'stores that are not declared',
    {
      metadataStores: [{ name: 'main', type: 'sqlite' }],
      blockStores: { remote: [{ name: 's3', type: 'memory' }] },
      shares: [
        { name: '/a', metadataStore: 'mian', localBlockStore: 'disk', remoteBlockStore: 's4' },
        { name: '/b', remoteBlockStore: 'elsewhere' },
      ],
    },
    'function',
    'spec.shares[0].localBlockStore: "disk" is not a declared local block store',
    'spec.shares[0].metadataStore: "mian" is not a declared metadata store; did you mean "main"?',
    'spec.shares[0].remoteBlockStore: "s4" is not a declared remote block store; did you mean "s3"?',
    'spec.shares[1].remoteBlockStore: "elsewhere" is not a declared remote block store',
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
    'two passphrases',
    {
      blockStores: {
        remote: [
          { name: 'east', ...sealed('one') },
          { name: 'west', ...sealed('other') },
        ],
      },
    },
    'function',
    'spec.blockStores.remote[1].s3.encryption.passphraseSecretRef: is not that of store "east": a server has one passphrase',
  ),
  refused(
    'two remote stores behind one metadata store',
    {
      metadataStores: [{ name: 'names', type: 'memory' }],
      blockStores: {
        remote: [
          { name: 'east', type: 'memory' },
          { name: 'west', type: 'memory' },
        ],
      },
      shares: [
        { name: '/a', remoteBlockStore: 'east' },
        { name: '/b' },
        { name: '/c', metadataStore: 'names', remoteBlockStore: 'west' },
      ],
    },
    'function',
    'spec.shares[2].remoteBlockStore: "west" is another remote block store than "east" of share "/a", which has the same metadata store: equal data would be in one of them only; declare a metadata store for each',
  ),
  refused(
    'stores that are not said, and one that waits for another',
    {
      storage: { cacheSize: '10Gi' },
      metadataStores: [
        { name: 'a', type: 'sqlite' },
        { name: 'b', type: 'sqlite' },
      ],
      blockStores: { local: [{ name: 'cache', type: 'fs', volume: 'cache', durability: 'remote' }] },
      shares: [{ name: '/a' }],
    },
    'function',
    'spec.shares[0].metadataStore: is required where several are declared: one of "a", "b"',
    'spec.shares[0].remoteBlockStore: is required: the durability of the local block store "cache" is remote',
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

const otherPlace = 'is not what the store was made with: its data would be out of reach; make another store';
const otherStore =
  'is not the store that the share was made with: its files would read as zeros; moving data is a new share';
const noStore =
  'is missing: the share was made with a remote store, in which its files are; moving data is a new share';
const otherVolume =
  'is not what the volume was made with: Kubernetes cannot change it; leave the volume out first, then make another';

function otherMeaning(field: string): string {
  return `spec.shares: would move a share to another ${field} than it was made with, in which its files would read as zeros: name in each share the one that it has, which is default where none was declared`;
}

function change(title: string, from: Json, to: Json, ...problems: string[]): Change {
  return { title, from, to, problems };
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

const postgres = { type: 'postgres', postgres: address };

const storeChanges: readonly Change[] = [
  change(
    'a metadata store is of another type',
    metadataStore({ type: 'sqlite' }),
    metadataStore({ type: 'badger' }),
    `spec.metadataStores[0].type: "badger" ${otherPlace}`,
  ),
  change(
    'a metadata store is in another database of another server',
    metadataStore(postgres),
    metadataStore({ ...postgres, postgres: { ...address, host: 'other.example.com', database: 'other' } }),
    `spec.metadataStores[0].postgres.database: "other" ${otherPlace}`,
    `spec.metadataStores[0].postgres.host: "other.example.com" ${otherPlace}`,
  ),
  change(
    'a metadata store moves to the cluster',
    { ...metadataStore(postgres), percona: { enabled: true } },
    { ...metadataStore({ type: 'postgres', postgres: { fromPercona: true } }), percona: { enabled: true } },
    `spec.metadataStores[0].postgres.database: ${otherPlace}`,
    `spec.metadataStores[0].postgres.fromPercona: true ${otherPlace}`,
    `spec.metadataStores[0].postgres.host: ${otherPlace}`,
  ),
  change('a metadata store changes what can be changed, and has another before it', metadataStore(postgres), {
    metadataStores: [
      { name: 'first', type: 'sqlite' },
      { name: 'main', type: 'postgres', postgres: { ...address, user: 'other', maxConns: 5, port: 5433 } },
    ],
  }),
  change('one store leaves and another comes', metadataStore({ type: 'sqlite' }), {
    metadataStores: [{ name: 'other', type: 'badger' }],
  }),
  change(
    'a local store is on another volume',
    localStore({ type: 'fs', volume: 'metadata' }),
    localStore({ type: 'fs', volume: 'content' }),
    `spec.blockStores.local[0].volume: "content" ${otherPlace}`,
  ),
  change(
    'a local store is on none any more',
    localStore({ type: 'fs', volume: 'metadata' }),
    localStore({ type: 'memory' }),
    `spec.blockStores.local[0].type: "memory" ${otherPlace}`,
    `spec.blockStores.local[0].volume: ${otherPlace}`,
  ),
  change(
    'a remote store is elsewhere',
    remoteStore({ type: 's3', s3: { ...s3, prefix: 'a' } }),
    remoteStore({ type: 's3', s3: { bucket: 'other', credentialsSecretRef } }),
    `spec.blockStores.remote[0].s3.bucket: "other" ${otherPlace}`,
    `spec.blockStores.remote[0].s3.endpoint: ${otherPlace}`,
    `spec.blockStores.remote[0].s3.prefix: ${otherPlace}`,
  ),
  change(
    'a remote store is in a bucket now',
    remoteStore({ type: 'memory' }),
    remoteStore({ type: 's3', s3 }),
    `spec.blockStores.remote[0].s3.bucket: "files" ${otherPlace}`,
    `spec.blockStores.remote[0].s3.endpoint: "https://s3.example.com" ${otherPlace}`,
    `spec.blockStores.remote[0].type: "s3" ${otherPlace}`,
  ),
  change(
    'a remote store encrypts from now on',
    remoteStore({ type: 's3', s3 }),
    remoteStore({ type: 's3', s3: { ...s3, encryption } }),
    `spec.blockStores.remote[0].s3.encryption: cannot be added to a store, or taken away from it: make another store`,
  ),
  change(
    'a remote store encrypts otherwise, with another key file',
    remoteStore({ type: 's3', s3: { ...s3, encryption } }),
    remoteStore({
      type: 's3',
      s3: {
        ...s3,
        encryption: { ...encryption, algorithm: 'chacha20-poly1305', keySecretRef: { name: 'new', key: 'key.pem' } },
      },
    }),
    'spec.blockStores.remote[0].s3.encryption.algorithm: "chacha20-poly1305" is not how the store was made to encrypt: it cannot change',
  ),
  change(
    'a remote store has other keys',
    remoteStore({ type: 's3', s3 }),
    remoteStore({ type: 's3', s3: { ...s3, region: 'eu-west-2', credentialsSecretRef: { name: 'new' } } }),
  ),
];

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

export const servingChanges: readonly Change[] = [...storeChanges, ...shareChanges];

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
