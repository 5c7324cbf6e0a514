import { at, listAt, numberAt, objectAt, sortFields, textAt, type Json, type JsonObject } from '../../src/lib/json.ts';
import { compareQuantities, readQuantity } from '../../src/lib/quantity.ts';

/*
 * What kube-apiserver refuses, as far as a manifest of ours could meet it, in its own words
 * (kubernetes/kubernetes v1.33, pkg/apis/core/validation, pkg/apis/apps/validation). The schemas do not say these.
 */

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const serviceName = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedName = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

function duplicates(values: readonly (string | undefined)[]): readonly string[] {
  const present = values.filter((value) => value !== undefined);
  return present.filter((value, index) => present.indexOf(value) !== index);
}

function* labelProblems(labels: JsonObject | undefined, where: string): Generator<string> {
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (!qualifiedName.test(key)) yield `${where}: Invalid value: "${key}"`;
    if (typeof value !== 'string' || !labelValue.test(value)) yield `${where}[${key}]: Invalid value`;
  }
}

/** Kinds whose objects belong to no namespace. */
export const clusterScoped: readonly string[] = ['StorageClass', 'PersistentVolume'];

function* metadataProblems(object: JsonObject): Generator<string> {
  const name = textAt(object, 'metadata', 'name') ?? '';
  const kind = textAt(object, 'kind');
  if (name.length > 253 || !name.split('.').every((part) => part.length <= 253 && label.test(part))) {
    yield `metadata.name: Invalid value: "${name}"`;
  }
  if (kind === 'Service' && (name.length > 63 || !serviceName.test(name)))
    yield `metadata.name: Invalid value: "${name}"`;
  // A pod's name is its host name, and its controller's labels add a hash to it.
  if (kind === 'StatefulSet' && name.length > 52) yield `metadata.name: Invalid value: "${name}"`;
  const namespace = textAt(object, 'metadata', 'namespace');
  const needsNamespace = !clusterScoped.includes(kind ?? '');
  if (needsNamespace && (namespace === undefined || namespace.length > 63 || !label.test(namespace))) {
    yield `metadata.namespace: Required value`;
  }
  if (!needsNamespace && namespace !== undefined) yield `metadata.namespace: Forbidden: not allowed on this type`;
  yield* labelProblems(objectAt(object, 'metadata', 'labels'), 'metadata.labels');
  for (const key of Object.keys(objectAt(object, 'metadata', 'annotations') ?? {})) {
    if (!qualifiedName.test(key)) yield `metadata.annotations: Invalid value: "${key}"`;
  }
}

function* containerProblems(container: Json, volumes: readonly (string | undefined)[]): Generator<string> {
  for (const mount of listAt(container, 'volumeMounts')) {
    const name = textAt(mount, 'name');
    if (!volumes.includes(name)) yield `spec.template.spec.containers[0].volumeMounts: Not found: "${name ?? ''}"`;
  }
  const paths = listAt(container, 'volumeMounts').map((mount) => textAt(mount, 'mountPath'));
  for (const path of duplicates(paths)) yield `volumeMounts.mountPath: Invalid value: "${path}": must be unique`;
  for (const name of duplicates(listAt(container, 'env').map((entry) => textAt(entry, 'name')))) {
    yield `env: duplicate entries for key [name="${name}"]`;
  }
  for (const name of duplicates(listAt(container, 'ports').map((entry) => textAt(entry, 'name')))) {
    yield `ports.name: Duplicate value: "${name}"`;
  }
  for (const port of duplicates(listAt(container, 'ports').map((entry) => String(numberAt(entry, 'containerPort'))))) {
    yield `ports: duplicate entries for key [containerPort=${port}]`;
  }
  const context = objectAt(container, 'securityContext');
  if (at(context, 'allowPrivilegeEscalation') === false) {
    const where = 'securityContext: Invalid value: cannot set `allowPrivilegeEscalation` to false and';
    if (at(context, 'privileged') === true) yield `${where} \`privileged\` to true`;
    if (listAt(context, 'capabilities', 'add').includes('CAP_SYS_ADMIN'))
      yield `${where} \`capabilities.Add\` CAP_SYS_ADMIN`;
  }
}

function* statefulSetProblems(object: JsonObject): Generator<string> {
  const template = objectAt(object, 'spec', 'template');
  const labels = objectAt(template, 'metadata', 'labels') ?? {};
  for (const [key, value] of Object.entries(objectAt(object, 'spec', 'selector', 'matchLabels') ?? {})) {
    if (labels[key] !== value)
      yield 'spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`';
  }
  yield* labelProblems(labels, 'spec.template.metadata.labels');
  const volumes = listAt(template, 'spec', 'volumes').map((volume) => textAt(volume, 'name'));
  for (const name of duplicates(volumes)) yield `spec.template.spec.volumes.name: Duplicate value: "${name}"`;
  for (const container of listAt(template, 'spec', 'containers')) yield* containerProblems(container, volumes);
}

