import type { ProvisionerReport, ReportedProblem, ServingPlan, ShareReport } from '../api/provisioning.ts';
import { cut } from '../lib/cut.ts';
import { nameOf } from './change.ts';
import type { ServerShare } from './server-state.ts';
import { stableWords } from './stable-words.ts';

/** Bytes that report.json may have: an object of Kubernetes holds about four times as many. */
const LARGEST = 250 * 1024;

/** Problems that are reported one by one. */
const MOST = 300;

const REMOTE = 'remote unreachable: ';

/** Whether the server has a share on record, and did not get it to run. */
export function isUnloaded({ status: { status, message = '' } }: ServerShare): boolean {
  return status === 'unknown' && message.startsWith('share not found');
}

/** How a share is that the server has, in words; empty where it is well. */
function healthOf(share: ServerShare | undefined, isS3: boolean): string {
  if (share === undefined) return 'is not there';
  const { status, message = '' } = share.status;
  // What is switched off is as it was declared.
  if (status === 'healthy' || (status === 'disabled' && !share.enabled)) return '';
  const words = stableWords(message);
  if (isS3 && words.startsWith(REMOTE)) return `S3: ${words.slice(REMOTE.length)}`;
  if (isUnloaded(share)) return 'is not loaded: the log of the server says why';
  return words === '' ? status : `${status}: ${words}`;
}

function isBefore(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function fits(report: ProvisionerReport): boolean {
  return Buffer.byteLength(JSON.stringify(report)) <= LARGEST;
}

/** The report with messages of at most so many characters. */
function shortened({ revision, shares, problems }: ProvisionerReport, longest: number): ProvisionerReport {
  return {
    revision,
    shares: shares.map((share) => ({ ...share, message: cut(share.message, longest) })),
    problems: problems.map((problem) => ({ ...problem, message: cut(problem.message, longest) })),
  };
}

/** The report of a round: sorted, so that the same state is the same text, and no larger than a ConfigMap may be. */
export function reportOf(
  plan: ServingPlan,
  shares: ReadonlyMap<string, ServerShare>,
  found: readonly ReportedProblem[],
): ProvisionerReport {
  const problems = [...new Map(found.map((problem) => [JSON.stringify(problem), problem])).values()].sort(
    (a, b) => isBefore(a.about, b.about) || isBefore(a.message, b.message),
  );
  const s3 = new Set(plan.remote_block_stores.filter(({ type }) => type === 's3').map(({ name }) => name));
  const reports = plan.shares.map(({ name, remote_block_store: remote }): ShareReport => {
    const own = problems.filter(({ about }) => about === nameOf('share', name)).map(({ message }) => message);
    const health = healthOf(shares.get(name), remote !== undefined && s3.has(remote));
    const message = own.length > 0 ? own.join('; ') : health;
    return { name, ready: message === '', message };
  });
  const more = { about: 'provisioner', message: 'there are more problems: its log has them all' };
  const report = {
    revision: plan.revision,
    shares: reports.sort((a, b) => isBefore(a.name, b.name)),
    problems: problems.length > MOST ? [...problems.slice(0, MOST), more] : problems,
  };
  return [1000, 300, 100].map((longest) => shortened(report, longest)).find(fits) ?? shortened(report, 40);
}
