import type * as z from 'zod';
import { meaning, report, type Check } from './check.ts';
import type { Database } from './database.ts';
import type { Percona } from './percona.ts';
import { quote } from './problem.ts';
import { blocksOf, isAmongBlocks, isSamePlace, placeInS3 } from './s3.ts';
import type { Shares } from './shares.ts';
import type { Storage } from './storage.ts';
import {
  defaultStore,
  meantStore,
  metadataDatabase,
  MOST_DATABASE_NAME,
  type BlockStores,
  type MetadataStores,
} from './stores.ts';

type LocalStores = NonNullable<z.output<typeof BlockStores>['local']>;
type RemoteStores = NonNullable<z.output<typeof BlockStores>['remote']>;

/** Where a PostgreSQL is, as far as a spec says it. */
type Address = Pick<NonNullable<z.output<typeof MetadataStores>[number]['postgres']>, 'host' | 'port' | 'database'>;

/** What a spec says of stores. */
interface Stores {
  readonly storage: z.output<typeof Storage>;
  readonly database: z.output<typeof Database>;
  readonly percona: z.output<typeof Percona>;
  readonly metadataStores?: z.output<typeof MetadataStores> | undefined;
  readonly blockStores?: z.output<typeof BlockStores> | undefined;
}

/** A volume that a local block store needs, by the field that asks for it. */
const sizeFields: Readonly<Record<string, 'contentSize' | 'cacheSize'>> = {
  content: 'contentSize',
  cache: 'cacheSize',
};

/** One text for one database; undefined where a spec does not say which. */
function databaseOf({ host, port = 5432, database }: Address): string | undefined {
  return host === undefined || database === undefined ? undefined : `${host.toLowerCase()}:${port}/${database}`;
}

/** A metadata store in PostgreSQL has a database of its own: the tables of two would be the same tables. */
const checkDatabases: Check<Stores> = ({ database: { postgres: controlPlane }, percona, metadataStores = [] }, ctx) => {
  const own = controlPlane === undefined ? undefined : databaseOf(controlPlane);
  const owners = new Map<string, string>(own === undefined ? [] : [[own, 'the control plane']]);
  metadataStores.forEach(({ name, postgres }, index) => {
    if (postgres === undefined) return;
    const { fromPercona } = postgres;
    const path = ['metadataStores', index, 'postgres', fromPercona ? 'fromPercona' : 'database'];
    const length = MOST_DATABASE_NAME - metadataDatabase('').length;
    if (fromPercona && !percona.enabled) report(ctx, path, 'needs percona.enabled');
    else if (fromPercona && percona.databaseName.length > length)
      report(ctx, path, `needs a percona.databaseName of at most ${length} characters`);
    const database = fromPercona ? 'percona' : databaseOf(postgres);
    if (database === undefined) return;
    const owner = owners.get(database);
    if (owner === undefined) owners.set(database, `metadata store ${quote(name)}`);
    else report(ctx, path, `is the database of ${owner}, too: each needs one of its own`);
  });
};

/** No store in S3 lies where another one clears away what it does not know. */
function checkPlaces(ctx: z.core.$RefinementCtx, remote: RemoteStores): void {
  const stores = remote.flatMap(({ name, s3 }, index) =>
    s3 === undefined ? [] : { name, index, place: placeInS3(s3) },
  );
  for (const { index, place } of stores) {
    const path = ['blockStores', 'remote', index, 's3'];
    const first = stores.find((other) => isSamePlace(place, other.place));
    if (first !== undefined && first.index < index) {
      const message = `is where store ${quote(first.name)} keeps its data, too, and each would clear away what it does not know: give them different buckets or prefixes`;
      report(ctx, [...path, 'bucket'], message);
    }
    const above = stores.find((other) => isAmongBlocks(place, other.place));
    if (above !== undefined) {
      const message = `is among the blocks of store ${quote(above.name)}, which clears away what it does not know there: choose a folder outside of ${quote(blocksOf(above.place))}`;
      report(ctx, [...path, 'prefix'], message);
    }
  }
}

/** A store lies where something is: on a volume that is asked for, and where no other store is. */
export const checkStores: Check<Stores> = (spec, ctx) => {
  const { storage, blockStores: { local = [], remote = [] } = {} } = spec;
  checkDatabases(spec, ctx);
  local.forEach(({ type, volume }, index) => {
    const field = volume === undefined ? undefined : sizeFields[volume];
    if (type !== 'fs' || field === undefined || storage[field] !== undefined) return;
    const path = ['blockStores', 'local', index, 'volume'];
    report(ctx, path, `is a volume that is not asked for: it needs storage.${field}`);
  });
  checkPlaces(ctx, remote);
};

