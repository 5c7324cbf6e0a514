import { dump } from 'js-yaml';
import { textAt, type JsonObject } from '../lib/json.ts';
import { isSecret, secretKeys, withoutSecretData } from './hide-secrets.ts';
import { inReadingOrder } from './in-reading-order.ts';
import type { Preview, PreviewResource } from './preview.ts';
import { calledSubject } from './read-subject.ts';

/** A document with its comments; texts that YAML 1.1 would take for something else are quoted. */
function document(comments: readonly string[], value: JsonObject): string {
  const lines = comments.map((comment) => `# ${comment.replaceAll('\n', ' ')}\n`);
  return `---\n${lines.join('')}${dump(inReadingOrder(withoutSecretData(value)), { lineWidth: -1, noRefs: true })}`;
}

function called(manifest: JsonObject): string {
  return `${textAt(manifest, 'kind') ?? ''} ${JSON.stringify(textAt(manifest, 'metadata', 'name') ?? '')}`;
}

function comments({ key, manifest, later, waitsFor }: PreviewResource): readonly string[] {
  const keys = isSecret(manifest) ? secretKeys(manifest) : [];
  const waits = waitsFor.length === 0 ? '' : `, once these are there: ${waitsFor.join(', ')}`;
  return [
    `${key}${later ? `: created later${waits}` : ''}`,
    ...(keys.length === 0 ? [] : [`The values of this Secret are not shown: ${keys.join(', ')}`]),
  ];
}

/** What is said before the documents of a DittoServer. */
function preamble({ subject, resources, removed, assumed, warnings }: Preview, all: boolean): readonly string[] {
  const left = all ? [] : resources.filter(({ observeOnly }) => observeOnly);
  return [
    `${calledSubject(subject)}, from ${subject.file}`,
    ...left.map(({ manifest }) => `${called(manifest)} is left out: it is only looked at, never created`),
    ...assumed.map((name) => `Secret ${JSON.stringify(name)} counts as present: --required does not say`),
    ...removed.map(({ manifest }) => `${called(manifest)} is no longer wanted: Crossplane deletes it`),
    ...warnings.map((warning) => `Note that ${warning}`),
  ];
}

function compositeOf({ subject, status, conditions }: Preview): JsonObject {
  return { ...subject.xr, status: { ...status, conditions: conditions.map((condition) => ({ ...condition })) } };
}

/**
 * The manifests that DittoServers become, as `kubectl apply --dry-run=client -f -` takes them; with `all` the composite
 * resources with their status, and the composed resources in which the manifests lie.
 */
export function formatYaml(previews: readonly Preview[], all: boolean): string {
  return previews
    .flatMap((preview) => {
      const [title = '', ...notes] = preamble(preview, all);
      const shown = preview.resources
        .filter(({ observeOnly }) => all || !observeOnly)
        .map(
          (resource) => [comments(resource), all ? (resource.object ?? resource.manifest) : resource.manifest] as const,
        );
      const documents = all ? [[[], compositeOf(preview)] as const, ...shown] : shown;
      return documents.map(([own, value], index) =>
        document([...(index === 0 ? [title, ...notes] : []), ...own], value),
      );
    })
    .join('');
}
