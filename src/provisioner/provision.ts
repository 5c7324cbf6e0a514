import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { statusKeys, type ProvisionerReport } from '../api/provisioning.ts';
import { listen, type Address } from '../listen/address.ts';
import { createHttpServer } from '../listen/http.ts';
import { createAdministrator } from './administrator.ts';
import type { Change } from './change.ts';
import { converge, type Lasting, type Outcome } from './converge.ts';
import { createHider } from './hide-secrets.ts';
import { readInputs, type Files, type Inputs } from './inputs.ts';
import { loop } from './loop.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createPasswords } from './passwords.ts';
import { printChange } from './print-change.ts';
import { createSealer } from './sealer.ts';
import { writeStatus, type Cluster, type StatusRef } from './status-config-map.ts';
import { createWire, readOnly } from './wire.ts';

/** What is provisioned, and how. */
export interface ProvisionOptions {
  readonly files: Files;
  /** Where the server's API is. */
  readonly url: string;
  /** Where to report; undefined reports in the log alone. */
  readonly status: { readonly ref: StatusRef; readonly cluster: Cluster } | undefined;
  /** Milliseconds after which a server that is as declared is looked at again. */
  readonly interval: number;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** What one round printed, and whether everything declared is applied. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly failed: boolean;
}

/** Everything that lasts from round to round. */
function lasting(options: ProvisionOptions, metrics: Metrics, hide: (text: string) => string, isDry: boolean): Lasting {
  const { url, signal, interval, logger } = options;
  const live = createWire({ url, signal, hide, observe: metrics.observeRequest });
  const wire = isDry ? readOnly(live) : live;
  return {
    wire,
    administrator: createAdministrator(wire),
    // A bit sooner than the next look, so that each look has some to compare.
    passwords: createPasswords(wire, interval * 0.9),
    sealer: createSealer(),
    attempted: new Set(),
    tell: (change) => {
      if (isDry) return;
      metrics.observeChange(change);
      const { kind, name, action, fields } = change;
      logger.info({ kind, name, action, fields: fields.map((field) => field.name) }, 'changed the server');
    },
    adapters: isDry
      ? undefined
      : {
          restarted: new Set(),
          pause: async (milliseconds) => sleep(milliseconds, undefined, { signal }).catch(() => undefined),
        },
    signal,
  };
}

function problemLines({ problems }: ProvisionerReport): string {
  return problems.map(({ about, message }) => `${about}: ${message}\n`).join('');
}

/** What a dry run prints: what it would do. */
function plannedLines(changes: readonly Change[]): string {
  return changes.length === 0 ? 'nothing to do\n' : changes.map((change) => `${printChange(change)}\n`).join('');
}

/** One round, for `--once` and `--dry-run`. */
export async function provisionOnce(options: ProvisionOptions, isDry: boolean): Promise<Printed> {
  const inputs = readInputs(options.files);
  if (inputs instanceof Error) return { stdout: '', stderr: `${inputs.message}\n`, failed: true };
  const hider = createHider();
  for (const value of inputs.hidden) hider.learn(value);
  const outcome = await converge(inputs, lasting(options, createMetrics(), hider.hide, isDry));
  if (outcome.state === 'unanswered') {
    return { stdout: '', stderr: `cannot provision ${options.url}: ${outcome.reason}\n`, failed: true };
  }
  const why = isDry ? undefined : await publish(options, outcome);
  return {
    stdout: isDry ? hider.hide(plannedLines(outcome.changes)) : '',
    stderr: `${problemLines(outcome.report)}${why === undefined ? '' : `${why}\n`}`,
    failed: outcome.report.problems.length > 0 || why !== undefined,
  };
}

/** Writes the report where it belongs; resolves with why it cannot. */
async function publish({ status, signal }: ProvisionOptions, outcome: Outcome): Promise<string | undefined> {
  if (status === undefined || outcome.state !== 'tried') return undefined;
  const { report, restart } = outcome;
  const data = {
    [statusKeys.revision]: report.problems.length === 0 ? report.revision : '',
    [statusKeys.report]: JSON.stringify(report),
    ...(restart !== undefined && { [statusKeys.restart]: restart }),
  };
  return writeStatus(status.cluster, status.ref, data, signal);
}

/** Why not everything is applied, on one line. */
function whyNot(outcome: Outcome, unpublished: string | undefined): string | undefined {
  if (outcome.state === 'unanswered') return outcome.reason;
  const [problem] = outcome.report.problems;
  return problem === undefined ? unpublished : `${problem.about}: ${problem.message}`;
}

/** A provisioner that runs. */
export interface Provisioning {
  /** The port of probes and metrics. */
  readonly port: number;
  /** Resolves once it was stopped, and what it was writing is written. */
  readonly ended: Promise<void>;
}

/** Provisions until it is stopped; rejects where it cannot listen. */
export async function provision(options: ProvisionOptions, address: Address): Promise<Provisioning> {
  const { logger, signal } = options;
  const metrics = createMetrics();
  const hider = createHider();
  let reason: string | undefined = 'the first round has not ended yet';
  let said = '';
  const http = createHttpServer(metrics, () => reason);
  const { port } = await listen(http, address);
  const state = lasting(options, metrics, hider.hide, false);

  const report = async (inputs: Inputs, outcome: Outcome): Promise<boolean> => {
    const unpublished = await publish(options, outcome);
    reason = whyNot(outcome, unpublished);
    const problems = outcome.state === 'tried' ? outcome.report.problems : [];
    const result = outcome.state === 'unanswered' ? 'unanswered' : problems.length > 0 ? 'incomplete' : 'applied';
    metrics.observeRound(result);
    metrics.setProblems(problems.length);
    const { revision } = inputs.plan;
    logger.debug(
      { revision, result, changes: outcome.state === 'tried' ? outcome.changes.length : 0 },
      'ended a round',
    );
    // Once for each state, not once for each round in which it lasts.
    const state = JSON.stringify([revision, result, problems, reason]);
    if (state === said || signal.aborted) return unpublished === undefined;
    said = state;
    for (const problem of problems) logger.warn(problem, 'found a problem');
    if (result === 'applied') logger.info({ revision }, 'applied everything');
    if (result === 'unanswered' || unpublished !== undefined) logger.warn({ reason }, 'will try again');
    return unpublished === undefined;
  };

  const ended = loop({
    files: options.files,
    interval: options.interval,
    signal,
    converge: (inputs) => {
      for (const value of inputs.hidden) hider.learn(value);
      return converge(inputs, state);
    },
    report,
    isBack: async () => state.wire.isGone() && (await state.wire.send({ method: 'GET', path: '/health/ready' })).ok,
    refuse: (error) => {
      reason = error.message;
      logger.error({ reason }, 'kept the former plan');
    },
  }).finally(() => {
    http.closeAllConnections();
    http.close();
  });
  return { port, ended };
}
