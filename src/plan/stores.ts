import { defaultStore, metadataDatabase } from '../api/v1alpha1/stores.ts';
import type { DeclaredStore, SecretFile } from '../api/provisioning.ts';
import type { Spec } from '../api/v1alpha1/spec.ts';
import { defined, type JsonObject } from '../lib/json.ts';
import { wholeUnits } from '../lib/quantity.ts';
import { dataFolders } from './container.ts';
import { clusterUserSecret } from './database.ts';
import { keyFile } from './encryption.ts';
import type { BlockVolume } from './volumes.ts';

type MetadataStore = NonNullable<Spec['metadataStores']>[number];
type LocalStore = NonNullable<NonNullable<Spec['blockStores']>['local']>[number];
type RemoteStore = NonNullable<NonNullable<Spec['blockStores']>['remote']>[number];

/** All stores of a server. */
export interface Stores {
  readonly metadata: readonly DeclaredStore[];
  readonly local: readonly DeclaredStore[];
  readonly remote: readonly DeclaredStore[];
}

/** The caches of Badger, in MiB: by itself it takes a fifth of the memory of its node, for each store. */
const smallCaches = { block_cache_mb: 64, index_cache_mb: 32 };

/** Folders of block stores stand beside the metadata stores of that volume; no store's name begins with a line. */
const blockFolders = {
  content: dataFolders.content,
  cache: dataFolders.cache,
  metadata: `${dataFolders.metadata}/_blocks`,
} as const satisfies Readonly<Record<BlockVolume, string>>;

function store(
  { name, type }: { readonly name: string; readonly type: string },
  config: JsonObject,
  identity: readonly string[],
  secrets: Readonly<Record<string, SecretFile>> = {},
): DeclaredStore {
  return { name, type, config: { ...config }, identity: [...identity], secrets: { ...secrets }, fallback: false };
}

function metadataStore(declared: MetadataStore, server: string, { databaseName }: Spec['percona']): DeclaredStore {
  const path = `${dataFolders.metadata}/${declared.name}`;
  switch (declared.type) {
    case 'memory':
      return store(declared, {}, []);
    case 'sqlite':
      return store(declared, { path: `${path}.db` }, ['path']);
    case 'badger': {
      const { blockCacheMB, indexCacheMB, relaxedDurability } = declared.badger ?? {};
      const options = defined({
        block_cache_mb: blockCacheMB,
        index_cache_mb: indexCacheMB,
        relaxed_durability: relaxedDurability,
      });
      return store(declared, { path, ...smallCaches, ...options }, ['path']);
    }
    case 'postgres':
      return postgresStore(declared, server, metadataDatabase(databaseName));
  }
}

function postgresStore(declared: MetadataStore, server: string, clusterDatabase: string): DeclaredStore {
  const { fromPercona, host, port, database, user, sslMode, passwordSecretRef, maxConns, minConns, relaxedDurability } =
    declared.postgres ?? {};
  const options = defined({ max_conns: maxConns, min_conns: minConns, relaxed_durability: relaxedDurability });
  if (fromPercona === true) {
    const secret = clusterUserSecret(server);
    const from = (key: string): SecretFile => ({ secret, key });
    const secrets = { host: from('host'), port: from('port'), user: from('user'), password: from('password') };
    return store(declared, { database: clusterDatabase, sslmode: 'require', ...options }, ['database'], secrets);
  }
  const place = defined({ host, port, database, user });
  const secrets: Record<string, SecretFile> =
    passwordSecretRef === undefined ? {} : { password: { secret: passwordSecretRef.name, key: passwordSecretRef.key } };
  return store(declared, { ...place, sslmode: sslMode ?? 'require', ...options }, ['host', 'database'], secrets);
}

function localStore(declared: LocalStore): DeclaredStore {
  const { name, volume, maxSize, durability } = declared;
  if (volume === undefined) return store(declared, {}, []);
  const path = `${blockFolders[volume]}/${name}`;
  const size = maxSize === undefined ? undefined : wholeUnits(maxSize);
  return store(declared, defined({ path, max_size: size, durability }), ['path']);
}

function remoteStore(declared: RemoteStore): DeclaredStore {
  const { s3 } = declared;
  if (s3 === undefined) return store(declared, {}, []);
  const {
    bucket,
    endpoint,
    region,
    prefix,
    forcePathStyle,
    allowPrivateEndpoint,
    compression,
    encryption,
    parallelUploads,
  } = s3;
  const { name, accessKeyIdKey, secretAccessKeyKey } = s3.credentialsSecretRef;
  const config = defined({
    bucket,
    endpoint,
    region,
    // The server puts it straight in front of each key.
    prefix: prefix === undefined ? undefined : `${prefix.replace(/^\/+|\/+$/g, '')}/`,
    force_path_style: forcePathStyle,
    allow_private_endpoint: allowPrivateEndpoint,
    compression: compression === undefined ? undefined : { algo: compression },
    encryption:
      encryption === undefined
        ? undefined
        : { aead: encryption.algorithm, key: { kind: 'local', file: keyFile(declared.name) } },
    parallel_uploads: parallelUploads,
  });
  return store(declared, config, ['bucket', 'endpoint', 'prefix', 'encryption'], {
    access_key_id: { secret: name, key: accessKeyIdKey },
    secret_access_key: { secret: name, key: secretAccessKeyKey },
  });
}

/** The metadata store of a server that declares none: on the metadata volume. */
function defaultMetadataStore(): DeclaredStore {
  const path = `${dataFolders.metadata}/${defaultStore}`;
  return store({ name: defaultStore, type: 'badger' }, { path, ...smallCaches }, ['path']);
}

/** The block store of a server that declares none. */
function defaultLocalStore(volume: BlockVolume): DeclaredStore {
  const path = `${blockFolders[volume]}/${defaultStore}`;
  return store({ name: defaultStore, type: 'fs' }, { path }, ['path']);
}

/** The declared stores, and the default one where there are none, or a share that is older than they names it. */
function withDefault(
  declared: readonly DeclaredStore[],
  named: readonly (string | undefined)[],
  makeDefault: () => DeclaredStore,
): readonly DeclaredStore[] {
  return declared.length === 0 || named.includes(defaultStore) ? [...declared, makeDefault()] : declared;
}

/** The stores that the spec declares, or those that go without saying. */
export function planStores(spec: Spec, server: string, defaultBlocks: BlockVolume): Stores {
  const { metadataStores = [], blockStores: { local = [], remote = [] } = {}, shares = [] } = spec;
  return {
    metadata: withDefault(
      metadataStores.map((declared) => metadataStore(declared, server, spec.percona)),
      shares.map((share) => share.metadataStore),
      defaultMetadataStore,
    ),
    local: withDefault(
      local.map(localStore),
      shares.map((share) => share.localBlockStore),
      () => defaultLocalStore(defaultBlocks),
    ),
    remote: remote.map(remoteStore),
  };
}

/** Whether anything lives on the metadata volume. */
export function useMetadataVolume({ metadata, local }: Stores): boolean {
  const paths = [...metadata, ...local].map(({ config }) => config.path);
  return paths.some((path) => typeof path === 'string' && path.startsWith(`${dataFolders.metadata}/`));
}
