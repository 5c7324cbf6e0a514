import { defined, listAt, objectAt, textAt, type JsonObject } from '../lib/json.ts';
import type { Texts } from './manifest.ts';

/** What the provider may do with the live object, as sets that provider-kubernetes accepts. */
export type ManagementPolicy = 'Observe' | 'Create' | 'Update' | 'Delete' | '*';

/** When the provider calls its Object ready; until then it looks again every 30 seconds, afterwards every 10 minutes. */
export type ObjectReadiness =
  { readonly policy: 'SuccessfulCreate' } | { readonly policy: 'DeriveFromCelQuery'; readonly celQuery: string };

/** The two families of provider-kubernetes, by the flavour of the XR that composes their Objects. */
export type Flavour = 'namespaced' | 'claim';

/** Which configuration of the provider an Object uses. */
export interface ProviderConfigRef {
  readonly kind: 'ClusterProviderConfig' | 'ProviderConfig';
  readonly name: string;
}

/** Everything about an Object but the manifest inside it. */
export interface Envelope {
  readonly flavour: Flavour;
  readonly name: string;
  /** Namespace of the Object itself; cluster-scoped Objects, under a claim, have none. */
  readonly namespace: string;
  readonly labels: Texts;
  readonly providerConfigRef: ProviderConfigRef;
  readonly managementPolicies: readonly ManagementPolicy[];
  readonly readiness: ObjectReadiness;
  /** Whether the provider follows the live object's changes; ignored by a provider without watches. */
  readonly watch: boolean;
}

/**
 * A manifest in the envelope in which provider-kubernetes applies it.
 *
 * Only fields of its oldest supported CRD (v1.2.1) are written: an unknown field fails the whole composition. The
 * external name is set from the start, which saves a write of each Object (and Crossplane's circuit breaker counts
 * them).
 */
export function wrap(manifest: JsonObject, envelope: Envelope): JsonObject {
  const { flavour, name, namespace, labels, providerConfigRef, managementPolicies, readiness, watch } = envelope;
  const namespaced = flavour === 'namespaced';
  return {
    apiVersion: namespaced ? 'kubernetes.m.crossplane.io/v1alpha1' : 'kubernetes.crossplane.io/v1alpha2',
    kind: 'Object',
    metadata: defined({
      name,
      namespace: namespaced ? namespace : undefined,
      labels,
      annotations: { 'crossplane.io/external-name': name },
    }),
    spec: {
      managementPolicies,
      providerConfigRef: namespaced ? { ...providerConfigRef } : { name: providerConfigRef.name },
      readiness: { ...readiness },
      watch,
      forProvider: { manifest },
    },
  };
}

/** A condition of an observed object. */
export interface ObservedCondition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** An Object as the cluster has it. */
export interface ObservedObject {
  /** The Object as a whole, as Crossplane sent it. */
  readonly resource: JsonObject;
  /** The manifest that the Object asks for. */
  readonly manifest: JsonObject;
  /** The live object inside; absent while the provider has not seen it. It may be stale when `synced` is False. */
  readonly live: JsonObject | undefined;
  /** The provider's word on whether it could observe and apply the manifest; absent before its first try. */
  readonly synced: ObservedCondition | undefined;
  readonly managementPolicies: readonly string[];
  /** Whether the Object itself is being deleted. */
  readonly deleting: boolean;
}

/** Finds a condition by type. */
export function condition(resource: JsonObject | undefined, type: string): ObservedCondition | undefined {
  const found = listAt(resource, 'status', 'conditions').find((entry) => textAt(entry, 'type') === type);
  if (found === undefined) return undefined;
  return {
    status: textAt(found, 'status') ?? 'Unknown',
    reason: textAt(found, 'reason') ?? '',
    message: textAt(found, 'message') ?? '',
  };
}

/** Reads an observed composed resource as an Object of provider-kubernetes; undefined where it is something else. */
export function readObject(resource: JsonObject): ObservedObject | undefined {
  const apiVersion = textAt(resource, 'apiVersion') ?? '';
  const manifest = objectAt(resource, 'spec', 'forProvider', 'manifest');
  const ours =
    apiVersion.startsWith('kubernetes.m.crossplane.io/') || apiVersion.startsWith('kubernetes.crossplane.io/');
  if (!ours || textAt(resource, 'kind') !== 'Object' || manifest === undefined) return undefined;
  const live = objectAt(resource, 'status', 'atProvider', 'manifest');
  return {
    resource,
    manifest,
    live: live !== undefined && Object.keys(live).length > 0 ? live : undefined,
    synced: condition(resource, 'Synced'),
    managementPolicies: listAt(resource, 'spec', 'managementPolicies').filter((policy) => typeof policy === 'string'),
    deleting: textAt(resource, 'metadata', 'deletionTimestamp') !== undefined,
  };
}

/** The words of the provider where it may only observe, and of the API server where the manifest names a uid. */
const missingSays = ['external resource does not exist', 'no existing object was found'];

/** Tells whether the provider looked for the live object, may not make it, and did not find it. */
export function isMissing({ synced }: ObservedObject): boolean {
  return synced?.status === 'False' && missingSays.some((words) => synced.message.includes(words));
}

/** The observed composed resources by their key in the composition. */
export type ObservedObjects = ReadonlyMap<string, ObservedObject>;
