import type { Input } from '../api/v1alpha1/input.ts';
import type { DittoServer } from '../api/v1alpha1/parse.ts';
import { sha256 } from '../lib/hash.ts';
import type { Duration } from '../lib/duration.ts';
import { listAt, textsAt } from '../lib/json.ts';
import type { Texts } from '../kubernetes/manifest.ts';
import type { Marks } from '../kubernetes/marks.ts';
import type { Flavour, ObservedObjects, ProviderConfigRef } from '../kubernetes/object.ts';
import type { Secrets } from '../kubernetes/secret.ts';
import { planCluster, type ClusterPlan } from './cluster.ts';
import { planConfig } from './config.ts';
import { planConnection } from './connection.ts';
import { credentialSecrets, planAdmin, planJwt, type Credential, type MissingSecret } from './credentials.ts';
import { clusterUserSecret, databaseSecrets, planDatabase, type DatabasePlan } from './database.ts';
import { encryptionSecrets, planEncryption, type EncryptionPlan } from './encryption.ts';
import { planEndpoints, type Endpoints } from './endpoints.ts';
import { planExposure, type FileExposure, type ServiceType } from './exposure.ts';
import { planLabels, planMarks, planSelector } from './labels.ts';
import { planNames, type Names } from './names.ts';
import { planPod, type PodPlan } from './pod.ts';
import { planProvisioner, type ProvisionerPlan } from './provisioner.ts';
import { planProvisioning, type Provisioning } from './provisioning.ts';
import { formerShareVolumes, planShareVolumes, type ShareVolume } from './share-volumes.ts';
import { planServing, servingSecrets, type Serving } from './serving.ts';
import { shareWarnings } from './shares.ts';
import { planStores, useMetadataVolume } from './stores.ts';
import { planGeneratedUsers, type GeneratedUser } from './users.ts';
import { defaultBlockVolume, isStorageClassMissing, planStorageClass, planVolumes, type Volume } from './volumes.ts';

/** What we decided about a DittoServer, once; renderers and assessments read only this. */
export interface Plan {
  readonly flavour: Flavour;
  readonly name: string;
  readonly namespace: string;
  readonly generation: number | undefined;
  readonly names: Names;
  readonly selector: Texts;
  readonly marks: Marks;
  readonly providerConfigRef: ProviderConfigRef;
  /** Labels of the objects of a component. */
  readonly labelsOf: (component: string) => Texts;
  readonly pod: PodPlan;
  /** The server's config.yaml. */
  readonly config: string;
  /** Annotations of the pod template, one for each input that the server reads only at its start. */
  readonly checksums: Texts;
  readonly jwt: Credential;
  readonly admin: Credential;
  /** The control-plane database that the server uses. */
  readonly database: DatabasePlan;
  /** The Percona cluster that is wanted. */
  readonly cluster: ClusterPlan | undefined;
  /** Whether a Percona cluster outlives the DittoServer, one that is no longer wanted included. */
  readonly keepsDatabase: boolean;
  /** Whether this Crossplane reads Secrets for functions; if not, nothing is judged missing. */
  readonly secretsAreRead: boolean;
  /** Secrets that the server's pod needs and that are not there. */
  readonly missing: readonly MissingSecret[];
  readonly encryption: EncryptionPlan;
  /** What the server serves. */
  readonly serving: Serving;
  readonly provisioner: ProvisionerPlan;
  /** What the provisioner has reported so far. */
  readonly provisioning: Provisioning;
  /** Users whose passwords are, or were, generated. */
  readonly generatedUsers: readonly GeneratedUser[];
  readonly shareVolumes: readonly ShareVolume[];
  /** Shares whose volumes were made, and that ask for none any more. */
  readonly formerShareVolumes: readonly string[];
  readonly file: FileExposure;
  /** Where clients reach the server, as far as the cluster has decided it. */
  readonly endpoints: Endpoints;
  /** How an application finds the first share; undefined until that is known. */
  readonly connection: Texts | undefined;
  readonly api: { readonly type: ServiceType; readonly annotations: Texts; readonly port: number };
  readonly volumes: readonly Volume[];
  /** undefined is the cluster's default. */
  readonly storageClass: string | undefined;
  /** Whether it was looked for and is not there: then an unbound volume waits for a person. */
  readonly storageClassMissing: boolean;
  readonly retention: 'Retain' | 'Delete';
  /** What is legal but unwise, or without effect, in sentences. */
  readonly warnings: readonly string[];
  /** How long Crossplane may keep a response when all is settled; undefined leaves that to the function's flag. */
  readonly ttl: Duration | undefined;
}

