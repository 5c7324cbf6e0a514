import { isList, isObject, objectAt, textAt, type Json, type Path } from '../../lib/json.ts';
import { compareQuantities, parseQuantity, type Quantity } from '../../lib/quantity.ts';
import type { Input } from './input.ts';
import { fieldPath, quote, type Problem } from './problem.ts';
import type { Spec } from './spec.ts';
import { defaultStore } from './stores.ts';

/** Size of the metadata volume where the spec names none. */
export const defaultMetadataSize = '10Gi';

function list(values: readonly string[]): string {
  return values.map(quote).join(', ');
}

/**
 * Tells whether an image is one that the prefix allows: the prefix ends at a boundary, so that
 * `registry.example.com/team` does not allow `registry.example.com/team-of-others/x`.
 */
function allowsImage(prefix: string, image: string): boolean {
  if (!image.startsWith(prefix)) return false;
  const rest = image.slice(prefix.length);
  const next = rest.charAt(0);
  // A colon begins a tag only where no path follows; in front of one it is the port of another registry.
  if (next === ':' && rest.includes('/')) return false;
  return next === '' || '/:@'.includes(next) || '/:@'.includes(prefix.charAt(prefix.length - 1));
}

/** Every text under a field of that name in `percona.overrides`, with the way to it. */
function* overridden(
  wanted: (name: string | number, above: Path) => boolean,
  value: Json | undefined,
  above: Path = ['spec', 'percona', 'overrides'],
): Generator<[field: string, text: string]> {
  const entries: Iterable<[string | number, Json | undefined]> = isList(value)
    ? value.entries()
    : Object.entries(isObject(value) ? value : {});
  for (const [name, below] of entries) {
    const path = [...above, name];
    if (typeof below === 'string' && wanted(name, above)) yield [fieldPath(path), below];
    else yield* overridden(wanted, below, path);
  }
}

function* imageProblems(spec: Spec, { allowedImagePrefixes: allowed }: Input): Generator<Problem> {
  if (allowed === undefined) return;
  const { postgres, pgBouncer, pgBackRest } = spec.percona.images;
  const images: [string, string | undefined][] = [
    ['spec.image', spec.image],
    ['spec.percona.images.postgres', postgres],
    ['spec.percona.images.pgBouncer', pgBouncer],
    ['spec.percona.images.pgBackRest', pgBackRest],
    ['spec.percona.monitoring.pmm.image', spec.percona.monitoring?.pmm.image],
  ];
  images.push(...overridden((name) => name === 'image', spec.percona.overrides));
  spec.extraVolumes?.forEach((volume, index) => {
    images.push([`spec.extraVolumes[${index}].image.reference`, textAt(volume, 'image', 'reference')]);
  });
  for (const [field, image] of images) {
    if (image === undefined || allowed.some((prefix) => allowsImage(prefix, image))) continue;
    yield { field, detail: `${quote(image)} is not allowed by the platform: images start with ${list(allowed)}` };
  }
}

/** The Service types that a user can ask for. The API Service's own default, ClusterIP, asks for nothing. */
function writtenTypes({
  service,
  adapterServices,
  controlPlane,
}: Spec): readonly [field: string, type: string | undefined][] {
  const api = controlPlane.service.type;
  return [
    ['spec.service.type', service.type],
    ['spec.adapterServices.type', adapterServices?.type],
    ['spec.controlPlane.service.type', api === 'ClusterIP' ? undefined : api],
  ];
}

function* serviceTypeProblems(spec: Spec, { allowedServiceTypes: allowed }: Input): Generator<Problem> {
  if (allowed === undefined) return;
  const exposed = overridden(
    (name, above) => name === 'type' && /expose/i.test(above.join('.')),
    spec.percona.overrides,
  );
  for (const [field, type] of [...writtenTypes(spec), ...exposed]) {
    if (type === undefined || allowed.some((name) => name === type)) continue;
    yield { field, detail: `${quote(type)} is not allowed by the platform: the type is one of ${list(allowed)}` };
  }
}

/** A class that is asked for, by its field; nothing asks for the cluster's default, which may not be allowed. */
function classProblem(field: string, name: string | undefined, allowed: readonly string[]): Problem | undefined {
  if (name === undefined) return { field, detail: `is required by the platform: one of ${list(allowed)}` };
  if (allowed.includes(name)) return undefined;
  return { field, detail: `${quote(name)} is not allowed by the platform: the class is one of ${list(allowed)}` };
}

