import * as z from 'zod';
import { connections, distinct, host, objectName, port, SecretKey, secretKey, size, text } from './fields.ts';
import { matching, withRules, type Rule } from './rule.ts';
import { bucket, bucketPath, endpointUrl } from './s3.ts';

/** The name of the stores that are made where none are declared: a share may always name them. */
export const defaultStore = 'default';

/** The longest name that PostgreSQL gives to anything. */
export const MOST_DATABASE_NAME = 63;

/** The database of a metadata store in a Percona cluster: the control plane's own has a table of the same name. */
export function metadataDatabase(databaseName: string): string {
  return `${databaseName}_metadata`;
}

const STORE_NAME = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';

const nameRule = matching(STORE_NAME, 'is not the name of a store such as "fast-1": lower-case letters, digits and -');

const notDefault: Rule<string> = {
  cel: `self != '${defaultStore}'`,
  says: 'is the name of the store that is made where none is declared: choose another',
  holds: (name) => name !== defaultStore,
};

/** The name of a store, wherever one is meant. */
export function storeName(...rules: readonly Rule<string>[]) {
  return withRules(text(32), [nameRule, ...rules]);
}

/** A rule of a store: its options are those of its type. */
function onlyWith(type: string, option: string): Rule<Readonly<Record<string, unknown>>> {
  return {
    cel: `!has(self.${option}) || self.type == '${type}'`,
    says: `is a type without the field ${option}, which is for type ${type}`,
    field: ['type'],
    reads: ['type', option],
    holds: (store) => store[option] === undefined || store.type === type,
  };
}

/** A rule of a store: its type needs options. */
function neededWith(type: string, option: string): Rule<Readonly<Record<string, unknown>>> {
  return {
    cel: `self.type != '${type}' || has(self.${option})`,
    says: `is a type that needs the field ${option}`,
    field: ['type'],
    reads: ['type', option],
    holds: (store) => store.type !== type || store[option] !== undefined,
  };
}

/** A transition rule of a store: where its data lies never changes, not even by a field that comes or goes. */
function unchangeable(field: string): Rule<unknown> {
  const [above = '', below] = field.split('.');
  const has = (of: string): string =>
    below === undefined ? `has(${of}.${above})` : `has(${of}.${above}) && has(${of}.${field})`;
  const both = `(${has('self')}) && (${has('oldSelf')})`;
  const neither = `!(${has('self')}) && !(${has('oldSelf')})`;
  return {
    cel: `(${neither}) || (${both} && self.${field} == oldSelf.${field})`,
    says: 'is not what the store was made with: its data would be out of reach; make another store',
    field: field.split('.'),
  };
}

const Badger = z.strictObject({
  blockCacheMB: z.int().min(1).max(1_048_576).optional().meta({
    description:
      'MiB of memory for blocks; 64 when left out, and not a part of the node’s memory, as the server takes by itself.',
  }),
  indexCacheMB: z.int().min(1).max(1_048_576).optional().meta({
    description: 'MiB of memory for indices; 32 when left out.',
  }),
  relaxedDurability: z.boolean().default(true).meta({
    description: 'Whether changes of names are written to disk a moment later, which is faster; data never waits.',
  }),
});

const addressFields = ['host', 'port', 'database', 'user', 'sslMode', 'passwordSecretRef'] as const;
const neededFields = ['host', 'database', 'user', 'passwordSecretRef'] as const;