/** Everything that a plan is made from. */
export interface Facts {
  readonly server: DittoServer;
  readonly input: Input;
  readonly observed: ObservedObjects;
  readonly secrets: Secrets;
  /** Random bytes for Secrets that are generated now; at least 32. */
  readonly entropy: Uint8Array;
}

const CHECKSUM = 'checksum.dittofs.com/';

/**
 * What the provisioner last said that the server has to start again for: keys of S3 that were replaced on the running
 * server. Nothing restarts because nothing is known.
 */
function storesChecksum({ restart }: Provisioning, observed: ObservedObjects): Texts {
  return secretChecksum('stores', restart, observed);
}

/** The checksum of what Secrets hold; what cannot be read keeps its former checksum, so that nothing restarts. */
function secretChecksum(input: string, value: string | undefined, observed: ObservedObjects): Texts {
  const key = `${CHECKSUM}${input}`;
  if (value !== undefined) return { [key]: sha256(value) };
  const before = textsAt(observed.get('server')?.manifest, 'spec', 'template', 'metadata', 'annotations')[key];
  return before === undefined ? {} : { [key]: before };
}

function encryptionChecksum({ passphrase, values }: EncryptionPlan, observed: ObservedObjects): Texts {
  if (passphrase === undefined) return {};
  return secretChecksum('encryption', values === undefined ? undefined : JSON.stringify(values), observed);
}

function databaseChecksums({ kind, values, authority, trusted }: DatabasePlan, observed: ObservedObjects): Texts {
  if (kind === 'sqlite') return {};
  return {
    ...secretChecksum('database', values === undefined ? undefined : JSON.stringify(values), observed),
    ...(authority !== undefined && secretChecksum('ca', trusted, observed)),
  };
}

function compatWarnings({ spec }: DittoServer): readonly string[] {
  const { username } = spec.identity.admin;
  return username === 'admin'
    ? []
    : [`spec.identity.admin.username ${JSON.stringify(username)} has no effect: the server knows only "admin"`];
}

function portWarnings({ spec }: DittoServer): readonly string[] {
  const { port } = spec.controlPlane;
  return port < 1024
    ? [`spec.controlPlane.port ${port} is privileged: some nodes let no unprivileged server listen on it`]
    : [];
}

/** Claim templates that came with an adopted StatefulSet are a danger to its volumes until it is made anew. */
function templateWarnings({ name }: DittoServer, observed: ObservedObjects): readonly string[] {
  if (listAt(observed.get('server')?.live, 'spec', 'volumeClaimTemplates').length === 0) return [];
  return [
    `StatefulSet ${JSON.stringify(name)} still has the claim templates of the operator that made it, which would make a lost volume again, empty: kubectl delete statefulset ${name} --cascade=orphan lets it be made anew without them`,
  ];
}

function platformWarnings({ spec }: DittoServer, { allow }: Input): readonly string[] {
  const kept = spec.percona.deleteWithServer && !allow.deleteWithServer;
  const unpruned = spec.prune && !allow.prune;
  return [
    ...(kept ? ['spec.percona.deleteWithServer has no effect: the platform keeps databases'] : []),
    ...(unpruned ? ['spec.prune has no effect: the platform removes nothing from servers'] : []),
  ];
}