/** A server has one passphrase, whatever it opens. */
export const checkPassphrases: Check<Pick<Stores, 'blockStores'>> = ({ blockStores }, ctx) => {
  const remote = blockStores?.remote ?? [];
  const [first] = remote.flatMap(({ name, s3 }) => (s3?.encryption === undefined ? [] : [{ name, ...s3.encryption }]));
  if (first === undefined) return;
  const { name, key } = first.passphraseSecretRef;
  remote.forEach(({ s3 }, index) => {
    const other = s3?.encryption?.passphraseSecretRef;
    if (other === undefined || (other.name === name && other.key === key)) return;
    const path = ['blockStores', 'remote', index, 's3', 'encryption', 'passphraseSecretRef'];
    const message = `is not that of store ${quote(first.name)}: a server has one passphrase`;
    ctx.addIssue({ code: 'custom', path, message, params: { hideValue: true } });
  });
};

/** The stores that a share may name, in the words for their kind. */
function shareStore(
  ctx: z.core.$RefinementCtx,
  index: number,
  field: 'metadataStore' | 'localBlockStore',
  named: string | undefined,
  declared: readonly { readonly name: string }[],
): void {
  const kind = field === 'metadataStore' ? 'metadata store' : 'local block store';
  const names = [...declared.map(({ name }) => name), defaultStore];
  if (named !== undefined && !names.includes(named)) {
    report(ctx, ['shares', index, field], `is not a declared ${kind}${meaning(named, names)}`);
  }
  if (meantStore(named, declared) === undefined) {
    const choice = names.slice(0, -1).map(quote).join(', ');
    report(ctx, ['shares', index, field], `is required where several are declared: one of ${choice}`);
  }
}

/** The share that goes without saying lies on stores that go without saying. */
function fallbackStores(metadata: readonly unknown[], local: LocalStores): string | undefined {
  if (metadata.length > 1) return 'several metadata stores are declared';
  if (local.length > 1) return 'several local block stores are declared';
  return local[0]?.durability === 'remote' ? 'the durability of the local block store is remote' : undefined;
}

/**
 * A share names stores that there are, and has a remote one where its local one waits for it. What it keeps in S3 has a
 * local tier that is not the volume of the metadata, unless the spec says so.
 */
export const checkShareStores: Check<
  Pick<Stores, 'storage' | 'metadataStores' | 'blockStores'> & { readonly shares?: z.output<typeof Shares> | undefined }
> = (spec, ctx) => {
  const { storage, shares = [], metadataStores = [], blockStores: { local = [], remote = [] } = {} } = spec;
  const unclear = spec.shares === undefined ? fallbackStores(metadataStores, local) : undefined;
  if (unclear !== undefined)
    report(ctx, ['shares'], `is required where ${unclear}: say which share lies where, or [] for none`);
  const remotes = remote.map(({ name }) => name);
  const remoteOf = new Map<string, { readonly share: string; readonly remote: string }>();
  shares.forEach(({ name: share, metadataStore, localBlockStore, remoteBlockStore }, index) => {
    shareStore(ctx, index, 'metadataStore', metadataStore, metadataStores);
    shareStore(ctx, index, 'localBlockStore', localBlockStore, local);
    if (remoteBlockStore !== undefined && !remotes.includes(remoteBlockStore)) {
      const message = `is not a declared remote block store${meaning(remoteBlockStore, remotes)}`;
      report(ctx, ['shares', index, 'remoteBlockStore'], message);
    }
    const names = meantStore(metadataStore, metadataStores);
    if (remoteBlockStore !== undefined && names !== undefined) {
      const first = remoteOf.get(names) ?? { share, remote: remoteBlockStore };
      remoteOf.set(names, first);
      if (first.remote !== remoteBlockStore) {
        const message = `is another remote block store than ${quote(first.remote)} of share ${quote(first.share)}, which has the same metadata store: equal data would be in one of them only; declare a metadata store for each`;
        report(ctx, ['shares', index, 'remoteBlockStore'], message);
      }
    }
    const name = meantStore(localBlockStore, local);
    const waits = local.some((store) => store.name === name && store.durability === 'remote');
    if (waits && remoteBlockStore === undefined) {
      const message = `is required: the durability of the local block store ${quote(name)} is remote`;
      report(ctx, ['shares', index, 'remoteBlockStore'], message);
    }
    const isInS3 = remote.some((store) => store.name === remoteBlockStore && store.s3 !== undefined);
    const hasTier = storage.cacheSize !== undefined || storage.contentSize !== undefined;
    if (isInS3 && name === defaultStore && !hasTier) {
      const message = `needs a volume for what is not in S3 yet, and what is read often: set storage.cacheSize, or name a localBlockStore`;
      report(ctx, ['shares', index, 'remoteBlockStore'], message);
    }
  });
};