const StorePostgres = withRules(
  z.strictObject({
    fromPercona: z.boolean().default(false).meta({
      description: 'Uses the server’s Percona cluster, in a database of its own beside the control plane’s.',
    }),
    host: host().optional().meta({ description: 'Name or address of the PostgreSQL server.' }),
    port: port().optional().meta({ description: 'Its port; 5432 when left out.' }),
    database: text(63).optional().meta({ description: 'Name of the database; its encoding has to be UTF8.' }),
    user: text(63).optional().meta({ description: 'User that owns the tables.' }),
    sslMode: z.enum(['disable', 'require', 'verify-full']).optional().meta({
      description:
        'How the connection is protected; require when left out. verify-full trusts the authorities of the server’s image.',
    }),
    passwordSecretRef: SecretKey.optional().meta({ description: 'Secret with the user’s password.' }),
    maxConns: connections(1)
      .optional()
      .meta({ description: 'Most connections; the server’s own default when left out.' }),
    minConns: connections(0).optional().meta({ description: 'Connections that are kept open.' }),
    relaxedDurability: z.boolean().default(true).meta({
      description: 'Whether changes of names are committed a moment later, which is faster; data never waits.',
    }),
  }),
  [
    ...neededFields.map((field): Rule<Readonly<Record<string, unknown>>> => ({
      cel: `(has(self.fromPercona) && self.fromPercona) || has(self.${field})`,
      says: 'is required without fromPercona',
      field: [field],
      reads: ['fromPercona', field],
      holds: (postgres) => postgres.fromPercona === true || postgres[field] !== undefined,
    })),
    ...addressFields.map((field): Rule<Readonly<Record<string, unknown>>> => ({
      cel: `!has(self.fromPercona) || !self.fromPercona || !has(self.${field})`,
      says: 'stands beside fromPercona, which says it all: leave one of them out',
      field: [field],
      reads: ['fromPercona', field],
      holds: (postgres) => postgres.fromPercona !== true || postgres[field] === undefined,
    })),
    {
      cel: '!has(self.minConns) || !has(self.maxConns) || self.minConns <= self.maxConns',
      says: 'is more than maxConns',
      field: ['minConns'],
      reads: ['minConns', 'maxConns'],
      holds: ({ minConns, maxConns }) => minConns === undefined || maxConns === undefined || minConns <= maxConns,
    },
  ],
);

const MetadataStore = withRules(
  z.strictObject({
    name: storeName(notDefault).meta({ description: 'Name of the store.' }),
    type: z.enum(['memory', 'badger', 'sqlite', 'postgres']).meta({
      description:
        'Where names, permissions and the places of data are kept: badger and sqlite on the metadata volume, postgres in a database, memory nowhere, for tests. It cannot change.',
    }),
    badger: Badger.optional().meta({ description: 'Options of a store of type badger.' }),
    postgres: StorePostgres.optional().meta({ description: 'Options of a store of type postgres.' }),
  }),
  [
    onlyWith('badger', 'badger'),
    onlyWith('postgres', 'postgres'),
    neededWith('postgres', 'postgres'),
    unchangeable('type'),
    unchangeable('postgres.fromPercona'),
    unchangeable('postgres.host'),
    unchangeable('postgres.database'),
  ],
);

const LocalBlockStore = withRules(
  z.strictObject({
    name: storeName(notDefault).meta({ description: 'Name of the store.' }),
    type: z.enum(['fs', 'memory']).meta({
      description: 'Where data is kept first: fs on a volume; memory nowhere, for tests. It cannot change.',
    }),
    volume: z.enum(['content', 'cache', 'metadata']).optional().meta({
      description:
        'Volume of a store of type fs: content needs storage.contentSize, cache needs storage.cacheSize. It cannot change.',
    }),
    maxSize: size().optional().meta({
      description:
        'Most that each share keeps here. Left out: no limit but the volume; 10Gi for a share with a remote store.',
    }),
    durability: z.enum(['local', 'writeback', 'remote']).default('local').meta({
      description:
        'When a client is told that its data is safe: local, on this volume; writeback, there but for changes of names; remote, in the remote store, which every share on it needs then.',
    }),
  }),
  [
    onlyWith('fs', 'volume'),
    onlyWith('fs', 'maxSize'),
    neededWith('fs', 'volume'),
    unchangeable('type'),
    unchangeable('volume'),
  ],
);

