import type { DeclaredShare } from '../api/provisioning.ts';
import { nameOf } from './change.ts';
import { differingFields, isSameStore, placesOf, type Place } from './places.ts';
import type { Round } from './round.ts';
import type { ServerShare, ServerState, ServerStore } from './server-state.ts';
import { storeKinds } from './store-kinds.ts';

/** The stores of a share, by what they are to it. */
export type Bindings = Readonly<Record<string, string>>;

/** The stores that a share is declared with. */
export function declaredBindings(share: DeclaredShare): Bindings {
  const { metadata_store, local_block_store, remote_block_store } = share;
  return {
    'metadata store': metadata_store,
    'local block store': local_block_store,
    ...(remote_block_store !== undefined && { 'remote block store': remote_block_store }),
  };
}

/** The name of a store, which the server tells by its id; a store that is not there has only that. */
function nameById(stores: ReadonlyMap<string, ServerStore>, id: string): string {
  return [...stores.values()].find((store) => store.id === id)?.name ?? id;
}

/** The stores that a share has. */
export function actualBindings(share: ServerShare, server: ServerState): Bindings {
  const remote = share.remote_block_store_id ?? '';
  return {
    'metadata store': nameById(server.metadataStores, share.metadata_store_id),
    'local block store': nameById(server.localBlockStores, share.local_block_store_id),
    ...(remote !== '' && { 'remote block store': nameById(server.remoteBlockStores, remote) }),
  };
}

/** What of the declared stores differs, in words; empty where nothing does. */
export function differingBindings(declared: Bindings, actual: Bindings): readonly string[] {
  const text = (name: string | undefined): string => (name === undefined ? 'none' : JSON.stringify(name));
  return [...new Set([...Object.keys(declared), ...Object.keys(actual)])]
    .filter((role) => declared[role] !== actual[role])
    .sort()
    .map((role) => `its ${role} is ${text(actual[role])}, not ${text(declared[role])}`);
}

/** What of the places that a share's stores had is otherwise now, in words. */
function differingPlaces(
  bindings: Bindings,
  now: Readonly<Record<string, Place>>,
  former: Readonly<Record<string, Place>>,
): readonly string[] {
  const text = (place: Place, field: string): string => JSON.stringify(place[field] ?? '');
  return storeKinds.flatMap(({ kind }) => {
    const [to, from] = [now[kind], former[kind]];
    if (to === undefined || from === undefined) return [];
    const whose = `its ${kind} ${JSON.stringify(bindings[kind] ?? '')}`;
    return differingFields(to, from).map(
      (field) => `the ${field} of ${whose} is ${text(to, field)}, and was ${text(from, field)}`,
    );
  });
}

/**
 * Why a share cannot come back with the stores that it is declared with; undefined where it can.
 *
 * Its name leads to the files that it had, wherever these are looked for: in another store they would read as zeros.
 */
export function formerBindings(round: Round, share: DeclaredShare): string | undefined {
  const { stores, places = {} } = round.notes.of('share', share.name);
  if (stores === undefined) return undefined;
  const bindings = declaredBindings(share);
  const moved = differingBindings(bindings, stores);
  const differing = moved.length > 0 ? moved : differingPlaces(bindings, placesOf(round, bindings), places);
  if (differing.length === 0) return undefined;
  const kept = 'it was removed, and its files were kept: declare it with the stores that it had, or another name';
  return `is not there: ${differing.join(', ')}: ${kept}`;
}

/** The stores of a share, of one that was removed, too. */
interface Bound {
  readonly share: string;
  readonly stores: Bindings;
  readonly places: Readonly<Record<string, Place>>;
}

/** The stores of all shares but one: of those that the server has, and of those that it had. */
function otherShares(round: Round, share: string): readonly Bound[] {
  const { server, notes } = round;
  const there = [...server.shares.values()].map((actual): Bound => {
    const stores = actualBindings(actual, server);
    return { share: actual.name, stores, places: placesOf(round, stores) };
  });
  const gone = notes
    .all('share')
    .flatMap(({ name, stores, places = {} }): readonly Bound[] =>
      stores === undefined || server.shares.has(name) ? [] : [{ share: name, stores, places }],
    );
  return [...there, ...gone].filter((bound) => bound.share !== share);
}

/** Whether two shares have the same store of a kind; false where one has none. */
function haveSame(kind: string, one: Bound, other: Bound): boolean {
  const [a, b] = [one.stores[kind], other.stores[kind]];
  if (a === undefined || b === undefined) return false;
  return isSameStore({ name: a, place: one.places[kind] }, { name: b, place: other.places[kind] });
}

/**
 * Why a share cannot be made with its remote store: its metadata store was used with another one; undefined where it can.
 *
 * The server keeps equal data once for each metadata store, in whichever remote store comes first: from the other one it
 * reads as zeros. What was removed counts, too, for its data is still known to the metadata store.
 */
export function mixedRemotes(round: Round, share: DeclaredShare): string | undefined {
  const { name, metadata_store: metadata, remote_block_store: remote } = share;
  if (remote === undefined) return undefined;
  const stores = declaredBindings(share);
  const own: Bound = { share: name, stores, places: placesOf(round, stores) };
  const other = otherShares(round, name).find(
    (bound) =>
      bound.stores['remote block store'] !== undefined &&
      haveSame('metadata store', own, bound) &&
      !haveSame('remote block store', own, bound),
  );
  if (other === undefined) return undefined;
  const former = nameOf('remote block store', other.stores['remote block store'] ?? '');
  const used = `${nameOf('share', other.share)} used its ${nameOf('metadata store', metadata)} with ${former}`;
  const lost = 'of equal files one of the two would have none';
  return `is not there: ${used}, not ${JSON.stringify(remote)}, and ${lost}: declare a metadata store of its own for it`;
}
