import { defined, type JsonObject } from '../lib/json.ts';
import type { Findings } from './findings.ts';
import { no, yes, type Verdict } from './verdict.ts';

/** Whether the server serves what the spec declares. */
export function provisionedVerdict({ plan, composition: { health } }: Findings): Verdict {
  if (plan.pod.replicas === 0) return yes('Stopped', 'The server is stopped; it serves what is declared when it runs');
  const [missing] = plan.serving.missing;
  if (missing !== undefined) return no(missing.reason, plan.serving.missing.map(({ message }) => message).join('; '));
  const status = health.get('provisioner-status');
  if (status?.state === 'ready') return yes('Served', 'The server serves everything that is declared');
  return no(status?.reason ?? 'Waiting', status?.message ?? 'The provisioner is not there yet');
}

/** What became of the shares, as the provisioner last said. */
export function describeShares({ plan: { serving, provisioning } }: Findings): JsonObject {
  const known = new Map(provisioning.shares.map((share) => [share.name, share]));
  const shares = serving.shares.flatMap(({ name, fallback }): JsonObject[] => {
    const report = known.get(name);
    // A server with shares of its own gets none besides.
    if (report === undefined) return fallback ? [] : [{ name, ready: false, message: 'is not applied yet' }];
    const { ready, message } = report;
    return [defined({ name, ready, message: message === '' ? undefined : message })];
  });
  return shares.length === 0 ? {} : { shares };
}
