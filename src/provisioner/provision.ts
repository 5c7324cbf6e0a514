import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { statusKeys } from '../api/provisioning.ts';
import { listen, type Address } from '../listen/address.ts';
import { createHttpServer } from '../listen/http.ts';
import { createAdministrator } from './administrator.ts';
import type { Change } from './change.ts';
import { converge, type Lasting } from './converge.ts';
import { createHider, type Hide } from './hide-secrets.ts';
import { readInputs, type Files } from './inputs.ts';
import { loop } from './loop.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createPasswords } from './passwords.ts';
import { printChange } from './print-change.ts';
import { createSealer } from './sealer.ts';
import { writeStatus, type Cluster, type StatusRef } from './status-config-map.ts';
import { createTeller, type Published } from './teller.ts';
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
function lasting(options: ProvisionOptions, metrics: Metrics, hide: Hide, isDry: boolean): Lasting {
  const { url, signal, interval, logger } = options;
  const live = createWire({ url, signal, hide, observe: metrics.observeRequest });
  const wire = isDry ? readOnly(live) : live;
  return {
    wire,
    administrator: createAdministrator(wire),
    // A bit sooner than the next look, so that each look has some to compare.
    passwords: createPasswords(wire, interval * 0.9),
    sealer: createSealer(),
    hide,
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

/** What a dry run prints: what it would do. */
function plannedLines(changes: readonly Change[], hide: Hide): string {
  return changes.length === 0 ? 'nothing to do\n' : changes.map((change) => `${printChange(change, hide)}\n`).join('');
}

/** A round that could not be made. */
function failed(why: string): Printed {
  return { stdout: '', stderr: `${why}\n`, failed: true };
}

/** One round, for `--once` and `--dry-run`. */
export async function provisionOnce(options: ProvisionOptions, isDry: boolean): Promise<Printed> {
  const inputs = readInputs(options.files);
  if ('refused' in inputs) return failed(inputs.refused);
  const hider = createHider();
  for (const value of inputs.hidden) hider.learn(value);
  const outcome = await converge(inputs, lasting(options, createMetrics(), hider.hide, isDry));
  if (options.signal.aborted) return failed('stopped before everything was looked at');
  if (outcome.state === 'unanswered') return failed(`cannot provision ${options.url}: ${outcome.reason}`);
  const why = isDry ? undefined : await publish(options, outcome);
  const lines = [
    ...outcome.problems.map(({ about, message }) => `${about}: ${message}`),
    ...(why === undefined ? [] : [why]),
  ];
  return {
    stdout: isDry ? plannedLines(outcome.changes, hider.hide) : '',
    stderr: lines.map((line) => `${line}\n`).join(''),
    failed: lines.length > 0,
  };
}

/** Writes the report where it belongs; resolves with why it cannot. */
async function publish(
  { status, signal }: ProvisionOptions,
  { report, restart }: Published,
): Promise<string | undefined> {
  if (status === undefined) return undefined;
  const data = {
    [statusKeys.revision]: report.problems.length === 0 ? report.revision : '',
    [statusKeys.report]: JSON.stringify(report),
    ...(restart !== undefined && { [statusKeys.restart]: restart }),
  };
  return writeStatus(status.cluster, status.ref, data, signal);
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
  const { tell, whyNotReady } = createTeller({
    logger,
    metrics,
    publish: async (published) => publish(options, published),
    signal,
  });
  const http = createHttpServer(metrics, whyNotReady);
  const { port } = await listen(http, address);
  const state = lasting(options, metrics, hider.hide, false);

  const ended = loop({
    files: options.files,
    interval: options.interval,
    signal,
    converge: (inputs) => {
      for (const value of inputs.hidden) hider.learn(value);
      return converge(inputs, state);
    },
    tell,
    isBack: async () => state.wire.isGone() && (await state.wire.send({ method: 'GET', path: '/health/ready' })).ok,
  }).finally(() => {
    http.closeAllConnections();
    http.close();
  });
  return { port, ended };
}
