import { bounded } from '../composition/blocked.ts';
import { defined, type JsonObject } from '../lib/json.ts';
import { answers, type Findings } from './findings.ts';
import { no, yes, type Verdict } from './verdict.ts';

/** Whether the server serves what the spec declares. */
export function provisionedVerdict(findings: Findings): Verdict {
  const { plan, composition } = findings;
  if (plan.pod.replicas === 0) return yes('Stopped', 'The server is stopped; it serves what is declared when it runs');
  const [missing] = plan.serving.missing;
  if (missing !== undefined) return no(missing.reason, plan.serving.missing.map(({ message }) => message).join('; '));
  const status = composition.health.get('provisioner-status');
  if (status?.state !== 'ready')
    return no(status?.reason ?? 'Waiting', status?.message ?? 'The provisioner is not there yet');
  return answers(findings)
    ? yes('Served', 'The server serves everything that is declared')
    : yes('Applied', 'Everything that is declared is applied, and served once the server answers again');
}

/** Why no share can be ready, whatever the provisioner said of it last. */
function unready(findings: Findings): string | undefined {
  if (findings.plan.pod.replicas === 0) return 'is not served: the server is stopped';
  return answers(findings) ? undefined : 'is not served: the server does not answer';
}

/** What became of the shares, as the provisioner last said. */
export function describeShares(findings: Findings): JsonObject {
  const { serving, provisioning } = findings.plan;
  const known = new Map(provisioning.shares.map((share) => [share.name, share]));
  const why = unready(findings);
  const shares = serving.shares.flatMap(({ name, fallback }): JsonObject[] => {
    const report = known.get(name);
    // A server with shares of its own gets none besides.
    if (report === undefined && fallback) return [];
    if (report === undefined) return [{ name, ready: false, message: 'is not applied yet' }];
    const text = why ?? report.message;
    const message = text === '' ? undefined : bounded(text);
    return [defined({ name, ready: report.ready && why === undefined, message })];
  });
  return shares.length === 0 ? {} : { shares };
}
