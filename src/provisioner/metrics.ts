import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { ReportedProblem, ShareReport } from '../api/provisioning.ts';
import { kinds, type Change } from './change.ts';

/** How a round ended: all is applied, some is not, or the server could not be asked. */
export type RoundResult = 'applied' | 'incomplete' | 'unanswered';

/** What the provisioner counts. */
export interface Metrics {
  readonly observeRequest: (method: string, outcome: string) => void;
  readonly observeRound: (result: RoundResult) => void;
  readonly observeChange: (change: Change) => void;
  /** What the last round that could be made has found. */
  readonly setFound: (problems: readonly ReportedProblem[], shares: readonly ShareReport[]) => void;
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  readonly text: () => Promise<string>;
}

/** Metrics of one provisioner, process figures included. */
export function createMetrics(): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const rounds = new Counter({
    name: 'dittofs_provisioner_rounds_total',
    help: 'Rounds by how they ended: applied, incomplete (something declared is not so), unanswered (the server could not be asked).',
    labelNames: ['result'],
    registers,
  });
  const requests = new Counter({
    name: 'dittofs_provisioner_requests_total',
    help: 'Requests to the server by method and outcome: ok, the HTTP status of a refusal, or no answer.',
    labelNames: ['method', 'outcome'],
    registers,
  });
  const changes = new Counter({
    name: 'dittofs_provisioner_changes_total',
    help: 'Changes that were made to the server, by kind of object and action.',
    labelNames: ['kind', 'action'],
    registers,
  });
  const problems = new Gauge({
    name: 'dittofs_provisioner_problems',
    help: 'What is declared and not so, as the last round found it that could ask the server.',
    registers,
  });
  const unserved = new Gauge({
    name: 'dittofs_provisioner_shares_unready',
    help: 'Declared shares that are not as declared, loaded and healthy, as the same round found it.',
    registers,
  });
  const success = new Gauge({
    name: 'dittofs_provisioner_last_success_timestamp_seconds',
    help: 'When everything declared was applied last, in seconds since 1970.',
    registers,
  });
  for (const result of ['applied', 'incomplete', 'unanswered']) rounds.inc({ result }, 0);
  for (const kind of kinds) changes.inc({ kind, action: 'update' }, 0);
  return {
    observeRequest: (method, outcome) => {
      requests.inc({ method, outcome });
    },
    observeRound: (result) => {
      rounds.inc({ result });
      if (result === 'applied') success.setToCurrentTime();
    },
    observeChange: ({ kind, action }) => {
      changes.inc({ kind, action });
    },
    setFound: (found, shares) => {
      problems.set(found.length);
      unserved.set(shares.filter(({ ready }) => !ready).length);
    },
    contentType: register.contentType,
    text: () => register.metrics(),
  };
}
