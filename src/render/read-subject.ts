import type { Problem } from '../api/v1alpha1/problem.ts';
import { closest } from '../lib/closest.ts';
import { objectAt, textAt, textsAt, withValue, type JsonObject } from '../lib/json.ts';
import type { SourceDocument } from './read-documents.ts';

/** A DittoServer to preview, as the composite resource that Crossplane would make of it. */
export interface Subject {
  /** The file that it comes from. */
  readonly file: string;
  /** The user's name for it: the claim's where there is one. */
  readonly name: string;
  /** Empty for a cluster-scoped composite resource without a claim. */
  readonly namespace: string;
  readonly flavour: 'namespaced' | 'claim';
  readonly xr: JsonObject;
  /** What the API server would refuse before anything else: fields beside spec. */
  readonly problems: readonly Problem[];
}

/** A subject, or one line that says why the document is none. */
export type ReadSubject =
  { readonly ok: true; readonly subject: Subject } | { readonly ok: false; readonly problem: string };

const GROUP = 'dittofs.dittofs.com';
const API_VERSION = `${GROUP}/v1alpha1`;
const KINDS = ['DittoServer', 'XDittoServer'];
const FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

/**
 * Fields that only a claim has: a composite resource of Crossplane v2 has them under spec.crossplane
 * (crossplane-runtime, pkg/xcrd/schemas.go).
 */
const claimFields = [
  'compositionRef',
  'compositionSelector',
  'compositionRevisionRef',
  'compositionRevisionSelector',
  'compositionUpdatePolicy',
  'compositeDeletePolicy',
  'publishConnectionDetailsTo',
  'writeConnectionSecretToRef',
  'resourceRef',
];

/** Claim fields that Crossplane does not copy into the composite resource. */
const ofTheClaimOnly = ['compositeDeletePolicy', 'resourceRef', 'writeConnectionSecretToRef'];

/** `DittoServer default/my-server`: how the preview calls a subject. */
export function calledSubject({ namespace, name }: Pick<Subject, 'namespace' | 'name'>): string {
  const known = name === '' ? '(without a name)' : name;
  return namespace === '' ? `XDittoServer ${known}` : `DittoServer ${namespace}/${known}`;
}

function wrongType(source: string, apiVersion: string, kind: string): string {
  const found = `${kind === '' ? 'no kind' : `kind ${kind}`}, ${apiVersion === '' ? 'no apiVersion' : `apiVersion ${apiVersion}`}`;
  const hint = kind === 'Secret' ? '; Secrets are read with --required' : '';
  return `${source}: is not a DittoServer (${found}); expected kind DittoServer, apiVersion ${API_VERSION}${hint}`;
}

/** The manifest as an API server keeps it: without what it would ignore, with a namespace as kubectl fills it in. */
function accepted(value: JsonObject, namespace: string | undefined): JsonObject {
  const spec = objectAt(value, 'spec');
  const annotations = Object.entries(textsAt(value, 'metadata', 'annotations')).filter(
    ([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration',
  );
  const bare: JsonObject = {
    apiVersion: API_VERSION,
    kind: value.kind,
    metadata: value.metadata,
    ...(value.spec !== undefined && { spec: spec ?? value.spec }),
  };
  const named = withValue(bare, ['metadata', 'namespace'], namespace);
  return annotations.length === 0
    ? withValue(named, ['metadata', 'annotations'], undefined)
    : withValue(named, ['metadata', 'annotations'], Object.fromEntries(annotations));
}

/** The composite resource that Crossplane makes for a claim (internal/controller/apiextensions/claim). */
function compositeOf(claim: JsonObject, namespace: string, name: string): JsonObject {
  const spec = Object.entries(objectAt(claim, 'spec') ?? {}).filter(([field]) => !ofTheClaimOnly.includes(field));
  return {
    apiVersion: API_VERSION,
    kind: 'XDittoServer',
    metadata: {
      name: `${name}-claim`,
      labels: {
        ...textsAt(claim, 'metadata', 'labels'),
        'crossplane.io/claim-name': name,
        'crossplane.io/claim-namespace': namespace,
      },
    },
    spec: { ...Object.fromEntries(spec), claimRef: { apiVersion: API_VERSION, kind: 'DittoServer', namespace, name } },
  };
}

function unknownFields(value: JsonObject): readonly Problem[] {
  return Object.keys(value)
    .filter((field) => !FIELDS.includes(field))
    .map((field) => {
      const near = closest(field, FIELDS);
      const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
      return { field, detail: `is not a field of the manifest${hint}` };
    });
}

/**
 * Reads a manifest of either flavour: a DittoServer is the composite resource itself, or a claim where it has fields
 * that only claims have; an XDittoServer is taken as it is.
 */
export function readSubject({ file, source, value }: SourceDocument): ReadSubject {
  const apiVersion = textAt(value, 'apiVersion') ?? '';
  const kind = textAt(value, 'kind') ?? '';
  if (apiVersion !== API_VERSION || !KINDS.includes(kind)) {
    return { ok: false, problem: wrongType(source, apiVersion, kind) };
  }
  const problems = unknownFields(value);
  const name = textAt(value, 'metadata', 'name') ?? '';

  if (kind === 'XDittoServer') {
    const claim = objectAt(value, 'spec', 'claimRef');
    const xr = accepted(value, undefined);
    const identity = { name: textAt(claim, 'name') ?? name, namespace: textAt(claim, 'namespace') ?? '' };
    return { ok: true, subject: { file, ...identity, flavour: 'claim', xr, problems } };
  }

  const namespace = textAt(value, 'metadata', 'namespace') ?? 'default';
  const manifest = accepted(value, namespace);
  const spec = objectAt(value, 'spec') ?? {};
  const isClaim = claimFields.some((field) => Object.hasOwn(spec, field));
  const subject = { file, name, namespace, problems };
  return isClaim
    ? { ok: true, subject: { ...subject, flavour: 'claim', xr: compositeOf(manifest, namespace, name) } }
    : { ok: true, subject: { ...subject, flavour: 'namespaced', xr: manifest } };
}
