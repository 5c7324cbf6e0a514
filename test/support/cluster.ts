import type { RunFunctionResponse } from '../../src/crossplane/protocol.ts';
import { at, isObject, listAt, numberAt, objectAt, textAt, textsAt, type JsonObject } from '../../src/lib/json.ts';
import { clusterScoped } from './admission.ts';
import { createApiServer, revisionOf, type ApiServer, type Ref } from './api-server.ts';
import {
  call,
  conditionsOf,
  desiredOf,
  entropyOf,
  readyOf,
  requestOf,
  resultsOf,
  statusOf,
  theFunction,
  type CrossplaneVersion,
  type ReadableResult,
  type RunFunction,
} from './call.ts';
import { copy, without, type Mutable } from './json.ts';
import { backedUp, reconcileClusters, reported, type ClusterReport } from './percona-simulated.ts';
import { reconcileObject, type ProviderEvent } from './provider.ts';
import { identityOf } from './server.ts';
import { controlVolumes, isStatic } from './volume-controller.ts';
import { ServingPlan, statusKeys, type ReportedProblem, type ShareReport } from '../../src/api/provisioning.ts';

export interface ClusterOptions {
  readonly xr: JsonObject;
  readonly input?: JsonObject | undefined;
  readonly crossplane?: CrossplaneVersion;
  readonly run?: RunFunction;
  /** Whether provider-kubernetes runs with --sanitize-secrets: then Objects show no data of live Secrets. */
  readonly hideSecrets?: boolean;
  /** Entropy of each call, by its number; by default every call has its own, as in life. */
  readonly entropy?: (number: number) => Uint8Array;
}

/** What the provisioner writes of a plan. */
export interface Reported {
  readonly shares: readonly ShareReport[];
  readonly problems: readonly ReportedProblem[];
  readonly restart: string;
}

/** One reconcile of the XR. */
export interface Step {
  /** The response of the last call. */
  readonly response: RunFunctionResponse;
  /** How often the function was called, Secrets being read in between. */
  readonly calls: readonly RunFunctionResponse[];
  readonly fatal: boolean;
  /** Keys of resources that Crossplane could not apply: their names belong to somebody else. */
  readonly unsynced: readonly string[];
}

/**
 * A small cluster: Crossplane, provider-kubernetes and an API server, as far as a DittoServer meets them. Nothing moves by
 * itself: `step` is one reconcile of the XR, `provide` one of every Object, and what storage, kubelet and load
 * balancer do are steps of their own (`bind`, `podReady`, `assignAddress`, `resizeDone`).
 */
export interface Cluster {
  readonly api: ApiServer;
  /** What the provider did to live objects, in order. */
  readonly events: readonly ProviderEvent[];
  /** The results that became events of the XR, in order. */
  readonly results: readonly ReadableResult[];
  readonly xr: () => JsonObject;
  readonly step: () => Step;
  readonly provide: (keys?: readonly string[]) => void;
  /** Controllers see what changed: pods are made, and not ready yet; volumes and claims that name each other are bound. */
  readonly control: () => void;
  /** Reconciles everything until nothing changes; throws where that never ends. */
  readonly settle: () => Step;
  /** Settles, with every volume bound, the pod ready and an address assigned. */
  readonly bringUp: () => Step;
  readonly bind: (claim?: string) => void;
  readonly resizeDone: (claim?: string) => void;
  /** The server's pod gets ready, and the provisioner applies what is declared. */
  readonly podReady: () => void;
  /** The server's pod alone gets ready. */
  readonly serverReady: () => void;
  /** The provisioner reports; without an argument, that everything is applied. */
  readonly provisioned: (report?: Partial<Reported>) => void;
  readonly podFails: () => void;
  readonly assignAddress: (ip: string) => void;
  /** Percona's operator reconciles every cluster, and reports the same of each. */
  readonly percona: (report: ClusterReport) => void;
  readonly edit: (change: (spec: Mutable) => void) => void;
  readonly setInput: (input: JsonObject | undefined) => void;
  /** Deletes the XR; its Objects go with the next `provide`. */
  readonly remove: () => void;
  /** Creates a DittoServer of the same name after its deletion. */
  readonly recreate: () => void;
  /** The XR's Objects by key. */
  readonly objects: () => Readonly<Record<string, JsonObject>>;
  /** How many Objects, of this DittoServer or of one before it, are being deleted. */
  readonly dying: () => number;
  /** An Object that the XR composed under another version of the function, or another composed resource. */
  readonly inject: (key: string, object: JsonObject) => void;
  /** Lets the provider fail with a message at an Object, until `heal`. */
  readonly fail: (key: string, message: string) => void;
  readonly heal: (key: string) => void;
  /** Takes the status of an Object away, as restoring a control plane from a backup does. */
  readonly forget: (key: string) => void;
  /** Opens or closes Crossplane's circuit breaker for the XR, as its condition tells. */
  readonly circuit: (state: 'open' | 'closed') => void;
  readonly live: (kind: string, name: string) => JsonObject | undefined;
  readonly status: () => JsonObject;
  readonly condition: (type: string) => { readonly status: string; readonly reason: string; readonly message: string };
  /** Everything there is, to see that nothing changed. */
  readonly snapshot: () => string;
}

