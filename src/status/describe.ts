import { numberAt, textAt, listAt, defined, type JsonObject } from '../lib/json.ts';
import { endpointText } from '../plan/endpoints.ts';
import { protocols } from '../plan/exposure.ts';
import { volumeKey } from '../plan/volumes.ts';
import { sha256 } from '../lib/hash.ts';
import { isMissing } from '../kubernetes/object.ts';
import type { Findings } from './findings.ts';
import { describeDatabase } from './database.ts';
import { describeShares } from './provisioned.ts';

/** The phases of a DittoServer: where it stands in its life, in one word. */
type Phase = 'Pending' | 'Running' | 'Degraded' | 'Stopped';

/** Tells whether everything that is wanted is there and healthy. */
function isReady({ composition: { health, heldBack } }: Findings): boolean {
  return heldBack.length === 0 && [...health.values()].every(({ state }) => state === 'ready');
}

/** The phase; whether something unhealthy is on its way up or has broken shows in the phase before. */
function phaseAfter(before: string | undefined, findings: Findings): Phase {
  if (isReady(findings)) return findings.plan.pod.replicas === 0 ? 'Stopped' : 'Running';
  return before === 'Running' || before === 'Degraded' ? 'Degraded' : 'Pending';
}

function describeVolumes({ plan, observed }: Findings): readonly JsonObject[] {
  return plan.volumes.map(({ name, claim, size }) => {
    const object = observed.get(volumeKey(name));
    const lost = object !== undefined && isMissing(object);
    // What was seen of a lost claim last is no longer so.
    const live = lost ? undefined : object?.live;
    return defined({
      name: claim,
      requested: textAt(live, 'spec', 'resources', 'requests', 'storage') ?? size,
      capacity: textAt(live, 'status', 'capacity', 'storage'),
      phase: lost ? 'Lost' : textAt(live, 'status', 'phase'),
      retention: plan.retention,
    });
  });
}

/** The Secret by which applications find the server, unless somebody else's has its name. */
function describeBinding({ plan, composition }: Findings): JsonObject | undefined {
  const isTaken = composition.health.get('connection')?.reason === 'NameTaken';
  return plan.connection === undefined || isTaken ? undefined : { name: plan.names.connection };
}

function runningImage(live: JsonObject | undefined): string | undefined {
  const [container] = listAt(live, 'spec', 'template', 'spec', 'containers');
  return textAt(container, 'image');
}

/** The whole status, every time: what is left out disappears. Nothing secret, no times, no counters. */
export function describeStatus(findings: Findings, phaseBefore: string | undefined): JsonObject {
  const { plan, composition, observed } = findings;
  const { endpoints } = plan;
  const live = observed.get('server')?.live;
  const preferred = protocols.map((protocol) => endpoints[protocol]).find((endpoint) => endpoint !== undefined);
  return defined({
    phase: phaseAfter(phaseBefore, findings),
    replicas: numberAt(live, 'status', 'replicas') ?? 0,
    readyReplicas: numberAt(live, 'status', 'readyReplicas') ?? 0,
    labelSelector: Object.entries(plan.selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    version: runningImage(live) ?? plan.pod.image,
    configHash: sha256(plan.config),
    endpoint: preferred === undefined ? undefined : endpointText(preferred),
    endpoints:
      Object.keys(endpoints).length === 0
        ? undefined
        : Object.fromEntries(Object.entries(endpoints).map(([name, endpoint]) => [name, { ...endpoint }])),
    ...describeDatabase(findings),
    volumes: describeVolumes(findings),
    ...describeShares(findings),
    blocked: composition.blocked.length === 0 ? undefined : composition.blocked.map((entry) => ({ ...entry })),
    binding: describeBinding(findings),
    observedGeneration: plan.generation,
  });
}