function* serviceProblems(object: JsonObject): Generator<string> {
  const ports = listAt(object, 'spec', 'ports');
  if (ports.length === 0 && at(object, 'spec', 'clusterIP') !== 'None') yield 'spec.ports: Required value';
  for (const name of duplicates(ports.map((port) => textAt(port, 'name'))))
    yield `spec.ports.name: Duplicate value: "${name}"`;
  for (const port of duplicates(ports.map((entry) => String(numberAt(entry, 'port'))))) {
    yield `spec.ports: duplicate entries for key [port=${port},protocol="TCP"]`;
  }
  const type = textAt(object, 'spec', 'type') ?? 'ClusterIP';
  for (const field of ['loadBalancerClass', 'loadBalancerSourceRanges']) {
    if (type !== 'LoadBalancer' && at(object, 'spec', field) !== undefined) {
      yield `spec.${field}: Forbidden: may only be used when \`type\` is 'LoadBalancer'`;
    }
  }
  if (type === 'ClusterIP' && ports.some((port) => at(port, 'nodePort') !== undefined)) {
    yield "spec.ports.nodePort: Forbidden: may not be used when `type` is 'ClusterIP'";
  }
  if (type === 'ClusterIP' && at(object, 'spec', 'externalTrafficPolicy') !== undefined) {
    yield 'spec.externalTrafficPolicy: Invalid value: may only be set for externally-accessible services';
  }
}

/** Why the API server would refuse to create an object; empty if it would not. */
export function refusalsOf(object: JsonObject): readonly string[] {
  const problems = [...metadataProblems(object)];
  if (object.kind === 'StatefulSet') problems.push(...statefulSetProblems(object));
  if (object.kind === 'Service') problems.push(...serviceProblems(object));
  return problems;
}

function same(one: Json | undefined, other: Json | undefined): boolean {
  return JSON.stringify(sortFields(one)) === JSON.stringify(sortFields(other));
}

function without(object: JsonObject, ...fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !fields.includes(key)));
}

/** How two sizes compare: below zero where the first is less. */
function compareSizes(one: Json | undefined, other: Json | undefined): number {
  const [first, second] = [readQuantity(one), readQuantity(other)];
  return first === undefined || second === undefined ? Number.NaN : compareQuantities(first, second);
}

function claimRefusal(before: JsonObject, after: JsonObject, expandable: boolean): string | undefined {
  const [was, is] = [objectAt(before, 'spec') ?? {}, objectAt(after, 'spec') ?? {}];
  const request = ['resources', 'requests', 'storage'] as const;
  const order = compareSizes(at(was, ...request), at(is, ...request));
  const bound = textAt(before, 'status', 'phase') === 'Bound';
  const otherFields = ['resources'];
  const unset = ['storageClassName', 'volumeName'].filter((field) => was[field] === undefined);
  if (!same(without(was, ...otherFields, ...unset), without(is, ...otherFields, ...unset)) || (order !== 0 && !bound)) {
    return 'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  }
  if (order > 0) return 'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity';
  if (order < 0 && !expandable) {
    return 'is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
  }
  return undefined;
}

function volumeRefusal(before: JsonObject, after: JsonObject): string | undefined {
  const [was, is] = [objectAt(before, 'spec') ?? {}, objectAt(after, 'spec') ?? {}];
  if (!same(was.csi, is.csi) || !same(was.nfs, is.nfs))
    return 'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation';
  return was.volumeMode === is.volumeMode ? undefined : 'volumeMode: Invalid value: field is immutable';
}

function statefulSetRefusal(before: JsonObject, after: JsonObject): string | undefined {
  const changeable = ['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'minReadySeconds'];
  const [was, is] = [objectAt(before, 'spec') ?? {}, objectAt(after, 'spec') ?? {}];
  if (same(without(was, ...changeable), without(is, ...changeable))) return undefined;
  return "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
}

function serviceRefusal(before: JsonObject, after: JsonObject): string | undefined {
  const [was, is] = [objectAt(before, 'spec') ?? {}, objectAt(after, 'spec') ?? {}];
  if (was.clusterIP !== is.clusterIP) return 'spec.clusterIP: Invalid value: may not change once set';
  const bothBalanced = was.type === 'LoadBalancer' && is.type === 'LoadBalancer';
  if (bothBalanced && was.loadBalancerClass !== is.loadBalancerClass) {
    return 'spec.loadBalancerClass: Invalid value: field is immutable';
  }
  return undefined;
}

/** Why the API server would refuse to change an object into another; undefined if it would not. */
export function refusalOfChange(before: JsonObject, after: JsonObject, expandable: boolean): string | undefined {
  switch (before.kind) {
    case 'PersistentVolumeClaim':
      return claimRefusal(before, after, expandable);
    case 'PersistentVolume':
      return volumeRefusal(before, after);
    case 'StatefulSet':
      return statefulSetRefusal(before, after);
    case 'Service':
      return serviceRefusal(before, after);
    case 'Secret':
      return before.type === after.type ? undefined : 'type: Invalid value: field is immutable';
    default:
      return undefined;
  }
}