/** Decides everything about a DittoServer: names, labels, configuration, credentials, volumes, exposure. */
export function planDittoServer({ server, input, observed, secrets, entropy }: Facts): Plan {
  const { name, namespace, flavour, generation, spec } = server;
  const names = planNames(name);
  const marks = planMarks(name);
  const database = planDatabase(spec, name, secrets, observed);
  const config = planConfig(spec, database);
  const { cluster, warnings: clusterWarnings } = planCluster(
    server,
    input,
    secrets,
    observed,
    database.used === 'percona',
  );
  const context = { names, marks, secrets, observed, entropy };
  const jwt = planJwt(spec, context);
  const admin = planAdmin(spec, context);
  const encryption = planEncryption(spec, secrets);
  const exposure = planExposure(spec, input);
  const pod = planPod(spec, input);
  const defaultBlocks = defaultBlockVolume(spec, observed);
  const stores = planStores(spec, name, defaultBlocks);
  const storage = planVolumes(name, spec, { metadata: useMetadataVolume(stores), defaultBlocks }, observed);
  const generatedUsers = planGeneratedUsers(spec, name, context);
  const comeByThemselves = [
    ...(admin.isGenerated ? [admin.ref.name] : []),
    ...generatedUsers.flatMap(({ secret }) => (secret === undefined ? [] : [secret.name])),
    clusterUserSecret(name),
  ];
  const serving = planServing({ spec, input, server: name, admin: admin.ref, stores, secrets, comeByThemselves });
  const provisioning = planProvisioning(observed, marks);
  const endpoints = planEndpoints(exposure.file, observed);
  const shareVolumes = planShareVolumes(spec, input, { server: name, namespace, names, marks }, provisioning, observed);
  return {
    flavour,
    name,
    namespace,
    generation,
    names,
    marks,
    selector: planSelector(name),
    providerConfigRef: input.providerConfigRef,
    labelsOf: (component) => planLabels(name, component, input.labels),
    pod: pod.pod,
    config,
    checksums: {
      [`${CHECKSUM}config`]: sha256(config),
      ...secretChecksum('jwt', jwt.value, observed),
      ...databaseChecksums(database, observed),
      ...encryptionChecksum(encryption, observed),
      ...storesChecksum(provisioning, observed),
    },
    jwt,
    admin,
    database,
    cluster,
    keepsDatabase: !spec.percona.deleteWithServer || !input.allow.deleteWithServer,
    secretsAreRead: secrets !== 'unsupported',
    missing: [jwt.missing, admin.missing, ...encryption.missing].filter((missing) => missing !== undefined),
    encryption,
    serving,
    provisioner: planProvisioner(name, input, serving.files),
    provisioning,
    generatedUsers,
    shareVolumes,
    formerShareVolumes: formerShareVolumes(shareVolumes, observed),
    file: exposure.file,
    endpoints,
    connection: planConnection(exposure.file, endpoints, serving.shares, provisioning, observed),
    api: {
      type: spec.controlPlane.service.type,
      annotations: spec.controlPlane.service.annotations ?? {},
      port: spec.controlPlane.port,
    },
    volumes: storage.volumes,
    storageClass: planStorageClass(spec, input),
    storageClassMissing: isStorageClassMissing(observed),
    retention: spec.storage.retentionPolicy,
    warnings: [
      ...exposure.warnings,
      ...pod.warnings,
      ...storage.warnings,
      ...database.warnings,
      ...clusterWarnings,
      ...platformWarnings(server, input),
      ...compatWarnings(server),
      ...portWarnings(server),
      ...shareWarnings(spec, defaultBlocks),
      ...templateWarnings(server, observed),
    ],
    ttl: input.ttl,
  };
}

/** The names of the Secrets to ask Crossplane for. */
export function requiredSecrets({ name, spec }: DittoServer): readonly string[] {
  const names = [
    ...credentialSecrets(spec, planNames(name)),
    ...databaseSecrets(spec, name),
    ...encryptionSecrets(spec),
  ];
  return [...new Set([...names, ...servingSecrets(spec, name)])].sort();
}
