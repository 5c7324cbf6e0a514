import type { ProvisionerReport, ReportedProblem, ServingPlan, ShareReport } from '../api/provisioning.ts';
import { cut } from '../lib/cut.ts';
import { nameOf } from './change.ts';
import type { Hide } from './hide-secrets.ts';
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
function healthOf(share: ServerShare | undefined, isS3: boolean, hide: Hide): string {
  if (share === undefined) return 'is not there';
  const { status, message = '' } = share.status;
  // What is switched off is as it was declared.
  if (status === 'healthy' || (status === 'disabled' && !share.enabled)) return '';
  // Hidden before it is cut: half of a value would not be known any more.
  const words = stableWords(hide(message));
  if (isS3 && words.startsWith(REMOTE)) return `S3: ${words.slice(REMOTE.length)}`;
  if (isUnloaded(share)) return 'is not loaded: the log of the server says why';
  return words === '' ? status : `${status}: ${words}`;
}

function compare(a: string, b: string): number {
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

/** All problems of a round: each once, sorted, and without what is secret. */
export function problemsOf(found: readonly ReportedProblem[], hide: Hide): readonly ReportedProblem[] {
  const hidden = found.map(({ about, message }) => ({ about, message: hide(message) }));
  const each = new Map(hidden.map((problem) => [JSON.stringify(problem), problem]));
  return [...each.values()].sort((a, b) => compare(a.about, b.about) || compare(a.message, b.message));
}

/** The report where nothing is known of the server but why not. */
export function unknownReport(plan: ServingPlan, problem: ReportedProblem, why: string): ProvisionerReport {
  const declared = plan.shares.filter(({ fallback }) => !fallback);
  const shares = declared.map(({ name }) => ({ name, ready: false, message: `is not known: ${why}` }));
  return { revision: plan.revision, shares: shares.sort((a, b) => compare(a.name, b.name)), problems: [problem] };
}

/**
 * The report of a round: sorted, so that the same state is the same text, and no larger than a ConfigMap may be. What
 * does not fit, the log has.
 */
export function reportOf(
  plan: ServingPlan,
  shares: ReadonlyMap<string, ServerShare>,
  problems: readonly ReportedProblem[],
  hide: Hide,
): ProvisionerReport {
  const s3 = new Set(plan.remote_block_stores.filter(({ type }) => type === 's3').map(({ name }) => name));
  const reports = plan.shares.map(({ name, remote_block_store: remote }): ShareReport => {
    const own = problems.filter(({ about }) => about === nameOf('share', name)).map(({ message }) => message);
    const health = healthOf(shares.get(name), remote !== undefined && s3.has(remote), hide);
    const message = own.length > 0 ? own.join('; ') : health;
    return { name, ready: message === '', message };
  });
  const more = { about: 'provisioner', message: 'there are more problems: its log has them all' };
  const report = {
    revision: plan.revision,
    shares: reports.sort((a, b) => compare(a.name, b.name)),
    problems: problems.length > MOST ? [...problems.slice(0, MOST), more] : [...problems],
  };
  return [1000, 300, 100].map((longest) => shortened(report, longest)).find(fits) ?? shortened(report, 40);
}
