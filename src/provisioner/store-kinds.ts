import type { ServerState } from './server-state.ts';

/** The three kinds of stores: where each lies in the plan, the server, the notes, and the API. */
export const storeKinds = [
  {
    kind: 'metadata store',
    note: 'metadata_store',
    declared: 'metadata_stores',
    present: 'metadataStores',
    api: ['store', 'metadata'],
  },
  {
    kind: 'local block store',
    note: 'local_block_store',
    declared: 'local_block_stores',
    present: 'localBlockStores',
    api: ['store', 'block', 'local'],
  },
  {
    kind: 'remote block store',
    note: 'remote_block_store',
    declared: 'remote_block_stores',
    present: 'remoteBlockStores',
    api: ['store', 'block', 'remote'],
  },
] as const satisfies readonly { readonly present: keyof ServerState; readonly [key: string]: unknown }[];
export type StoreKind = (typeof storeKinds)[number];
