import { owned, type Component } from '../../src/composition/component.ts';
import { composeComponents } from '../../src/composition/compose.ts';
import { observe } from '../../src/crossplane/observe.ts';
import { respond } from '../../src/crossplane/respond.ts';
import { assessExistence } from '../../src/kubernetes/health.ts';
import { at, textAt, type JsonObject } from '../../src/lib/json.ts';
import type { RunFunction } from './call.ts';

/*
 * A function of two components that keeps the same rules by the same engine: a database, which outlives its server
 * unless `deleteWithServer` says otherwise, and a server that uses it. It stands for the parts with data that the
 * function does not have yet.
 */

interface ToyPlan {
  readonly database: boolean;
  readonly deleteWithServer: boolean;
  readonly size: string;
}

const labels = { 'app.kubernetes.io/instance': 'files', 'app.kubernetes.io/managed-by': 'toy' };
const marks = { labelSets: [labels], owner: { kind: 'DittoServer', name: 'files' } };

const database: Component<ToyPlan> = {
  key: 'database',
  render: (plan) =>
    plan.database
      ? {
          apiVersion: 'pgv2.percona.com/v2',
          kind: 'PerconaPGCluster',
          metadata: { name: 'files-postgres', namespace: 'team-a', labels },
          spec: { size: plan.size },
        }
      : undefined,
  assess: assessExistence,
  life: ({ deleteWithServer }) => ({
    kind: 'data',
    fate: deleteWithServer ? 'deleted' : 'kept',
    changes: 'updated',
    settled: (live) => textAt(live, 'status', 'state') === 'ready',
  }),
};

const server: Component<ToyPlan> = {
  key: 'server',
  render: ({ size }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'files', namespace: 'team-a', labels },
    data: { size },
  }),
  assess: assessExistence,
  life: () => owned,
  uses: () => ['database'],
};

/** The toy's answer to a request: `spec.database`, `spec.deleteWithServer`, `spec.size`; `spec.invalid` is refused. */
export const toyFunction: RunFunction = (request) => {
  const call = observe(request);
  const spec = at(call.xr, 'spec') as JsonObject;
  const answer = {
    ready: undefined,
    status: undefined,
    conditions: [],
    secrets: { namespace: '', names: [] },
    ttl: 60,
  };
  if (spec.invalid === true) {
    const refusal = { severity: 'fatal', reason: 'InvalidSpec', message: 'spec.invalid: true' } as const;
    return respond(request, { ...answer, desired: new Map(), announcements: [refusal] });
  }
  const composition = composeComponents<ToyPlan>(
    [database, server],
    {
      database: spec.database === true,
      deleteWithServer: spec.deleteWithServer === true,
      size: textAt(spec, 'size') ?? '1Gi',
    },
    {
      owner: { flavour: 'namespaced', namespace: 'team-a', name: 'files' },
      labels,
      marks,
      providerConfigRef: { kind: 'ClusterProviderConfig', name: 'default' },
    },
    call.observed,
  );
  const ready = composition.heldBack.length > 0 ? false : undefined;
  return respond(request, { ...answer, ready, desired: composition.desired, announcements: [] });
};
