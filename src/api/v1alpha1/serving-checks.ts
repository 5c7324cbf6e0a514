import type * as z from 'zod';
import { closest } from '../../lib/closest.ts';
import { knownGroups, knownUsers } from './people.ts';
import { quote } from './problem.ts';
import { blocksOf, isAmongBlocks, isSamePlace, placeInS3 } from './s3.ts';
import { volumeVersion } from './shares.ts';
import { shareNamed } from './snapshots.ts';
import { defaultStore, meantStore, metadataDatabase, MOST_DATABASE_NAME } from './stores.ts';

/*
 * What joins the items of one list with those of another. These checks are the function's alone: a CEL rule stands on
 * the object that holds both lists, and could say neither which item is wrong nor which name was meant.
 */

interface Named {
  readonly name: string;
}

interface LocalStore extends Named {
  readonly type: string;
  readonly volume?: string | undefined;
  readonly durability: string;
}

interface RemoteStore extends Named {
  readonly s3?:
    | {
        readonly bucket: string;
        readonly endpoint?: string | undefined;
        readonly prefix?: string | undefined;
        readonly encryption?:
          { readonly passphraseSecretRef: { readonly name: string; readonly key: string } } | undefined;
      }
    | undefined;
}

/** Where a PostgreSQL is, as far as a spec says it. */
interface Address {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly database?: string | undefined;
}

interface MetadataStore extends Named {
  readonly postgres?: (Address & { readonly fromPercona: boolean }) | undefined;
}

interface Member {
  readonly type: 'user' | 'group';
  readonly name: string;
}

interface Share extends Named {
  readonly metadataStore?: string | undefined;
  readonly localBlockStore?: string | undefined;
  readonly remoteBlockStore?: string | undefined;
  readonly owner?: string | undefined;
  readonly permissions: readonly Member[];
  readonly quotas: readonly Member[];
  readonly snapshotPolicy?: unknown;
  readonly volume?:
    | {
        readonly protocol: 'nfs' | 'smb';
        readonly user?: string | undefined;
        readonly mountOptions: readonly string[];
      }
    | undefined;
}

interface User extends Named {
  readonly uid?: number | undefined;
  readonly groups: readonly string[];
  readonly passwordSecretRef?: unknown;
}

interface Group extends Named {
  readonly gid?: number | undefined;
}

/** What a spec says of stores. */
interface Stores {
  readonly storage: { readonly contentSize?: unknown; readonly cacheSize?: unknown };
  readonly database: { readonly postgres?: Address | undefined };
  readonly percona: { readonly enabled: boolean; readonly databaseName: string };
  readonly metadataStores?: readonly MetadataStore[] | undefined;
  readonly blockStores?:
    | { readonly local?: readonly LocalStore[] | undefined; readonly remote?: readonly RemoteStore[] | undefined }
    | undefined;
}

type Check<S> = (spec: S, ctx: z.core.$RefinementCtx) => void;

function report(ctx: z.core.$RefinementCtx, path: readonly (string | number)[], message: string): void {
  ctx.addIssue({ code: 'custom', path: [...path], message });
}

/** What a name that nobody has might have been. */
function meaning(name: string, known: Iterable<string>): string {
  const near = closest(name, known);
  return near === undefined ? '' : `; did you mean ${quote(near)}?`;
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
function checkPlaces(ctx: z.core.$RefinementCtx, remote: readonly RemoteStore[]): void {
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

/** Somebody with the number by which the server knows them. */
interface Numbered extends Named {
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
export const checkPeople: Check<{
  readonly users?: readonly User[] | undefined;
  readonly groups?: readonly Group[] | undefined;
}> = (spec, ctx) => {
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

/** The stores that a share may name, in the words for their kind. */
function shareStore(
  ctx: z.core.$RefinementCtx,
  index: number,
  field: 'metadataStore' | 'localBlockStore',
  named: string | undefined,
  declared: readonly Named[] = [],
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
function fallbackStores(metadata: readonly Named[], local: readonly LocalStore[]): string | undefined {
  if (metadata.length > 1) return 'several metadata stores are declared';
  if (local.length > 1) return 'several local block stores are declared';
  return local[0]?.durability === 'remote' ? 'the durability of the local block store is remote' : undefined;
}

/**
 * A share names stores that there are, and has a remote one where its local one waits for it. What it keeps in S3 has a
 * local tier that is not the volume of the metadata, unless the spec says so.
 */
export const checkShareStores: Check<
  Pick<Stores, 'storage' | 'metadataStores' | 'blockStores'> & { shares?: readonly Share[] | undefined }
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

/** A share names people whom there are, by a number where the server needs one. */
export const checkSharePeople: Check<{
  readonly shares?: readonly Share[] | undefined;
  readonly users?: readonly User[] | undefined;
  readonly groups?: readonly Group[] | undefined;
}> = (spec, ctx) => {
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

/** A server has one passphrase, whatever it opens. */
export const checkPassphrases: Check<{
  readonly blockStores?: { readonly remote?: readonly RemoteStore[] | undefined } | undefined;
}> = ({ blockStores }, ctx) => {
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

/** A volume is mounted by a protocol that is spoken, in the version that is. */
export const checkShareVolumes: Check<{
  readonly shares?: readonly Share[] | undefined;
  readonly nfs: {
    readonly enabled: boolean;
    readonly settings?: { readonly maxVersion?: string | undefined } | undefined;
  };
  readonly smb: { readonly enabled: boolean };
}> = (spec, ctx) => {
  const { maxVersion = volumeVersion } = spec.nfs.settings ?? {};
  spec.shares?.forEach(({ volume }, index) => {
    if (volume === undefined) return;
    const saysVersion = volume.mountOptions.some((option) => /^(nfs)?vers=/.test(option));
    if (volume.protocol === 'nfs' && spec.nfs.enabled && maxVersion !== volumeVersion && !saysVersion) {
      const message = `is older than NFS ${volumeVersion}, by which spec.shares[${index}].volume is mounted: name another nfsvers in its mountOptions`;
      report(ctx, ['nfs', 'settings', 'maxVersion'], message);
    }
    if (spec[volume.protocol].enabled) return;
    const message = `is not spoken: spec.${volume.protocol}.enabled is false`;
    const path = ['shares', index, 'volume', 'protocol'];
    // It may be the default, which stands nowhere in what the user wrote.
    ctx.addIssue({ code: 'custom', path, message, params: { value: volume.protocol } });
  });
};

/** A share has one snapshot policy, wherever it stands. */
export const checkSnapshotPolicies: Check<{
  readonly shares?: readonly Share[] | undefined;
  readonly snapshotPolicies?: readonly { readonly share: string }[] | undefined;
}> = ({ shares = [], snapshotPolicies = [] }, ctx) => {
  const names = snapshotPolicies.map(({ share }) => shareNamed(share));
  snapshotPolicies.forEach(({ share }, index) => {
    const name = shareNamed(share);
    const path = ['snapshotPolicies', index, 'share'];
    const earlier = snapshotPolicies[names.indexOf(name)]?.share;
    // The same text twice is said of the list.
    if (earlier !== share && names.indexOf(name) < index)
      report(ctx, path, `is the share ${quote(earlier)}, which has a policy already`);
    const at = shares.findIndex((declared) => declared.name === name && declared.snapshotPolicy !== undefined);
    if (at >= 0) report(ctx, path, `has a policy in spec.shares[${at}].snapshotPolicy, too: leave one of them out`);
  });
};
