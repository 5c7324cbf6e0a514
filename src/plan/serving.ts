import type { DeclaredAdapter, DeclaredShare, DeclaredStore, SecretFile, ServingPlan } from '../api/provisioning.ts';
import type { Input } from '../api/v1alpha1/input.ts';
import type { Spec } from '../api/v1alpha1/spec.ts';
import type { SecretKeyRef, Secrets } from '../kubernetes/secret.ts';
import { sha256 } from '../lib/hash.ts';
import { sortFields, type JsonObject } from '../lib/json.ts';
import { inSnakeCase } from '../lib/snake-case.ts';
import { listenerPorts } from './container.ts';
import { missingKeys, type MissingSecret } from './credentials.ts';
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
  readonly shares: readonly Pick<DeclaredShare, 'name' | 'enabled' | 'fallback'>[];
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
function planContent({ spec, input, server, admin, stores }: ServingFacts) {
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

/** The names of the Secrets that what is served is read from, generated ones included. */
export function servingSecrets(spec: Spec, server: string): readonly string[] {
  const stores = planStores(spec, server, 'metadata');
  return [
    ...[...stores.metadata, ...stores.remote].flatMap(({ secrets }) => Object.values(secrets)),
    ...planUsers(spec, server).map(({ password }) => password),
  ].map(({ secret }) => secret);
}

/** The same plan is the same text, byte for byte. */
function inJson(plan: JsonObject, indent?: number): string {
  return JSON.stringify(sortFields(plan), null, indent);
}

/** What the decision needs. */
export interface ServingFacts {
  readonly spec: Spec;
  readonly input: Input;
  /** Name of the DittoServer. */
  readonly server: string;
  readonly admin: SecretKeyRef;
  readonly stores: Stores;
  readonly secrets: Secrets;
  /** Names of Secrets that nobody has to bring: they are generated, or made by an operator. */
  readonly comeByThemselves: readonly string[];
}

/** Decides what the server serves. */
export function planServing(facts: ServingFacts): Serving {
  const { secrets, comeByThemselves } = facts;
  const content = planContent(facts);
  const revision = sha256(inJson(content));
  const files = filesOf(content);
  const brought = files.filter(({ secret }) => !comeByThemselves.includes(secret));
  return {
    text: `${inJson({ ...content, revision }, 2)}\n`,
    revision,
    shares: content.shares.map(({ name, enabled, fallback }) => ({ name, enabled, fallback })),
    files,
    missing: missingKeys(
      brought.map(({ secret, key }) => ({ name: secret, key })),
      secrets,
    ),
  };
}
