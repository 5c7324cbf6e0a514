import type { Json } from '../../src/lib/json.ts';
import { change, refused, type Change, type Refused } from './case.ts';
import {
  address,
  credentialsSecretRef,
  metadataStore,
  notQuantity,
  notSecret,
  notStore,
  remoteStore,
  s3,
  share,
  type Fields,
} from './serving-specs.ts';

/** Cases of stores: what they are called, where they lie, and which share is on which; cases.ts says what a case is. */

const notEndpoint = 'is not an S3 endpoint such as "https://s3.example.com": its scheme is needed';
const isDefault = 'is the name of the store that is made where none is declared: choose another';
const besideCluster = 'stands beside fromPercona, which says it all: leave one of them out';
const withoutCluster = 'is required without fromPercona';
const isStoreA =
  'is where store "a" keeps its data, too, and each would clear away what it does not know: give them different buckets or prefixes';
const clearsAway = 'which clears away what it does not know there: choose a folder outside of';
const otherPlace = 'is not what the store was made with: its data would be out of reach; make another store';
const encryption = {
  keySecretRef: { name: 'keys', key: 'key.pem' },
  passphraseSecretRef: { name: 'keys', key: 'passphrase' },
};

const postgres = { type: 'postgres', postgres: address };

/** A spec with stores in S3, each with a name after its place in the list: a, b, c … */
function inS3(...places: readonly Fields[]): Fields {
  const remote = places.map((place, index) => ({
    name: String.fromCharCode('a'.charCodeAt(0) + index),
    type: 's3',
    s3: { bucket: 'files', credentialsSecretRef, ...place },
  }));
  return { blockStores: { remote } };
}

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

function localStore(fields: Fields): Fields {
  return { blockStores: { local: [{ name: 'disk', ...fields }] } };
}

export const acceptedStores: readonly (readonly [title: string, spec: Json])[] = [
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
];

export const refusedStores: readonly Refused[] = [
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
];

export const storeChanges: readonly Change[] = [
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
