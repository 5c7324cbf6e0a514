import type { DeclaredShare } from '../api/provisioning.ts';
import type { ServerShare, ServerState, ServerStore } from './server-state.ts';

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
