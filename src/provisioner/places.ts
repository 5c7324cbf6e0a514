import type { DeclaredStore } from '../api/provisioning.ts';
import type { Json } from '../lib/json.ts';
import { HIDDEN, sameConfig } from './compare.ts';
import type { Round } from './round.ts';
import type { ServerStore } from './server-state.ts';
import { storeKinds, type StoreKind } from './store-kinds.ts';

/**
 * Where the data of a store lies: its type, and the fields of its config that say so.
 *
 * A name is not enough: a store that was removed can be made again elsewhere under it, and files of a share that comes
 * back then read as zeros.
 */
export type Place = Readonly<Record<string, Json>>;

/** A store by its name, and where its data lies as far as that is known. */
export interface Placed {
  readonly name: string;
  readonly place: Place | undefined;
}

/**
 * Fields that say where data lies, whatever the plan calls identity: the server takes any value of a metadata store, and
 * then does not start again.
 */
const alwaysIdentity = ['path', 'db_path', 'database', 'dbname', 'bucket', 'prefix'];

/** The fields of a store's config that say where its data lies. */
export function identityOf(store: DeclaredStore | undefined): readonly string[] {
  return [...new Set([...(store?.identity ?? []), ...alwaysIdentity])].sort();
}

/** Where the data of a store lies. */
export function placeOf(
  { type, config = {} }: Pick<ServerStore, 'type' | 'config'>,
  identity: readonly string[],
): Place {
  const fields = identity.flatMap((field): readonly [string, Json][] => {
    const value = config[field] ?? '';
    return value === '' || value === HIDDEN ? [] : [[field, value]];
  });
  return { type, ...Object.fromEntries(fields) };
}

/** A store that the server has, by its name. */
export function placedOf({ plan, server }: Round, where: StoreKind, name: string): Placed {
  const actual = server[where.present].get(name);
  const declared = plan[where.declared].find((store) => store.name === name);
  return { name, place: actual === undefined ? undefined : placeOf(actual, identityOf(declared)) };
}

/** Where the stores of a share lie, by what they are to it. */
export function placesOf(round: Round, bindings: Readonly<Record<string, string>>): Readonly<Record<string, Place>> {
  const places = storeKinds.flatMap((where): readonly [string, Place][] => {
    const name = bindings[where.kind];
    const place = name === undefined ? undefined : placedOf(round, where, name).place;
    return place === undefined ? [] : [[where.kind, place]];
  });
  return Object.fromEntries(places);
}

/** The fields in which two places differ. */
export function differingFields(one: Place, other: Place): readonly string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .filter((field) => !sameConfig(one[field], other[field]))
    .sort();
}

/** Whether two stores have their data in the same place; one in memory is told by its name, and so is one of which no more is known. */
export function isSameStore(one: Placed, other: Placed): boolean {
  if (one.place === undefined || other.place === undefined) return one.name === other.name;
  const isNowhere = Object.keys(one.place).length === 1;
  return differingFields(one.place, other.place).length === 0 && (!isNowhere || one.name === other.name);
}