/** The older name of storageClassName, which Kubernetes reads first in every PersistentVolumeClaim. */
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

function storageClassProblems(spec: Spec, input: Input): readonly Problem[] {
  const allowed = input.allowedStorageClasses;
  if (allowed === undefined) return [];
  const asked: [field: string, name: string | undefined][] = [
    ['spec.storage.storageClassName', spec.storage.storageClassName ?? input.storageClassName],
  ];
  if (spec.percona.enabled)
    asked.push(['spec.percona.storageClassName', spec.percona.storageClassName ?? input.storageClassName]);
  const isClass = (name: string | number) => name === 'storageClassName' || name === CLASS_ANNOTATION;
  asked.push(...overridden(isClass, spec.percona.overrides));
  spec.extraVolumes?.forEach((volume, index) => {
    const claim = objectAt(volume, 'ephemeral', 'volumeClaimTemplate');
    if (claim === undefined) return;
    const path = ['spec', 'extraVolumes', index, 'ephemeral', 'volumeClaimTemplate'];
    asked.push([fieldPath([...path, 'spec', 'storageClassName']), textAt(claim, 'spec', 'storageClassName')]);
    const annotation = textAt(claim, 'metadata', 'annotations', CLASS_ANNOTATION);
    const field = fieldPath([...path, 'metadata', 'annotations', CLASS_ANNOTATION]);
    if (annotation !== undefined) asked.push([field, annotation]);
  });
  return asked.map(([field, name]) => classProblem(field, name, allowed)).filter((problem) => problem !== undefined);
}

/** Whether a spec asks for the metadata volume, by its size or by a store that lives there. */
function needsMetadataVolume({ storage, metadataStores = [], blockStores, shares = [] }: Spec): boolean {
  const { local = [] } = blockStores ?? {};
  const elsewhere = storage.contentSize !== undefined || storage.cacheSize !== undefined;
  const onDefault = (field: 'metadataStore' | 'localBlockStore') =>
    shares.some((share) => share[field] === defaultStore);
  return (
    storage.metadataSize !== undefined ||
    metadataStores.some(({ type }) => type === 'badger' || type === 'sqlite') ||
    metadataStores.length === 0 ||
    onDefault('metadataStore') ||
    local.some(({ volume }) => volume === 'metadata') ||
    (!elsewhere && (local.length === 0 || onDefault('localBlockStore')))
  );
}

function* sizeProblems(spec: Spec, { maxSizes }: Input): Generator<Problem> {
  const { storage, percona } = spec;
  const metadataSize = storage.metadataSize ?? parseQuantity(defaultMetadataSize);
  const sizes: [field: string, size: Quantity | undefined, most: Quantity | undefined][] = [
    ['storage.metadataSize', needsMetadataVolume(spec) ? metadataSize : undefined, maxSizes.metadata],
    ['storage.contentSize', storage.contentSize, maxSizes.content],
    ['storage.cacheSize', storage.cacheSize, maxSizes.cache],
    ['storage.controlPlaneSize', storage.controlPlaneSize, maxSizes.controlPlane],
    ['percona.storageSize', percona.enabled ? percona.storageSize : undefined, maxSizes.postgres],
  ];
  for (const [field, size, most] of sizes) {
    if (size === undefined || most === undefined || compareQuantities(size, most) <= 0) continue;
    yield {
      field: `spec.${field}`,
      detail: `${quote(size.text)} is over the platform’s limit of ${quote(most.text)}`,
    };
  }
}

/** Every declared share needs a quota where the platform limits them: without one it could grow over the limit. */
function* quotaProblems({ shares = [] }: Spec, { maxSizes: { quota: most } }: Input): Generator<Problem> {
  if (most === undefined) return;
  for (const [index, { quota }] of shares.entries()) {
    const field = `spec.shares[${index}].quota`;
    if (quota === undefined) yield { field, detail: `is required by the platform: at most ${quote(most.text)}` };
    else if (compareQuantities(quota, most) > 0) {
      yield { field, detail: `${quote(quota.text)} is over the platform’s limit of ${quote(most.text)}` };
    }
  }
}

/** What a spec asks for beyond the platform's limits, each with the limit by name. */
export function checkLimits(spec: Spec, input: Input): readonly Problem[] {
  return [
    ...imageProblems(spec, input),
    ...serviceTypeProblems(spec, input),
    ...storageClassProblems(spec, input),
    ...sizeProblems(spec, input),
    ...quotaProblems(spec, input),
  ];
}
