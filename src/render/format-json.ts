import type { JsonObject } from '../lib/json.ts';
import { inReadingOrder } from './in-reading-order.ts';
import type { Preview } from './preview.ts';

/** A preview as JSON, for programs. */
function toJson(preview: Preview): JsonObject {
  const { subject, ready, resources, removed, conditions, status, endpoints, results, warnings, assumed } = preview;
  return {
    file: subject.file,
    xr: inReadingOrder(subject.xr),
    ready,
    resources: resources.map(({ key, object, manifest, ...rest }) => ({
      key,
      ...rest,
      manifest: inReadingOrder(manifest),
      ...(object !== undefined && { object: inReadingOrder(object) }),
    })),
    removed: removed.map(({ key, manifest }) => ({ key, manifest: inReadingOrder(manifest) })),
    conditions: conditions.map((condition) => ({ ...condition })),
    status,
    endpoints,
    results: results.map((result) => ({ ...result })),
    warnings,
    assumedSecrets: assumed,
  };
}

/** One DittoServer as an object; several were asked for: a list, however many of them are not refused. */
export function formatJson(previews: readonly Preview[], several: boolean): string {
  const all = previews.map(toJson);
  const [only] = all;
  if (!several && only === undefined) return '';
  return `${JSON.stringify(several ? all : only, null, 2)}\n`;
}
