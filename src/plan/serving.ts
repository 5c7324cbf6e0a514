import type { DeclaredAdapter, DeclaredStore, SecretFile, ServingPlan } from '../api/provisioning.ts';
import type { Input } from '../api/v1alpha1/input.ts';
import type { Spec } from '../api/v1alpha1/spec.ts';
import { readSecret, type SecretKeyRef, type Secrets } from '../kubernetes/secret.ts';
import { sha256 } from '../lib/hash.ts';
import { sortFields, type JsonObject } from '../lib/json.ts';
import { inSnakeCase } from '../lib/snake-case.ts';
import { listenerPorts } from './container.ts';
import type { MissingSecret } from './credentials.ts';
import type { Protocol } from './exposure.ts';
import { planShares, planSnapshotPolicies } from './shares.ts';
import { planStores, type Stores } from './stores.ts';
import { planGroups, planUsers } from './users.ts';

export type { SecretFile } from '../api/provisioning.ts';

/** What the server is to serve, and what that needs. */
export interface Serving {
  /** plan.json. */
  readonly text: string;
  /** SHA-256 over what plan.json says; the provisioner reports by it. */
  readonly revision: string;
  /** The declared shares, with their slash; one that is the fallback is made only on a server without shares. */
  readonly shares: readonly { readonly name: string; readonly fallback: boolean }[];
  /** Keys of Secrets that the provisioner reads. */
  readonly files: readonly SecretFile[];
  /** Those that are not there. */
  readonly missing: readonly MissingSecret[];
}

/** Where messages need not be signed, an SMB client without a name writes to whatever everybody may write to. */
const safeSettings = { nfs: {}, smb: { signing: 'required' } } as const;

function planAdapter(spec: Spec, protocol: Protocol): DeclaredAdapter {
  const { enabled, settings = {} } = spec[protocol];
  return {
    enabled,
    port: listenerPorts[protocol],
    settings: { ...inSnakeCase({ ...safeSettings[protocol], ...settings }) },
  };
}

/** A store that only the fallback share uses is made only with it. */
function withFallback(stores: readonly DeclaredStore[], isDeclared: boolean, onlyFallback: boolean): DeclaredStore[] {
  return stores.map((store) => ({ ...store, fallback: !isDeclared && onlyFallback }));
}

/** The plan without its revision. */
function planContent(spec: Spec, input: Input, server: string, admin: SecretKeyRef, stores: Stores) {
  const shares = planShares(spec, input);
  const onlyFallback = shares.every(({ fallback }) => fallback);
  const content: Omit<ServingPlan, 'revision'> = {
    admin: { secret: admin.name, key: admin.key },
    prune: spec.prune && input.allow.prune,
    metadata_stores: withFallback(stores.metadata, (spec.metadataStores ?? []).length > 0, onlyFallback),
    local_block_stores: withFallback(stores.local, (spec.blockStores?.local ?? []).length > 0, onlyFallback),
    remote_block_stores: [...stores.remote],
    groups: [...planGroups(spec)],
    users: [...planUsers(spec, server)],
    shares: [...shares],
    snapshot_policies: { ...planSnapshotPolicies(spec) },
    adapters: { nfs: planAdapter(spec, 'nfs'), smb: planAdapter(spec, 'smb') },
  };
  return content;
}

type Content = ReturnType<typeof planContent>;

function filesOf({ admin, metadata_stores, local_block_stores, remote_block_stores, users }: Content): SecretFile[] {
  const stores = [...metadata_stores, ...local_block_stores, ...remote_block_stores];
  return [admin, ...stores.flatMap(({ secrets }) => Object.values(secrets)), ...users.map(({ password }) => password)];
}

function absent(name: string, keys: readonly string[]): string {
  const all = keys.map((key) => JSON.stringify(key)).join(' and ');
  return `Secret ${JSON.stringify(name)} does not exist; it needs ${keys.length === 1 ? 'key' : 'keys'} ${all}`;
}

/** What somebody has to bring; what is generated, or made by an operator, comes by itself. */
function missingOf(files: readonly SecretFile[], secrets: Secrets, byThemselves: readonly string[]): MissingSecret[] {
  const brought = files.filter(({ secret }) => !byThemselves.includes(secret));
  const names = [...new Set(brought.map(({ secret }) => secret))];
  return names.flatMap((name) => {
    const keys = [...new Set(brought.filter(({ secret }) => secret === name).map(({ key }) => key))];
    const missing = keys
      .map((key) => readSecret(secrets, { name, key }))
      .flatMap((read) => (read.state === 'missing' ? [{ reason: read.reason, message: read.message }] : []));
    // A Secret that is not there is told once, whatever it needs.
    return missing[0]?.reason === 'SecretNotFound' ? [{ ...missing[0], message: absent(name, keys) }] : missing;
  });
}

/** The names of the Secrets that what is served is read from, generated ones included. */
export function servingSecrets(spec: Spec, server: string): readonly string[] {
  const stores = planStores(spec, server, new Map());
  return [
    ...[...stores.metadata, ...stores.remote].flatMap(({ secrets }) => Object.values(secrets)),
    ...planUsers(spec, server).map(({ password }) => password),
  ].map(({ secret }) => secret);
}

/** The same plan is the same text, byte for byte. */
function inJson(plan: JsonObject, indent?: number): string {
  return JSON.stringify(sortFields(plan), null, indent);
}

/** Decides what the server serves. `byThemselves`: Secrets that nobody has to bring. */
export function planServing(
  spec: Spec,
  input: Input,
  server: string,
  admin: SecretKeyRef,
  stores: Stores,
  secrets: Secrets,
  byThemselves: readonly string[],
): Serving {
  const content = planContent(spec, input, server, admin, stores);
  const revision = sha256(inJson(content));
  const files = filesOf(content);
  return {
    text: `${inJson({ ...content, revision }, 2)}\n`,
    revision,
    shares: content.shares.map(({ name, fallback }) => ({ name, fallback })),
    files,
    missing: missingOf(files, secrets, byThemselves),
  };
}