const Encryption = withRules(
  z.strictObject({
    algorithm: z.enum(['aes-256-gcm', 'chacha20-poly1305', 'xchacha20-poly1305']).default('aes-256-gcm').meta({
      description: 'How blocks are encrypted. It cannot change.',
    }),
    keySecretRef: SecretKey.meta({
      description: 'Secret with the key file. Whoever loses it, or its passphrase, has lost the data.',
    }),
    passphraseSecretRef: SecretKey.meta({
      description: 'Secret with the passphrase of the key file; a server has one for all its stores.',
    }),
  }),
  [
    {
      cel: 'self.algorithm == oldSelf.algorithm',
      says: 'is not how the store was made to encrypt: it cannot change',
      field: ['algorithm'],
    },
  ],
);

const S3Fields = z.strictObject({
  bucket: bucket().meta({ description: 'Bucket, which has to exist. It cannot change.' }),
  endpoint: endpointUrl().optional().meta({
    description: 'URL of the S3 service; AWS when left out. It cannot change.',
  }),
  region: text(63).default('us-east-1').meta({ description: 'Region of the bucket.' }),
  prefix: bucketPath().optional().meta({
    description: 'Folder of the bucket in which the data lies; the whole bucket when left out. It cannot change.',
  }),
  forcePathStyle: z.boolean().optional().meta({
    description: 'Whether the bucket stands in the path of a request; true with an endpoint when left out.',
  }),
  allowPrivateEndpoint: z.boolean().default(false).meta({
    description: 'Whether the endpoint may be a private address, as that of a Service in the cluster is.',
  }),
  credentialsSecretRef: z
    .strictObject({
      name: objectName('Secret').meta({ description: 'Name of the Secret.' }),
      accessKeyIdKey: secretKey().default('access-key-id').meta({ description: 'Key with the id of the access key.' }),
      secretAccessKeyKey: secretKey()
        .default('secret-access-key')
        .meta({ description: 'Key with the secret access key.' }),
    })
    .meta({ description: 'Secret with the credentials; a change of it restarts the server.' }),
  compression: z
    .enum(['zstd', 'lz4'])
    .optional()
    .meta({ description: 'How data is compressed; not at all when left out.' }),
  encryption: Encryption.optional().meta({
    description:
      'Encrypts the data before it leaves the server; not at all when left out. It cannot be added or taken away later.',
  }),
  parallelUploads: z.int().min(1).max(256).optional().meta({
    description: 'Uploads at the same time; the server chooses by its processors when left out.',
  }),
});

const S3 = withRules(S3Fields, [
  {
    cel: 'has(self.encryption) == has(oldSelf.encryption)',
    says: 'cannot be added to a store, or taken away from it: make another store',
    field: ['encryption'],
  },
]);

const RemoteBlockStore = withRules(
  z.strictObject({
    name: storeName().meta({ description: 'Name of the store.' }),
    type: z.enum(['s3', 'memory']).meta({
      description: 'Where data ends up: s3 in a bucket; memory nowhere, for tests. It cannot change.',
    }),
    s3: S3.optional().meta({ description: 'Options of a store of type s3.' }),
  }),
  [
    onlyWith('s3', 's3'),
    neededWith('s3', 's3'),
    unchangeable('type'),
    unchangeable('s3.bucket'),
    unchangeable('s3.endpoint'),
    unchangeable('s3.prefix'),
  ],
);

/** Metadata stores that are declared. */
export const MetadataStores = distinct(z.array(MetadataStore).max(16), 'name');

/** Block stores that are declared. */
export const BlockStores = z.strictObject({
  local: distinct(z.array(LocalBlockStore).max(16), 'name')
    .optional()
    .meta({ description: 'Local block stores. Left out: default, on content, else cache, else the metadata volume.' }),
  remote: distinct(z.array(RemoteBlockStore).max(16), 'name').optional().meta({ description: 'Remote block stores.' }),
});

/**
 * The store that a share means: the one that it names; else the only one that is declared; else, where none is, the
 * default one. Undefined where it has to say which.
 */
export function meantStore(named: string | undefined, declared: readonly { readonly name: string }[] = []) {
  if (named !== undefined) return named;
  const [only, ...others] = declared;
  if (only === undefined) return defaultStore;
  return others.length === 0 ? only.name : undefined;
}
