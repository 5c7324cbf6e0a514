import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from './backoff.ts';
import type { Outcome } from './converge.ts';
import { readInputs, type Files, type Inputs, type Refusal } from './inputs.ts';

/** What a look at the files and the server came to. */
export interface Look {
  /** Why the plan that there is now cannot be used. */
  readonly refusal: Refusal | undefined;
  /** The last good plan, and what came of it; undefined before there is one. */
  readonly tried: { readonly inputs: Inputs; readonly outcome: Outcome } | undefined;
}

/** How a look ended: all is well, all is applied and some share is not served, or something failed. */
export type Next = 'settled' | 'unready' | 'failed';

/** What the loop works with. */
export interface LoopOptions {
  readonly files: Files;
  /** Milliseconds after which a server that is as declared is looked at again. */
  readonly interval: number;
  readonly signal: AbortSignal;
  readonly converge: (inputs: Inputs) => Promise<Outcome>;
  /** Told of each look. */
  readonly tell: (look: Look) => Promise<Next>;
  /** Whether a server that was gone is ready again. */
  readonly isBack: () => Promise<boolean>;
}

/** Milliseconds between two looks at the files: the kubelet swaps a link under them, which no watch of a file tells. */
const POLL = 2_000;

/** The most milliseconds until shares that are not served are looked at again. */
const UNREADY = 30_000;

/** How long to wait, and what ends it sooner. */
interface Wait extends Pick<LoopOptions, 'files' | 'signal' | 'isBack'> {
  readonly seen: string;
  readonly milliseconds: number;
}

/** Changes with what the files say, also where that cannot be used. */
function identityOf(read: Inputs | Refusal): string {
  return 'refused' in read ? read.refused : read.fingerprint;
}

/** Waits for a while, or until the files have other contents, or the server is back; never rejects. */
async function waitForChange({ files, signal, isBack, seen, milliseconds }: Wait): Promise<void> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const left = deadline - Date.now();
    if (left <= 0 || signal.aborted) return;
    await sleep(Math.min(POLL, left), undefined, { signal }).catch(() => undefined);
    if (identityOf(readInputs(files)) !== seen) return;
    if (await isBack()) return;
  }
}

/** Milliseconds until the next look, after so many that were not settled. */
function waitAfter(next: Next, failures: number, interval: number): number {
  if (next === 'settled') return interval;
  return next === 'unready' ? Math.min(interval, UNREADY, backoff(failures)) : backoff(failures);
}

/** Converges again and again: when the files change, after a while, and soon where something is missing; until it is stopped. */
export async function loop({ files, interval, signal, converge, tell, isBack }: LoopOptions): Promise<void> {
  let failures = 0;
  let good: Inputs | undefined;
  let seen: string | undefined;
  while (!signal.aborted) {
    const read = readInputs(files);
    const refusal = 'refused' in read ? read : undefined;
    // With a plan that cannot be used, the last good one stays.
    if (!('refused' in read)) good = read;
    if (identityOf(read) !== seen) failures = 0;
    seen = identityOf(read);
    const tried = good === undefined ? undefined : { inputs: good, outcome: await converge(good) };
    const next = await tell({ refusal, tried });
    failures = next === 'settled' ? 0 : failures + 1;
    await waitForChange({ files, signal, isBack, seen, milliseconds: waitAfter(next, failures, interval) });
  }
}
