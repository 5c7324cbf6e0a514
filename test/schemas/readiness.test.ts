import { evaluate } from '@marcbachmann/cel-js';
import { describe, expect, it } from 'vitest';
import { textAt, type JsonObject } from '../../src/lib/json.ts';
import { desiredOf } from '../support/call.ts';
import { createCluster } from '../support/cluster.ts';
import { dittoServer } from '../support/server.ts';

/*
 * The queries by which provider-kubernetes calls an Object ready, evaluated on live objects. The provider has plain CEL,
 * where a missing field is an error: every case without one must still be an answer.
 */

function queryOf(key: string, spec: JsonObject): string {
  const cluster = createCluster({ xr: dittoServer(spec) });
  cluster.step();
  cluster.provide();
  const object = desiredOf(cluster.step().response)[key];
  return textAt(object, 'spec', 'readiness', 'celQuery') ?? 'none';
}

describe.each<[string, string, string, JsonObject, [unknown, boolean][]]>([
  [
    'a load balancer',
    'file-service',
    'has an address',
    { service: { type: 'LoadBalancer' } },
    [
      [{ status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } } }, true],
      [{ status: { loadBalancer: { ingress: [{ hostname: 'a.b' }] } } }, true],
      [{}, false],
      [{ status: {} }, false],
      [{ status: { loadBalancer: {} } }, false],
      [{ status: { loadBalancer: { ingress: [] } } }, false],
      [{ status: { loadBalancer: { ingress: [{ ip: '' }] } } }, false],
    ],
  ],
  [
    'a StatefulSet',
    'server',
    'is rolled out',
    {},
    [
      [
        {
          metadata: { generation: 3 },
          spec: { replicas: 1 },
          status: { observedGeneration: 3, updatedReplicas: 1, readyReplicas: 1 },
        },
        true,
      ],
      [{ metadata: { generation: 3 }, spec: { replicas: 0 }, status: { observedGeneration: 3 } }, true],
      [{ metadata: { generation: 3 }, spec: { replicas: 1 } }, false],
      [{ metadata: { generation: 3 }, spec: { replicas: 1 }, status: {} }, false],
      [
        {
          metadata: { generation: 3 },
          spec: { replicas: 1 },
          status: { observedGeneration: 2, updatedReplicas: 1, readyReplicas: 1 },
        },
        false,
      ],
      [
        { metadata: { generation: 3 }, spec: { replicas: 1 }, status: { observedGeneration: 3, updatedReplicas: 1 } },
        false,
      ],
      [
        { metadata: { generation: 3 }, spec: { replicas: 1 }, status: { observedGeneration: 3, readyReplicas: 1 } },
        false,
      ],
    ],
  ],
  [
    'a claim of a running server',
    'volume-metadata',
    'is bound',
    {},
    [
      [{ status: { phase: 'Bound' } }, true],
      [{ status: { phase: 'Pending' } }, false],
      [{ status: { phase: 'Lost' } }, false],
      [{ status: {} }, false],
      [{}, false],
    ],
  ],
  [
    'a claim of a stopped server',
    'volume-metadata',
    'is bound, or waits for its first consumer',
    { replicas: 0 },
    [
      [{ status: { phase: 'Bound' } }, true],
      [{ status: { phase: 'Pending' } }, true],
      [{ status: { phase: 'Lost' } }, false],
      [{}, false],
    ],
  ],
])('%s (%s) is ready once it %s', (_, key, __, spec, cases) => {
  const query = queryOf(key, spec);
  it.each(cases.map(([object, expected]) => [JSON.stringify(object), expected] as const))(
    '%s: %s',
    (object, expected) => {
      expect(evaluate(query, { object: JSON.parse(object) as unknown })).toBe(expected);
    },
  );
});

it.each(['config', 'jwt-secret', 'headless-service', 'api-service', 'file-service'])(
  '%s is ready once it is made',
  (key) => {
    const cluster = createCluster({ xr: dittoServer({ service: { type: 'LoadBalancer', waitForAddress: false } }) });
    const object = desiredOf(cluster.step().response)[key];
    expect(object?.spec).toMatchObject({ readiness: { policy: 'SuccessfulCreate' } });
  },
);
