import { describe, expect, it } from 'vitest';
import { at, isObject, type JsonObject } from '../../src/lib/json.ts';
import { readable } from '../support/call.ts';
import { clusterWith, examples } from '../support/examples.ts';
import { responseProblems } from '../support/schemas.ts';
import { toDocuments } from '../support/yaml.ts';

/**
 * A response whose Objects are written out only where they differ from those of an earlier response, so that a reader
 * sees what changed.
 */
function folded(response: JsonObject, earlier: JsonObject): JsonObject {
  const [now, before] = [at(response, 'desired', 'resources'), at(earlier, 'desired', 'resources')];
  if (!isObject(now)) return response;
  const resources = Object.entries(now).map(([key, composed]): [string, unknown] => {
    const same = JSON.stringify(at(composed, 'resource')) === JSON.stringify(at(before, key, 'resource'));
    return [key, same ? { ready: at(composed, 'ready'), resource: 'as above' } : composed];
  });
  const desired = { ...(response.desired as JsonObject), resources: Object.fromEntries(resources) };
  return { ...response, desired } as JsonObject;
}

describe('every example', () => {
  it.each(examples)('$name is answered as its golden says', async (example) => {
    const cluster = clusterWith(example);
    const { calls } = cluster.step();
    const [asking, composed] = calls.map(readable);
    cluster.provide();
    const { response } = cluster.bringUp();
    const settled = readable(response);

    expect([...calls, response].flatMap(responseProblems)).toEqual([]);
    const documents = toDocuments([
      ['1. The first call: Secrets are asked for, nothing is judged.', asking],
      ['2. The second call of the same reconcile: what is composed first.', composed],
      ['3. Everything is up: what is composed from then on.', folded(settled, composed ?? {})],
    ]);
    await expect(documents).toMatchFileSnapshot(`${example.name}.out.yaml`);
  });

  it.each(examples)('$name says for whom it is, in two lines of comment', ({ text }) => {
    expect(text).toMatch(/^# For [^\n]+\n# [^\n]+\napiVersion: dittofs\.dittofs\.com\/v1alpha1\n/);
  });

  it.each(examples)('$name becomes Ready, runs, and then nothing changes any more', (example) => {
    const cluster = clusterWith(example);
    cluster.bringUp();
    expect(cluster.status()).toMatchObject({ phase: 'Running', readyReplicas: 1 });
    expect(cluster.condition('Ready').status).toBe('True');

    const [before, told] = [cluster.snapshot(), cluster.results.length];
    cluster.settle();
    expect(cluster.snapshot()).toBe(before);
    expect(cluster.results).toHaveLength(told);
  });
});
