import * as z from 'zod';
import { isObject, type JsonObject } from '../lib/json.ts';
import type { Answer, Failure } from './answer.ts';
import { Settings } from './notes.ts';
import { path } from './path.ts';
import type { Request } from './wire.ts';

/** The health of an object, as the server tells it. */
export const Status = z.looseObject({ status: z.string(), message: z.string().optional() });
export type Status = z.output<typeof Status>;

/** Fields of the server's JSON that are compared with what is declared. */
const Fields = z.record(z.string(), z.json()).transform((fields): JsonObject => fields);

const Store = z.looseObject({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  config: Fields.optional(),
  status: Status.optional(),
});
export type ServerStore = z.output<typeof Store>;

const Group = z.looseObject({
  id: z.string(),
  name: z.string(),
  gid: z.number().optional(),
  description: z.string().optional(),
});
export type ServerGroup = z.output<typeof Group>;

const User = z.looseObject({
  id: z.string(),
  username: z.string(),
  role: z.string(),
  enabled: z.boolean(),
  uid: z.number().optional(),
  gid: z.number().optional(),
  groups: z.array(z.string()).optional(),
  email: z.string().optional(),
  display_name: z.string().optional(),
});
export type ServerUser = z.output<typeof User>;

/** A share with all of its fields once more, as JSON, to be compared. */
const Share = z.preprocess(
  (share) => (isObject(share) ? { ...share, settings: share } : share),
  z.object({
    id: z.string(),
    name: z.string(),
    metadata_store_id: z.string(),
    local_block_store_id: z.string(),
    remote_block_store_id: z.string().nullish(),
    enabled: z.boolean(),
    owner_uid: z.number().optional(),
    status: Status,
    settings: Fields,
  }),
);
export type ServerShare = z.output<typeof Share>;
export const ServerShares = z.array(Share);

const SnapshotPolicy = z.looseObject({ share: z.string() }).catchall(z.json());
export type ServerSnapshotPolicy = z.output<typeof SnapshotPolicy>;

const Adapter = z.looseObject({
  type: z.string(),
  enabled: z.boolean(),
  port: z.number(),
  status: Status,
});
export type ServerAdapter = z.output<typeof Adapter>;
export const ServerAdapters = z.array(Adapter);

/** What a server has, by name; what is made in a round is added. */
export interface ServerState {
  readonly metadataStores: Map<string, ServerStore>;
  readonly localBlockStores: Map<string, ServerStore>;
  readonly remoteBlockStores: Map<string, ServerStore>;
  readonly groups: Map<string, ServerGroup>;
  readonly users: Map<string, ServerUser>;
  readonly shares: Map<string, ServerShare>;
  readonly snapshotPolicies: Map<string, ServerSnapshotPolicy>;
  readonly adapters: Map<string, ServerAdapter>;
  readonly settings: Settings;
}

type Send = (request: Request) => Promise<Answer>;

/** Reads and parses one thing of the server; an answer of another form is a failure, too. */
export async function readAs<T>(
  send: Send,
  path: string,
  schema: z.ZodType<T>,
): Promise<{ ok: true; value: T } | Failure> {
  const answer = await send({ method: 'GET', path });
  if (!answer.ok) return answer;
  const parsed = schema.safeParse(answer.body);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  return {
    ok: false,
    status: 500,
    reason: `the server's answer to ${path} is not understood: ${where}: ${issue?.message ?? ''}`,
  };
}

function byName<T>(items: readonly T[], name: (item: T) => string): Map<string, T> {
  return new Map(items.map((item) => [name(item), item]));
}

/** Reads all that a server has, list by list. */
export async function readServerState(
  send: Send,
): Promise<{ readonly ok: true; readonly state: ServerState } | Failure> {
  const stores = z.array(Store);
  const settings = await readAs(send, path('settings'), Settings);
  if (!settings.ok) return settings;
  const metadataStores = await readAs(send, path('store', 'metadata'), stores);
  if (!metadataStores.ok) return metadataStores;
  const localBlockStores = await readAs(send, path('store', 'block', 'local'), stores);
  if (!localBlockStores.ok) return localBlockStores;
  const remoteBlockStores = await readAs(send, path('store', 'block', 'remote'), stores);
  if (!remoteBlockStores.ok) return remoteBlockStores;
  const groups = await readAs(send, path('groups'), z.array(Group));
  if (!groups.ok) return groups;
  const users = await readAs(send, path('users'), z.array(User));
  if (!users.ok) return users;
  const shares = await readAs(send, path('shares'), ServerShares);
  if (!shares.ok) return shares;
  const snapshotPolicies = await readAs(send, path('snapshot-policies'), z.array(SnapshotPolicy));
  if (!snapshotPolicies.ok) return snapshotPolicies;
  const adapters = await readAs(send, path('adapters'), ServerAdapters);
  if (!adapters.ok) return adapters;
  return {
    ok: true,
    state: {
      metadataStores: byName(metadataStores.value, ({ name }) => name),
      localBlockStores: byName(localBlockStores.value, ({ name }) => name),
      remoteBlockStores: byName(remoteBlockStores.value, ({ name }) => name),
      groups: byName(groups.value, ({ name }) => name),
      users: byName(users.value, ({ username }) => username),
      shares: byName(shares.value, ({ name }) => name),
      snapshotPolicies: byName(snapshotPolicies.value, ({ share }) => share),
      adapters: byName(adapters.value, ({ type }) => type),
      settings: settings.value,
    },
  };
}
