import { readObject } from '../kubernetes/object.ts';
import { at, isObject, objectAt, textAt, withValue, type JsonObject } from '../lib/json.ts';
import type { SourceDocument } from './read-documents.ts';
import { calledSubject, type Subject } from './read-subject.ts';

/** What a cluster has, as far as the user gave it. */
export interface Cluster {
  /** Composed resources. */
  readonly composed: readonly Composed[];
  /** DittoServers and their composite resources, with their status. */
  readonly composites: readonly JsonObject[];
}

/** A composed resource as the cluster has it. */
export interface Composed {
  readonly key: string;
  readonly source: string;
  readonly resource: JsonObject;
}

/** A value, or what is wrong, one line each. */
export type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly string[] };

const KEY = 'crossplane.io/composition-resource-name';

function isComposite({ value }: SourceDocument): boolean {
  return (textAt(value, 'apiVersion') ?? '').startsWith('dittofs.dittofs.com/');
}

/** Reads what --observed names: composed resources with their key, and DittoServers with their status. */
export function readCluster(documents: readonly SourceDocument[]): Read<Cluster> {
  const problems: string[] = [];
  const composed = documents.flatMap((document): Composed[] => {
    if (isComposite(document)) return [];
    const { source, value } = document;
    const key = textAt(value, 'metadata', 'annotations', KEY);
    if (key !== undefined) return [{ key, source, resource: value }];
    const kind = textAt(value, 'kind') ?? 'manifest';
    problems.push(
      `${source}: ${kind} ${JSON.stringify(textAt(value, 'metadata', 'name') ?? '')} has no annotation ${KEY}, by which Crossplane knows a composed resource; take it from kubectl get -o yaml`,
    );
    return [];
  });
  if (problems.length > 0) return { ok: false, problems };
  const composites = documents.filter(isComposite).map(({ value }) => value);
  return { ok: true, value: { composed, composites } };
}

/** Whose a composed resource is: by our label and the namespace of what is in it; anybody's where neither says. */
function belongsTo({ resource }: Composed, { name, namespace }: Subject): boolean {
  const instance = textAt(resource, 'metadata', 'labels', 'app.kubernetes.io/instance');
  const manifest = readObject(resource)?.manifest ?? resource;
  const inside = textAt(manifest, 'metadata', 'namespace') ?? textAt(resource, 'metadata', 'namespace');
  return (instance === undefined || instance === name) && (inside === undefined || inside === namespace);
}

/** Tells whether an observed DittoServer, claim or composite resource is the subject's. */
function isSubject(composite: JsonObject, { name, namespace, xr }: Subject): boolean {
  const claim = objectAt(composite, 'spec', 'claimRef');
  if (claim !== undefined) return claim.name === name && claim.namespace === namespace;
  const ownName = textAt(composite, 'metadata', 'name');
  const ownNamespace = textAt(composite, 'metadata', 'namespace') ?? 'default';
  if (composite.kind === 'XDittoServer') return ownName === textAt(xr, 'metadata', 'name');
  return ownName === name && ownNamespace === namespace;
}

/** What the cluster has of one subject. */
export interface Belongings {
  /** The composite resource with the status that it has, if it has one. */
  readonly xr: JsonObject;
  /** The composed resources by key. */
  readonly observed: ReadonlyMap<string, JsonObject>;
}

/** What the cluster has of one subject; two resources under one key are a mistake. */
export function belongingsOf(cluster: Cluster, subject: Subject): Read<Belongings> {
  const observed = new Map<string, JsonObject>();
  const problems: string[] = [];
  for (const composed of cluster.composed.filter((candidate) => belongsTo(candidate, subject))) {
    const { key, source, resource } = composed;
    if (observed.has(key)) problems.push(`${source}: a second resource of ${calledSubject(subject)} with key ${key}`);
    observed.set(key, resource);
  }
  if (problems.length > 0) return { ok: false, problems };

  const statuses = cluster.composites.filter((composite) => isSubject(composite, subject)).map(({ status }) => status);
  const status = statuses.find(isObject);
  const generation = cluster.composites
    .filter((composite) => isSubject(composite, subject))
    .map((composite) => at(composite, 'metadata', 'generation'))
    .find((found) => typeof found === 'number');
  const known = generation === undefined ? subject.xr : withValue(subject.xr, ['metadata', 'generation'], generation);
  return { ok: true, value: { xr: withValue(known, ['status'], status), observed } };
}

/** Composed resources that belong to none of the subjects. */
export function strangers(cluster: Cluster, subjects: readonly Subject[]): readonly Composed[] {
  return cluster.composed.filter((composed) => !subjects.some((subject) => belongsTo(composed, subject)));
}