const COMPOSITION_KEY = 'crossplane.io/composition-resource-name';

function idOf(object: JsonObject): string {
  const group = (textAt(object, 'apiVersion') ?? '').split('/')[0] ?? '';
  return `${group}/${textAt(object, 'kind') ?? ''}/${textAt(object, 'metadata', 'namespace') ?? ''}/${textAt(object, 'metadata', 'name') ?? ''}`;
}

function keyOf(object: JsonObject): string {
  return textsAt(object, 'metadata', 'annotations')[COMPOSITION_KEY] ?? '';
}

function ownerOf(object: JsonObject): string | undefined {
  return textAt(object, 'metadata', 'ownerReferences', 0, 'uid');
}

export function createCluster(options: ClusterOptions): Cluster {
  const { crossplane = 'v2', run = theFunction, entropy = entropyOf, hideSecrets = false } = options;
  const api = createApiServer();
  const composed = new Map<string, JsonObject>();
  const failures = new Map<string, string>();
  const events: ProviderEvent[] = [];
  const results: ReadableResult[] = [];
  let xr: JsonObject | undefined = copy(options.xr);
  let last: JsonObject = copy(options.xr);
  let input = options.input;
  let calls = 0;
  let incarnation = 1;
  let responsive = { type: 'Responsive', status: 'True', reason: 'WatchCircuitClosed' };

  const { name, namespace } = identityOf(options.xr);
  const claims = (claim?: string): readonly Ref[] =>
    api
      .all()
      .filter((object) => object.kind === 'PersistentVolumeClaim')
      .map((object) => ({ kind: 'PersistentVolumeClaim', namespace, name: textAt(object, 'metadata', 'name') ?? '' }))
      .filter((ref) => claim === undefined || ref.name === claim);
  const theXr = (): JsonObject => {
    if (xr === undefined) throw new Error('the DittoServer was deleted');
    return xr;
  };
  const live = (kind: string, objectName: string): JsonObject | undefined =>
    api.get({ kind, name: objectName, namespace: clusterScoped.includes(kind) ? undefined : namespace });
  const server: Ref = { kind: 'StatefulSet', namespace, name };
  const deployment: Ref = { kind: 'Deployment', namespace, name: `${name}-provisioner` };
  const provisionerStatus: Ref = { kind: 'ConfigMap', namespace, name: `${name}-provisioner-status` };

  /** The XR's Objects by key, as they are kept: not to be changed. */
  function ours(): Readonly<Record<string, JsonObject>> {
    const uid = textAt(last, 'metadata', 'uid');
    const owned = [...composed.values()].filter((object) => ownerOf(object) === uid);
    const byKey = owned.map((object): [string, JsonObject] => [keyOf(object), object]);
    return Object.fromEntries(byKey.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  function objects(): Readonly<Record<string, JsonObject>> {
    return copy(ours());
  }

  /** What Crossplane reads for the function; it may read Secrets in this namespace, and nothing else. */
  function required(response: RunFunctionResponse): Record<string, readonly JsonObject[]> {
    const selectors = Object.entries(response.requirements?.resources ?? {});
    return Object.fromEntries(
      selectors.map(([key, selector]) => {
        if (selector.kind !== 'Secret' || selector.apiVersion !== 'v1' || selector.namespace !== namespace) {
          throw new Error(`Crossplane may not read ${JSON.stringify(selector)}: the whole XR fails`);
        }
        const found = live('Secret', selector.matchName ?? '');
        return [key, found === undefined ? [] : [found]];
      }),
    );
  }

  function runPipeline(): readonly RunFunctionResponse[] {
    const observed = ours();
    const responses: RunFunctionResponse[] = [];
    let asked = '{}';
    let found: Record<string, readonly JsonObject[]> = {};
    let context: JsonObject | undefined;
    for (let iteration = 0; iteration <= 5; iteration++) {
      const request = requestOf({
        xr: theXr(),
        observed,
        required: found,
        input,
        context,
        crossplane,
      });
      const response = call(request, entropy(calls++), run);
      responses.push(response);
      const asks = JSON.stringify(response.requirements?.resources ?? {});
      // Crossplane v1.20 does not know required resources.
      if (isFatal(response) || asks === asked || crossplane === 'v1') return responses;
      asked = asks;
      found = required(response);
      context = response.context;
    }
    throw new Error('requirements did not stabilise after 5 iterations');
  }

  function isFatal(response: RunFunctionResponse): boolean {
    return resultsOf(response).some(({ severity }) => severity === 'fatal');
  }

  function collectGarbage(desired: Readonly<Record<string, JsonObject>>): void {
    for (const [key, object] of Object.entries(ours())) {
      if (!Object.hasOwn(desired, key)) markDeleted(object);
    }
  }

  function markDeleted(object: JsonObject): void {
    const dying = copy(object) as Mutable;
    (dying.metadata as Mutable).deletionTimestamp ??= '2026-01-02T00:00:00Z';
    composed.set(idOf(object), dying as JsonObject);
  }

  /** Applies a desired composed resource; false where its name belongs to somebody else. */
  function applyComposed(key: string, desired: JsonObject): boolean {
    const uid = textAt(theXr(), 'metadata', 'uid') ?? '';
    const before = ours()[key];
    const applied = {
      ...desired,
      metadata: {
        ...objectAt(desired, 'metadata'),
        ...(before && { name: textAt(before, 'metadata', 'name'), ...pickDeletion(before) }),
        uid: textAt(before, 'metadata', 'uid') ?? `object-${composed.size}-${calls}`,
        labels: {
          ...textsAt(desired, 'metadata', 'labels'),
          'crossplane.io/composite': textAt(theXr(), 'metadata', 'name'),
        },
        annotations: {
          ...textsAt(desired, 'metadata', 'annotations'),
          [COMPOSITION_KEY]: key,
          'crossplane.io/external-create-succeeded': '2026-01-01T00:00:00Z',
        },
        finalizers: ['finalizer.managedresource.crossplane.io'],
        ownerReferences: [
          {
            apiVersion: 'dittofs.dittofs.com/v1alpha1',
            kind: textAt(theXr(), 'kind'),
            name: textAt(theXr(), 'metadata', 'name'),
            uid,
            controller: true,
          },
        ],
      },
      ...(before?.status !== undefined && { status: before.status }),
    } as JsonObject;
    const holder = composed.get(idOf(applied));
    if (holder !== undefined && ownerOf(holder) !== uid) return false;
    composed.set(idOf(applied), copy(applied));
    return true;
  }

  function pickDeletion(before: JsonObject): JsonObject {
    const deletionTimestamp = textAt(before, 'metadata', 'deletionTimestamp');
    return deletionTimestamp === undefined ? {} : { deletionTimestamp };
  }

  function writeXr(
    response: RunFunctionResponse,
    own: readonly { type: string; status: string; reason: string }[],
  ): void {
    const written = copy(theXr()) as Mutable;
    const before = objectAt(theXr(), 'status') ?? {};
    const custom = conditionsOf(response).map(({ type, status, reason, message }) => ({
      type,
      status,
      reason,
      message,
    }));
    const now = [...own, responsive, ...custom];
    const kept = listAt(before, 'conditions').filter(
      (former) => !now.some(({ type }) => type === textAt(former, 'type')),
    );
    const conditions = [...kept, ...now.map((entry) => ({ ...entry, lastTransitionTime: '2026-01-01T00:00:00Z' }))];
    const status = isFatal(response) ? before : (statusOf(response) ?? before);
    written.status = { ...status, conditions };
    const refs = Object.values(ours()).map((object) => ({
      apiVersion: textAt(object, 'apiVersion'),
      kind: textAt(object, 'kind'),
      name: textAt(object, 'metadata', 'name'),
    }));
    const spec = written.spec as Mutable;
    if (isObject(spec.crossplane)) spec.crossplane = { ...spec.crossplane, resourceRefs: refs };
    else spec.resourceRefs = refs;
    xr = last = copy(written as JsonObject);
  }

  function step(): Step {
    const responses = runPipeline();
    const response = responses.at(-1);
    if (response === undefined) throw new Error('the function was never called');
    results.push(...resultsOf(response));
    if (isFatal(response)) {
      writeXr(response, [{ type: 'Synced', status: 'False', reason: 'ReconcileError' }]);
      return { response, calls: responses, fatal: true, unsynced: [] };
    }
    const desired = desiredOf(response);
    collectGarbage(desired);
    const unsynced = Object.entries(desired)
      .filter(([key, object]) => !applyComposed(key, object))
      .map(([key]) => key);
    const composite = readyOf(response.desired?.composite ?? { ready: 0 });
    const all = Object.values(response.desired?.resources ?? {}).every((object) => readyOf(object) === 'ready');
    const ready = composite === 'unspecified' ? all : composite === 'ready';
    writeXr(response, [
      { type: 'Ready', status: ready ? 'True' : 'False', reason: ready ? 'Available' : 'Creating' },
      { type: 'Synced', status: unsynced.length === 0 ? 'True' : 'False', reason: 'ReconcileSuccess' },
    ]);
    return { response, calls: responses, fatal: false, unsynced };
  }

  function provide(keys?: readonly string[]): void {
    for (const [id, object] of [...composed]) {
      if (object.kind !== 'Object' || (keys !== undefined && !keys.includes(keyOf(object)))) continue;
      const after = reconcileObject(
        object,
        api,
        failures.get(keyOf(object)),
        hideSecrets,
        (event) => void events.push(event),
      );
      if (after === undefined) composed.delete(id);
      else composed.set(id, after);
    }
  }

  function patchServer(change: (status: Mutable, statefulSet: JsonObject) => void): void {
    if (api.get(server) === undefined) return;
    api.patch(server, (object) => {
      const status = { ...objectAt(object as JsonObject, 'status') } as Mutable;
      change(status, object as JsonObject);
      object.status = status;
    });
  }

  function control(): void {
    controlVolumes(api);
    controlProvisioner();
    const before = api.get(server);
    if (before === undefined) return;
    const generation = numberAt(before, 'metadata', 'generation') ?? 0;
    if (numberAt(before, 'status', 'observedGeneration') === generation) return;
    patchServer((status, object) => {
      const replicas = numberAt(object, 'spec', 'replicas') ?? 1;
      const revision = revisionOf(object);
      const replaced = status.updateRevision !== revision;
      status.observedGeneration = generation;
      status.updateRevision = revision;
      status.updatedReplicas = replicas;
      if (replaced || replicas === 0 || status.replicas !== replicas) status.readyReplicas = 0;
      status.replicas = replicas;
    });
  }

  /** The Deployment controller sees what changed; a stopped server has no provisioner either. */
  function controlProvisioner(): void {
    const before = api.get(deployment);
    const generation = numberAt(before, 'metadata', 'generation');
    if (before === undefined || numberAt(before, 'status', 'observedGeneration') === generation) return;
    const replicas = numberAt(before, 'spec', 'replicas');
    api.patch(deployment, (object) => {
      object.status = { observedGeneration: generation, replicas, updatedReplicas: replicas };
    });
  }

  /** What the provisioner reads, if it is there. */
  function declared(): ServingPlan | undefined {
    const text = textAt(live('ConfigMap', `${name}-config`), 'data', 'plan.json');
    return text === undefined ? undefined : ServingPlan.parse(JSON.parse(text));
  }

  function provisioned({ shares, problems = [], restart }: Partial<Reported> = {}): void {
    const plan = declared();
    if (plan === undefined || api.get(provisionerStatus) === undefined || api.get(deployment) === undefined) return;
    controlProvisioner();
    api.patch(deployment, (object) => {
      const status = objectAt(object as JsonObject, 'status');
      object.status = { ...status, availableReplicas: problems.length === 0 ? numberAt(status, 'replicas') : 0 };
    });
    api.patch(provisionerStatus, (object) => {
      const ready = plan.shares.map((share) => ({ name: share.name, ready: true, message: '' }));
      const former = textsAt(object as JsonObject, 'data');
      object.data = {
        [statusKeys.revision]: problems.length === 0 ? plan.revision : '',
        [statusKeys.restart]: restart ?? former[statusKeys.restart] ?? '',
        [statusKeys.report]: JSON.stringify({ revision: plan.revision, shares: shares ?? ready, problems }),
      };
    });
  }

  function podReady(): void {
    serverReady();
    if (numberAt(api.get(server), 'spec', 'replicas') !== 0) provisioned();
  }

  function serverReady(): void {
    control();
    patchServer((status, object) => {
      const replicas = numberAt(object, 'spec', 'replicas') ?? 1;
      Object.assign(status, {
        replicas,
        readyReplicas: replicas,
        updatedReplicas: replicas,
        currentRevision: status.updateRevision,
      });
    });
  }

  function bind(claim?: string): void {
    for (const ref of claims(claim)) {
      const before = api.get(ref);
      if (before === undefined || isStatic(before) || textAt(before, 'status', 'phase') === 'Bound') continue;
      api.patch(ref, (object) => {
        const spec = object.spec as Mutable;
        const requests = objectAt(spec as JsonObject, 'resources', 'requests');
        spec.volumeName ??= `pv-${ref.name}`;
        const capacity = objectAt(object as JsonObject, 'status', 'capacity') ?? { storage: requests?.storage };
        object.status = { phase: 'Bound', accessModes: spec.accessModes, capacity };
      });
    }
  }

  function resizeDone(claim?: string): void {
    for (const ref of claims(claim)) {
      api.patch(ref, (object) => {
        const requests = objectAt(object as JsonObject, 'spec', 'resources', 'requests');
        object.status = { ...(object.status as Mutable), capacity: { storage: requests?.storage } };
      });
    }
  }

  function assignAddress(ip: string): void {
    const ref: Ref = { kind: 'Service', namespace, name: `${name}-file` };
    api.patch(ref, (object) => void (object.status = { loadBalancer: { ingress: [{ ip }] } }));
  }

  function percona(report: ClusterReport): void {
    reconcileClusters(api, report);
  }

  function snapshot(): string {
    return JSON.stringify([xr, [...composed].sort(), api.all()]);
  }

  function settle(): Step {
    for (let round = 0; round < 20; round++) {
      const before = snapshot();
      const done = step();
      provide();
      control();
      if (snapshot() === before) return done;
    }
    throw new Error('the cluster does not settle');
  }

  /** What Percona's operator says of clusters once it has brought them up as they are wanted. */
  function perconaDone(): void {
    const [cluster] = api.all().filter(({ kind }) => kind === 'PerconaPGCluster');
    if (cluster === undefined) return;
    const backups = at(cluster, 'spec', 'backups', 'enabled') === true ? backedUp : [];
    const state = at(cluster, 'spec', 'pause') === true ? 'paused' : 'ready';
    percona({ state, conditions: [...backups, reported('PostgresDataInitialized', 'True')] });
  }

  /** Whether the provisioner has applied what its ConfigMap says. */
  function isProvisioned(): boolean {
    const plan = declared();
    const applied = textAt(api.get(provisionerStatus), 'data', statusKeys.revision);
    const runs = numberAt(api.get(deployment), 'status', 'availableReplicas') ?? 0;
    return plan !== undefined && plan.revision === applied && runs > 0;
  }

  /** Whether storage, kubelet, load balancer and Percona's operator have nothing left to do. */
  function isUp(): boolean {
    const file = live('Service', `${name}-file`);
    const balanced = at(file, 'spec', 'type') === 'LoadBalancer';
    const statefulSet = api.get(server);
    return (
      claims().every((ref) => textAt(api.get(ref), 'status', 'phase') === 'Bound') &&
      numberAt(statefulSet, 'status', 'readyReplicas') === numberAt(statefulSet, 'spec', 'replicas') &&
      (numberAt(statefulSet, 'spec', 'replicas') === 0 || isProvisioned()) &&
      (!balanced || listAt(file, 'status', 'loadBalancer', 'ingress').length > 0) &&
      api
        .all()
        .filter(({ kind }) => kind === 'PerconaPGCluster')
        .every(
          (cluster) =>
            numberAt(cluster, 'status', 'observedGeneration') === numberAt(cluster, 'metadata', 'generation') &&
            textAt(cluster, 'status', 'state') === (at(cluster, 'spec', 'pause') === true ? 'paused' : 'ready'),
        )
    );
  }

  function bringUp(): Step {
    let settled = settle();
    // A volume that is added to a running server is made first, and mounted by a pod that is made afterwards.
    for (let round = 0; round < 5 && !isUp(); round++) {
      bind();
      perconaDone();
      podReady();
      if (at(live('Service', `${name}-file`), 'spec', 'type') === 'LoadBalancer') assignAddress('192.0.2.10');
      settled = settle();
    }
    return settled;
  }

  return {
    api,
    events,
    results,
    xr: theXr,
    step,
    provide,
    control,
    settle,
    bringUp,
    bind,
    resizeDone,
    podReady,
    serverReady,
    provisioned,
    podFails: () => {
      patchServer((status) => void (status.readyReplicas = 0));
    },
    assignAddress,
    percona,
    edit: (change) => {
      const edited = copy(theXr()) as Mutable;
      change(edited.spec as Mutable);
      const metadata = edited.metadata as Mutable;
      metadata.generation = Number(metadata.generation) + 1;
      xr = last = copy(edited as JsonObject);
    },
    setInput: (value) => void (input = value),
    remove: () => {
      for (const object of Object.values(ours())) markDeleted(object);
      xr = undefined;
    },
    recreate: () => {
      const fresh = copy(options.xr) as Mutable;
      fresh.spec = copy(at(last, 'spec'));
      (fresh.metadata as Mutable).uid = `xr-${++incarnation}`;
      delete (fresh.spec as Mutable).resourceRefs;
      xr = last = copy(fresh as JsonObject);
    },
    objects,
    dying: () =>
      [...composed.values()].filter((object) => at(object, 'metadata', 'deletionTimestamp') !== undefined).length,
    inject: (key, object) => {
      if (!applyComposed(key, object)) throw new Error(`cannot inject ${key}`);
    },
    fail: (key, message) => void failures.set(key, message),
    heal: (key) => void failures.delete(key),
    forget: (key) => {
      const object = without(objects()[key] ?? {}, 'status');
      composed.set(idOf(object), object);
    },
    circuit: (state) => {
      const open = state === 'open';
      responsive = {
        type: 'Responsive',
        status: open ? 'False' : 'True',
        reason: open ? 'WatchCircuitOpen' : 'WatchCircuitClosed',
      };
    },
    live,
    status: () => objectAt(last, 'status') ?? {},
    condition: (type) => {
      const found = listAt(last, 'status', 'conditions').find((entry) => textAt(entry, 'type') === type);
      if (found === undefined) throw new Error(`no condition ${type}`);
      const text = (field: string): string => textAt(found, field) ?? '';
      return { status: text('status'), reason: text('reason'), message: text('message') };
    },
    snapshot,
  };
}
