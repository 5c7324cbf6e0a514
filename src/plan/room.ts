import type { Problem } from '../api/v1alpha1/problem.ts';

/**
 * The most bytes that the two files of the ConfigMap may have, as texts in JSON: its Object has them twice, in what it
 * asks for and in what it saw, and etcd takes 1.5 MiB. https://etcd.io/docs/v3.5/dev-guide/limit/
 */
const ROOM = 600_000;

function sizeOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

/** Why config.yaml and plan.json do not fit into one object together, if they do not. */
export function tooLargeFor(config: string, plan: string): Problem | undefined {
  const [configSize, planSize] = [sizeOf(config), sizeOf(plan)];
  if (configSize + planSize <= ROOM) return undefined;
  return configSize > planSize
    ? {
        field: 'spec.extraConfig',
        detail: `makes a config.yaml of ${configSize} bytes, and one object has room for ${ROOM}, plan.json of ${planSize} bytes included`,
      }
    : {
        field: 'spec.shares',
        detail: `take ${planSize} bytes, together with stores and users, and one object has room for ${ROOM}, config.yaml of ${configSize} bytes included: grant permissions to fewer groups and users, or use another DittoServer`,
      };
}
