import { load } from 'js-yaml';
import { isObject, type JsonObject } from '../../../../src/lib/json.ts';

/** The DittoFS operator's definition of DittoServer (v0.29), without its schema: any spec is taken. */
export const definition: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'dittoservers.dittofs.dittofs.com' },
  spec: {
    group: 'dittofs.dittofs.com',
    scope: 'Namespaced',
    names: { kind: 'DittoServer', plural: 'dittoservers', singular: 'dittoserver', shortNames: ['ditto', 'dittofs'] },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: Object.fromEntries(
              ['spec', 'status'].map((part) => [
                part,
                { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              ]),
            ),
          },
        },
      },
    ],
  },
};

/** The operator itself, as its kustomization calls it. */
export const operator: JsonObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'dittofs-operator-controller-manager', namespace: 'dittofs' },
  spec: {
    selector: { matchLabels: { 'control-plane': 'controller-manager' } },
    template: {
      metadata: { labels: { 'control-plane': 'controller-manager' } },
      spec: { containers: [{ name: 'manager', image: 'marmos91c/dittofs-operator:v0.29.0' }] },
    },
  },
};

/** What the operator makes of a DittoServer, as far as it matters to who comes after it. */
export function leftovers(name: string, namespace: string, uid: string): readonly JsonObject[] {
  const text = `
- {apiVersion: v1, kind: Secret, metadata: {name: ${name}-jwt-secret}, stringData: {jwt-secret: ${'o'.repeat(43)}}}
- {apiVersion: v1, kind: Secret, metadata: {name: ${name}-admin-bootstrap-credentials}, stringData: {username: admin, password: of-the-operator}}
- {apiVersion: v1, kind: Secret, metadata: {name: ${name}-operator-credentials}, stringData: {username: k8s-operator}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}-config}, data: {config.yaml: 'logging: {}'}}
- apiVersion: v1
  kind: Service
  metadata: {name: ${name}-headless, labels: &labels {app: dittofs-server, instance: ${name}}}
  spec: {clusterIP: None, selector: *labels, ports: [{name: api, port: 8080}]}
- apiVersion: v1
  kind: Service
  metadata: {name: ${name}-api, labels: *labels}
  spec: {selector: *labels, ports: [{name: api, port: 8080}]}
- apiVersion: v1
  kind: Service
  metadata: {name: ${name}-adapter-nfs, labels: {app: dittofs-server, instance: ${name}, dittofs.io/adapter-service: 'true'}}
  spec: {selector: *labels, ports: [{name: adapter-nfs, port: 12049}]}
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: ${name}-baseline, labels: *labels}
  spec: {podSelector: {matchLabels: *labels}, policyTypes: [Ingress], ingress: [{ports: [{port: 8080}]}]}
- apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: ${name}, labels: *labels}
  spec:
    replicas: 1
    serviceName: ${name}-headless
    selector: {matchLabels: *labels}
    template:
      metadata: {labels: *labels, annotations: {dittofs.io/config-hash: of-the-operator}}
      spec:
        containers:
          - name: dittofs
            image: marmos91c/dittofs:v0.29.0
            command: [/app/dfs]
            volumeMounts:
              - {name: metadata, mountPath: /data/store/metadata}
              - {name: content, mountPath: /data/store/block}
              - {name: controlplane, mountPath: /data/controlplane}
    volumeClaimTemplates:
      - {metadata: {name: metadata}, spec: {accessModes: [ReadWriteOnce], storageClassName: standard, resources: {requests: {storage: 10Gi}}}}
      - {metadata: {name: content}, spec: {accessModes: [ReadWriteOnce], storageClassName: standard, resources: {requests: {storage: 50Gi}}}}
      - {metadata: {name: controlplane}, spec: {accessModes: [ReadWriteOnce], storageClassName: standard, resources: {requests: {storage: 1Gi}}}}
`;
  const owner = { apiVersion: 'dittofs.dittofs.com/v1alpha1', kind: 'DittoServer', name, uid };
  const ownerReferences = [{ ...owner, controller: true, blockOwnerDeletion: true }];
  return (load(text) as readonly JsonObject[]).map((object) => ({
    ...object,
    metadata: { ...(isObject(object.metadata) && object.metadata), namespace, ownerReferences },
  }));
}
