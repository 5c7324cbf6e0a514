import fc from 'fast-check';
import { isObject, textAt, type JsonObject } from '../../src/lib/json.ts';

/*
 * Arbitrary values of what a server serves: stores, people, shares and snapshot policies, whose names fit together.
 */

function some(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonObject> {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;
}

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?$/).filter((one) => one !== 'default');
const person = fc
  .stringMatching(/^[a-z_][a-z0-9_-]{0,6}$/)
  .filter((one) => !['admin', 'admins', 'operators', 'users'].includes(one));
const amount = fc.integer({ min: 1, max: 500 }).map((gibibytes) => `${gibibytes}Gi`);
const hours = fc.integer({ min: 1, max: 1000 }).map((count) => `${count}h`);
const secretKey = fc.record({ name: fc.constantFrom('own-secret', 'another.secret'), key: fc.constant('password') });

/** At most three items, whose names differ. */
function named(names: fc.Arbitrary<string>, fields: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject[]> {
  return fc
    .uniqueArray(names, { maxLength: 3 })
    .chain((all) => fc.tuple(...all.map((one) => fields.map((others): JsonObject => ({ name: one, ...others })))));
}

function namesOf(items: readonly JsonObject[] = []): string[] {
  return items.map((item) => textAt(item, 'name') ?? '');
}

/** No two stores are in one place. */
function inOwnPlaces(stores: JsonObject[], options: string, field: string): JsonObject[] {
  return stores.map((store, index) => {
    const { [options]: place } = store;
    return isObject(place) ? { ...store, [options]: { ...place, [field]: `files-${index}` } } : store;
  });
}

const metadataStores = named(
  name,
  fc.oneof(
    fc.record({ type: fc.constantFrom('memory', 'sqlite', 'badger') }),
    fc.record({
      type: fc.constant('badger'),
      badger: some({ blockCacheMB: fc.integer({ min: 1, max: 1024 }), relaxedDurability: fc.boolean() }),
    }),
    fc.record({
      type: fc.constant('postgres'),
      postgres: fc.record(
        {
          host: fc.constant('postgres.example.com'),
          database: fc.constant('names'),
          user: fc.constant('names'),
          passwordSecretRef: secretKey,
          port: fc.integer({ min: 1, max: 65535 }),
          sslMode: fc.constantFrom('disable', 'require', 'verify-full'),
        },
        { requiredKeys: ['host', 'database', 'user', 'passwordSecretRef'] },
      ),
    }),
  ),
).map((stores) => inOwnPlaces(stores, 'postgres', 'database'));

const localStores = named(
  name,
  fc.oneof(
    fc.record({ type: fc.constant('memory') }),
    fc.record(
      {
        type: fc.constant('fs'),
        volume: fc.constant('metadata'),
        maxSize: amount,
        durability: fc.constantFrom('local', 'writeback'),
      },
      { requiredKeys: ['type', 'volume'] },
    ),
  ),
);

const remoteStores = named(
  name,
  fc.oneof(
    fc.record({ type: fc.constant('memory') }),
    fc.record({
      type: fc.constant('s3'),
      s3: fc.record(
        {
          bucket: fc.constant('files'),
          credentialsSecretRef: fc.record({ name: fc.constant('own-secret') }),
          endpoint: fc.constantFrom('https://s3.example.com', 'http://minio:9000'),
          prefix: fc.constantFrom('nas', 'a/b'),
          compression: fc.constantFrom('zstd', 'lz4'),
        },
        { requiredKeys: ['bucket', 'credentialsSecretRef'] },
      ),
    }),
  ),
).map((stores) => inOwnPlaces(stores, 's3', 'bucket'));

const groups = named(person, fc.constant({})).map((all) =>
  all.map((group, index): JsonObject => ({ ...group, gid: 2000 + index })),
);

function usersIn(groupNames: readonly string[]): fc.Arbitrary<JsonObject[]> {
  return named(
    person,
    some({
      passwordSecretRef: secretKey,
      groups: fc.uniqueArray(fc.constantFrom('users', ...groupNames), { maxLength: 3 }),
      role: fc.constantFrom('user', 'operator', 'admin'),
      enabled: fc.boolean(),
      displayName: fc.string({ minLength: 1, maxLength: 20 }),
    }),
  ).map((all) =>
    all
      // A Secret is named after who brings none.
      .filter(
        ({ name, passwordSecretRef }) =>
          passwordSecretRef !== undefined || /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(textAt(name) ?? ''),
      )
      .map((user, index): JsonObject => ({ ...user, uid: 3000 + index })),
  );
}

const snapshotPolicy = fc.record(
  {
    interval: fc.oneof(fc.constantFrom('@hourly', '@daily', '@weekly'), hours),
    keepLast: fc.nat(100),
    ttl: fc.oneof(fc.constantFrom('', '0'), hours),
    enabled: fc.boolean(),
    namePrefix: fc.stringMatching(/^[A-Za-z0-9_-]{0,8}$/),
  },
  { requiredKeys: ['interval'] },
);

/** What a share may name. */
interface Known {
  readonly metadata: readonly string[];
  readonly local: readonly string[];
  readonly remote: readonly string[];
  readonly users: readonly string[];
  /** Users whose Secret is generated. */
  readonly mounters: readonly string[];
}

function volume(mounters: readonly string[]): fc.Arbitrary<JsonObject> {
  const [first, ...others] = mounters;
  const mountOptions = fc.uniqueArray(fc.constantFrom('hard', 'soft'), { maxLength: 2 });
  const nfs = some({ driver: fc.constantFrom('csi', 'inTree'), mountOptions });
  if (first === undefined) return nfs;
  return fc.oneof(nfs, fc.record({ protocol: fc.constant('smb'), user: fc.constantFrom(first, ...others) }));
}

/** The names and levels of users, each once. */
function permissions(users: readonly string[]): fc.Arbitrary<JsonObject[]> {
  return fc.uniqueArray(
    fc.record({
      type: fc.constant('user'),
      name: fc.constantFrom('admin', ...users),
      level: fc.constantFrom('none', 'read', 'read-write', 'admin'),
    }),
    { maxLength: 3, selector: (permission) => permission.name },
  );
}

/** A share that keeps its data in a remote store has a local one of its own before it, or keeps it here. */
function withTier(share: JsonObject, [local]: readonly string[]): JsonObject {
  const { remoteBlockStore, ...fields } = share;
  if (remoteBlockStore === undefined || fields.localBlockStore !== 'default') return share;
  return local === undefined ? fields : { ...share, localBlockStore: local };
}

function sharesOn({ metadata, local, remote, users, mounters }: Known): fc.Arbitrary<JsonObject[]> {
  const fields = fc.record(
    {
      metadataStore: fc.constantFrom('default', ...metadata),
      localBlockStore: fc.constantFrom('default', ...local),
      // Shares of one metadata store have one remote store.
      ...(remote.length > 0 && { remoteBlockStore: fc.constant(remote[0] ?? '') }),
      readOnly: fc.boolean(),
      enabled: fc.boolean(),
      owner: fc.constantFrom('admin', ...users),
      defaultPermission: fc.constantFrom('none', 'read', 'read-write', 'admin'),
      permissions: permissions(users),
      quotas: fc.constant([{ type: 'user', name: 'admin', limit: '10Gi', softLimit: '5Gi', grace: '24h' }]),
      retention: fc.constantFrom({ policy: 'pin' }, { policy: 'ttl', ttl: '72h' }),
      cacheSize: amount,
      encryptData: fc.boolean(),
      blockedOperations: fc.uniqueArray(fc.constantFrom('WRITE', 'IOCTL'), { maxLength: 2 }),
      nfs: some({ squash: fc.constantFrom('none', 'all_to_guest'), anonymousUid: fc.nat(70_000) }),
      smb: some({ changeNotify: fc.boolean(), mfsymlinks: fc.boolean() }),
      snapshotPolicy,
      trash: fc.record(
        { enabled: fc.boolean(), maxSize: amount, excludePatterns: fc.constant(['*.tmp']) },
        { requiredKeys: ['enabled'] },
      ),
      quota: amount,
    },
    { requiredKeys: ['metadataStore', 'localBlockStore'] },
  );
  const withVolume = fc
    .tuple(fields, amount, volume(mounters))
    .map(([share, quota, one]): JsonObject => ({ ...share, quota, volume: one }));
  return named(
    name.map((one) => `/${one}`),
    fc
      .oneof(
        fields.map((share): JsonObject => ({ ...share })),
        withVolume,
      )
      .map((share) => withTier(share, local)),
  );
}

/** Policies of shares that nobody declares: no declared name is that long. */
const handMade = fc.constantFrom('/made-by-hand', 'made by somebody else');
const snapshotPolicies = fc
  .uniqueArray(handMade, { maxLength: 2 })
  .chain((all) => fc.tuple(...all.map((share) => snapshotPolicy.map((policy): JsonObject => ({ share, ...policy })))));

/** Fields of a spec about what the server serves. */
export const arbitraryServing: fc.Arbitrary<JsonObject> = fc
  .record({ metadataStores, local: localStores, remote: remoteStores, groups })
  .chain((declared) =>
    usersIn(namesOf(declared.groups)).chain((users) => {
      const shares = sharesOn({
        metadata: namesOf(declared.metadataStores),
        local: namesOf(declared.local),
        remote: namesOf(declared.remote),
        users: namesOf(users),
        mounters: namesOf(users.filter(({ passwordSecretRef }) => passwordSecretRef === undefined)),
      });
      const isUnclear = declared.metadataStores.length > 1 || declared.local.length > 1;
      return fc.record(
        {
          metadataStores: fc.constant(declared.metadataStores),
          blockStores: fc.constant({ local: declared.local, remote: declared.remote }),
          groups: fc.constant(declared.groups),
          users: fc.constant(users),
          shares,
          snapshotPolicies,
          prune: fc.boolean(),
        },
        {
          requiredKeys: [
            'metadataStores',
            'blockStores',
            'groups',
            'users',
            ...(isUnclear ? (['shares'] as const) : []),
          ],
        },
      );
    }),
  )
  .map((fields) => fields as JsonObject);
