import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from './backoff.ts';
import type { Outcome } from './converge.ts';
import { readInputs, type Files, type Inputs } from './inputs.ts';

/** What the loop works with. */
export interface LoopOptions {
  readonly files: Files;
  /** Milliseconds after which a server that is as declared is looked at again. */
  readonly interval: number;
  readonly signal: AbortSignal;
  readonly converge: (inputs: Inputs) => Promise<Outcome>;
  /** Told of each outcome; says whether it could be passed on, for otherwise the round is repeated soon. */
  readonly report: (inputs: Inputs, outcome: Outcome) => Promise<boolean>;
  /** Whether a server that was gone is ready again. */
  readonly isBack: () => Promise<boolean>;
  /** Told why the plan cannot be used. */
  readonly refuse: (error: Error) => void;
}

/** Milliseconds between two looks at the files: the kubelet swaps a link under them, which no watch of a file tells. */
const POLL = 2_000;

/** How long to wait, and what ends it sooner. */
interface Wait extends Pick<LoopOptions, 'files' | 'signal' | 'isBack'> {
  readonly fingerprint: string | undefined;
  readonly milliseconds: number;
}

/** Waits for a while, or until the files have other contents, or the server is back; never rejects. */
async function waitForChange({ files, signal, isBack, fingerprint, milliseconds }: Wait): Promise<void> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const left = deadline - Date.now();
    if (left <= 0 || signal.aborted) return;
    await sleep(Math.min(POLL, left), undefined, { signal }).catch(() => undefined);
    const inputs = readInputs(files);
    if (!(inputs instanceof Error) && inputs.fingerprint !== fingerprint) return;
    if (await isBack()) return;
  }
}

/** Converges again and again: when the files change, after a while, and soon where something is missing; until it is stopped. */
export async function loop(options: LoopOptions): Promise<void> {
  const { files, interval, signal, converge, report, isBack, refuse } = options;
  let failures = 0;
  let good: Inputs | undefined;
  let refused = '';
  while (!signal.aborted) {
    const inputs = readInputs(files);
    if (inputs instanceof Error) {
      if (inputs.message !== refused) refuse(inputs);
      refused = inputs.message;
    } else {
      if (inputs.fingerprint !== good?.fingerprint) failures = 0;
      good = inputs;
      refused = '';
    }
    // Without a plan there is nothing to do; with a broken one, the last good one stays.
    const isApplied = good !== undefined && (await round(good, converge, report));
    failures = isApplied ? 0 : failures + 1;
    const milliseconds = isApplied ? interval : backoff(failures);
    await waitForChange({ files, signal, isBack, fingerprint: good?.fingerprint, milliseconds });
  }
}

async function round(
  inputs: Inputs,
  converge: LoopOptions['converge'],
  report: LoopOptions['report'],
): Promise<boolean> {
  const outcome = await converge(inputs);
  const isPassedOn = await report(inputs, outcome);
  return isPassedOn && outcome.state === 'tried' && outcome.report.problems.length === 0;
}
