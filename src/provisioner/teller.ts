import type { Logger } from 'pino';
import type { ProvisionerReport, ReportedProblem } from '../api/provisioning.ts';
import type { Outcome } from './converge.ts';
import type { Look, Next } from './loop.ts';
import type { Metrics, RoundResult } from './metrics.ts';
import { unknownReport } from './report.ts';

/** What is told of a look where the function reads it. */
export interface Published {
  readonly report: ProvisionerReport;
  /** Changes whenever the server has to start again; undefined where that is not known. */
  readonly restart: string | undefined;
}

/** Where to tell. */
export interface TellerOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Resolves with why it cannot. */
  readonly publish: (published: Published) => Promise<string | undefined>;
  readonly signal: AbortSignal;
}

/** Tells the log, the metrics, the probe and the function what came of each look. */
export interface Teller {
  readonly tell: (look: Look) => Promise<Next>;
  /** Why not everything declared is applied, on one line. */
  readonly whyNotReady: () => string | undefined;
}

/** Milliseconds after which a server that answers, but does not let itself be asked, is reported: a restart takes less. */
const LASTING = 30_000;

/** What a look has to tell the function; undefined where that is nothing new. */
function publishedOf({ refusal, tried }: Look, isLasting: boolean): Published | undefined {
  const found = tried === undefined ? undefined : foundBy(tried, isLasting);
  if (refusal === undefined || (tried !== undefined && found === undefined)) return found;
  const { shares, problems } = found?.report ?? { shares: [], problems: [] };
  const first = { about: 'plan', message: refusal.refused };
  return {
    report: { revision: refusal.revision, shares, problems: [first, ...problems] },
    restart: found?.restart,
  };
}

function foundBy({ inputs, outcome }: NonNullable<Look['tried']>, isLasting: boolean): Published | undefined {
  if (outcome.state === 'tried') return outcome;
  if (!isLasting) return undefined;
  const problem = { about: 'server', message: outcome.reason };
  return { report: unknownReport(inputs.plan, problem, 'the server cannot be asked'), restart: undefined };
}

function resultOf(outcome: Outcome): RoundResult {
  if (outcome.state === 'unanswered') return 'unanswered';
  return outcome.problems.length > 0 ? 'incomplete' : 'applied';
}

/** Why not everything is applied, on one line. */
function whyNot(outcome: Outcome): string | undefined {
  if (outcome.state === 'unanswered') return outcome.reason;
  const [problem] = outcome.problems;
  return problem === undefined ? undefined : `${problem.about}: ${problem.message}`;
}

function nextAfter({ refusal, tried }: Look, isPublished: boolean): Next {
  if (refusal !== undefined || tried?.outcome.state !== 'tried' || !isPublished) return 'failed';
  const { problems, report } = tried.outcome;
  if (problems.length > 0) return 'failed';
  return report.shares.every(({ ready }) => ready) ? 'settled' : 'unready';
}

/** Somebody who tells each thing once, for as long as it lasts. */
export function createTeller({ logger, metrics, publish, signal }: TellerOptions): Teller {
  let reason: string | undefined = 'the first round has not ended yet';
  let refused: string | undefined;
  let said: string | undefined;
  let known = new Set<string>();
  let unansweredSince: number | undefined;

  const lasts = (outcome: Outcome | undefined): boolean => {
    // A server that is gone is told of by its own pod.
    if (outcome?.state !== 'unanswered' || outcome.isGone) unansweredSince = undefined;
    else unansweredSince ??= Date.now();
    return unansweredSince !== undefined && Date.now() - unansweredSince >= LASTING;
  };

  const logProblems = (problems: readonly ReportedProblem[]): void => {
    const found = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
    for (const [text, problem] of found) if (!known.has(text)) logger.warn(problem, 'found a problem');
    known = new Set(found.keys());
  };

  const logRound = (
    { inputs, outcome }: NonNullable<Look['tried']>,
    result: RoundResult,
    unpublished: string | undefined,
  ): void => {
    const { revision } = inputs.plan;
    const changes = outcome.state === 'tried' ? outcome.changes.length : 0;
    logger.debug({ revision, result, changes }, 'ended a round');
    if (signal.aborted) return;
    if (outcome.state === 'tried') logProblems(outcome.problems);
    const why = outcome.state === 'unanswered' ? outcome.reason : unpublished;
    const state = JSON.stringify([revision, result, why]);
    if (state === said) return;
    said = state;
    if (result === 'applied') logger.info({ revision }, 'applied everything');
    if (why !== undefined) logger.warn({ reason: why }, 'will try again');
  };

  return {
    whyNotReady: () => reason,
    tell: async (look) => {
      const { refusal, tried } = look;
      const published = publishedOf(look, lasts(tried?.outcome));
      const unpublished = published === undefined ? undefined : await publish(published);
      reason = refusal?.refused ?? (tried === undefined ? undefined : whyNot(tried.outcome)) ?? unpublished;
      if (refusal !== undefined && refusal.refused !== refused)
        logger.error({ reason: refusal.refused }, tried === undefined ? 'cannot use the plan' : 'kept the former plan');
      refused = refusal?.refused;
      if (tried !== undefined) {
        const result = resultOf(tried.outcome);
        metrics.observeRound(result);
        if (tried.outcome.state === 'tried') metrics.setFound(tried.outcome.problems, tried.outcome.report.shares);
        logRound(tried, result, unpublished);
      }
      return nextAfter(look, unpublished === undefined);
    },
  };
}
