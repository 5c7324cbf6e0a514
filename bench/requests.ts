import { decide } from '../src/function.ts';
import { observe } from '../src/crossplane/observe.ts';
import { RunFunctionRequest, type Resource } from '../src/crossplane/protocol.ts';
import { isList, isObject, objectAt, textAt, type Json, type JsonObject } from '../src/lib/json.ts';

/** The XR of all requests: a server with every kind of object that we compose, as the API server returns it. */
function dittoServer(): JsonObject {
  const spec = {
    image: 'marmos91c/dittofs:v0.29.0',
    storage: { metadataSize: '20Gi', contentSize: '200Gi', storageClassName: 'fast-ssd' },
    service: { type: 'LoadBalancer', annotations: { 'service.beta.kubernetes.io/scw-loadbalancer-zone': 'fr-par-1' } },
    resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { memory: '2Gi' } },
    nodeSelector: { 'topology.kubernetes.io/zone': 'fr-par-1' },
  };
  return {
    apiVersion: 'dittofs.dittofs.com/v1alpha1',
    kind: 'DittoServer',
    metadata: {
      name: 'media',
      namespace: 'team-a',
      generation: 3,
      uid: '5a2f6f0e-1d0c-4f3f-9d3a-0a1b2c3d4e5f',
      ...managed({ spec }),
    },
    spec,
  };
}

/** The `fieldsV1` that the API server keeps for a writer of these fields. */
function fieldsOf(value: Json | undefined): JsonObject {
  if (isList(value)) {
    return Object.fromEntries(
      value.map((item) => [
        `k:${JSON.stringify({ name: textAt(item, 'name') ?? '' })}`,
        { '.': {}, ...fieldsOf(item) },
      ]),
    );
  }
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [`f:${key}`, fieldsOf(field)]));
}

function managed(...writers: readonly JsonObject[]): JsonObject {
  return {
    managedFields: writers.map((fields, index) => ({
      manager: index === 0 ? 'apiextensions.crossplane.io/composed' : `crossplane-kubernetes-provider-${index}`,
      operation: 'Apply',
      apiVersion: 'v1',
      time: '2026-08-01T12:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: fieldsOf(fields),
    })),
  };
}

/** The status that a controller would have written. */
function statusOf(kind: string): JsonObject {
  switch (kind) {
    case 'StatefulSet':
      return {
        replicas: 1,
        readyReplicas: 1,
        updatedReplicas: 1,
        currentReplicas: 1,
        observedGeneration: 2,
        currentRevision: 'media-1',
        updateRevision: 'media-1',
      };
    case 'PersistentVolumeClaim':
      return { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '200Gi' } };
    case 'Service':
      return { loadBalancer: { ingress: [{ ip: '192.0.2.10' }] } };
    default:
      return {};
  }
}

/** An Object as provider-kubernetes keeps it, with the live object and everybody's managed fields. */
function observedObject(desired: JsonObject): JsonObject {
  const manifest = objectAt(desired, 'spec', 'forProvider', 'manifest') ?? {};
  const status = statusOf(textAt(manifest, 'kind') ?? '');
  const identity = {
    uid: '8c1e9a7e-4b0a-4a57-9c57-6f6d0c7b8a90',
    resourceVersion: '123456',
    generation: 2,
    creationTimestamp: '2026-08-01T12:00:00Z',
  };
  const conditions = ['Ready', 'Synced'].map((type) => ({
    type,
    status: 'True',
    reason: type === 'Ready' ? 'Available' : 'ReconcileSuccess',
    lastTransitionTime: '2026-08-01T12:00:00Z',
  }));
  const live = {
    ...manifest,
    metadata: { ...objectAt(manifest, 'metadata'), ...identity, ...managed(manifest, { status }, manifest) },
    status,
  };
  return {
    ...desired,
    metadata: {
      ...objectAt(desired, 'metadata'),
      ...identity,
      ...managed(desired, { status: { conditions, atProvider: { manifest: live } } }),
    },
    status: { conditions, atProvider: { manifest: live } },
  };
}

function asResource(resource: JsonObject): Resource {
  return { resource, connectionDetails: {}, ready: 0 };
}

function request(observed: Readonly<Record<string, JsonObject>>): RunFunctionRequest {
  const secret = (name: string, data: JsonObject): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'team-a', labels: { app: 'dittofs-server', instance: 'media' } },
    data,
  });
  const secrets = [
    secret('media-jwt-secret', { 'jwt-secret': Buffer.from('x'.repeat(43)).toString('base64') }),
    secret('media-admin-bootstrap-credentials', { username: 'YWRtaW4=', password: 'cGFzc3dvcmQ=' }),
  ];
  return {
    ...RunFunctionRequest.empty(),
    meta: { tag: 'bench', capabilities: [1, 2, 3, 4, 5] },
    observed: {
      composite: asResource(dittoServer()),
      resources: Object.fromEntries(Object.entries(observed).map(([key, resource]) => [key, asResource(resource)])),
    },
    requiredResources: Object.fromEntries(
      secrets.map((resource) => [
        `secret/${textAt(resource, 'metadata', 'name') ?? ''}`,
        { items: [asResource(resource)] },
      ]),
    ),
  };
}

/** The Objects of a server that runs: composed in rounds until nothing is held back. */
function settled(): Readonly<Record<string, JsonObject>> {
  let observed: Readonly<Record<string, JsonObject>> = {};
  for (let round = 0; round < 4; round += 1) {
    const { answer } = decide(observe(request(observed)), { ttl: 60, entropy: new Uint8Array(32) });
    observed = Object.fromEntries([...answer.desired].map(([key, { resource }]) => [key, observedObject(resource)]));
  }
  return observed;
}

/** The three requests that are measured, by name. */
export function benchRequests(): Readonly<Record<'first' | 'usual' | 'large', RunFunctionRequest>> {
  const objects = settled();
  const others = Object.values(objects);
  const many = Array.from({ length: 100 - others.length }, (_, index): [string, JsonObject] => [
    `other-${index}`,
    { ...(others[index % others.length] ?? {}), kind: 'OtherObject' },
  ]);
  return { first: request({}), usual: request(objects), large: request({ ...objects, ...Object.fromEntries(many) }) };
}
