import { ProvisionerReport, statusKeys, type ReportedProblem, type ShareReport } from '../api/provisioning.ts';
import { isOurs, type Marks } from '../kubernetes/marks.ts';
import type { ObservedObjects } from '../kubernetes/object.ts';
import { textAt } from '../lib/json.ts';

/** Under which key of the report its provisioner says what is applied. */
export const appliedKey = statusKeys.revision;

/** What the provisioner has reported so far. */
export interface Provisioning {
  /** Revision of the plan that is applied as a whole; empty where none is. */
  readonly applied: string;
  /** Revision of the plan that was tried last; empty before the first report. */
  readonly tried: string;
  /** Changes whenever the server has to start again to use what was applied; undefined until it first has to. */
  readonly restart: string | undefined;
  readonly shares: readonly ShareReport[];
  readonly problems: readonly ReportedProblem[];
}

function parseReport(text: string | undefined): ProvisionerReport {
  const nothing: ProvisionerReport = { revision: '', shares: [], problems: [] };
  if (text === undefined) return nothing;
  try {
    return ProvisionerReport.safeParse(JSON.parse(text)).data ?? nothing;
  } catch {
    return nothing;
  }
}

/** Reads the ConfigMap of the provisioner; what is not a report, or somebody else's, counts as none. */
export function planProvisioning(observed: ObservedObjects, marks: Marks): Provisioning {
  const live = observed.get('provisioner-status')?.live;
  const own = live !== undefined && isOurs(live, marks) ? live : undefined;
  const data = (key: string): string | undefined => {
    const text = textAt(own, 'data', key);
    return text === '' ? undefined : text;
  };
  const report = parseReport(data(statusKeys.report));
  return {
    applied: data(statusKeys.revision) ?? '',
    tried: report.revision,
    restart: data(statusKeys.restart),
    shares: report.shares,
    problems: report.problems,
  };
}
