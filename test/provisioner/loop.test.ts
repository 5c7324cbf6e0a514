import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loop, type Look, type Next } from '../../src/provisioner/loop.ts';
import { planWith } from './plan.ts';

const waited = vi.hoisted(() => ({ forSeconds: 0 }));

// Nobody waits: a wait moves the clock.
vi.mock('node:timers/promises', () => ({
  setTimeout: async (milliseconds: number) => {
    waited.forSeconds += milliseconds / 1000;
    vi.setSystemTime(Date.now() + milliseconds);
    return Promise.resolve();
  },
}));

let folder: string;
const plan = (): string => join(folder, 'plan.json');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  // The longest wait that there may be.
  vi.spyOn(Math, 'random').mockReturnValue(1);
  folder = mkdtempSync(join(tmpdir(), 'function-dittofs-loop-'));
  writeFileSync(plan(), JSON.stringify(planWith()));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

/** Runs the loop for as many looks as a test has something to say to; the seconds before each, and what was seen. */
async function run(
  answers: readonly ((look: Look) => Next)[],
  { interval = 300_000, isBack = () => false }: { interval?: number; isBack?: () => boolean } = {},
): Promise<{ readonly waits: readonly number[]; readonly looks: readonly Look[] }> {
  const stopping = new AbortController();
  const [waits, looks]: [number[], Look[]] = [[], []];
  waited.forSeconds = 0;
  await loop({
    files: { plan: plan(), secrets: folder },
    interval,
    signal: stopping.signal,
    converge: () => Promise.resolve({ state: 'unanswered', reason: 'not asked', isGone: false }),
    isBack: () => Promise.resolve(isBack()),
    tell: (look) => {
      waits.push(waited.forSeconds);
      waited.forSeconds = 0;
      looks.push(look);
      if (looks.length === answers.length) stopping.abort();
      return Promise.resolve(answers[looks.length - 1]?.(look) ?? 'failed');
    },
  });
  return { waits, looks };
}

/** So many looks that ended alike. */
const times = (count: number, next: Next): readonly (() => Next)[] => Array.from({ length: count }, () => () => next);

const revisionsOf = (looks: readonly Look[]): readonly (string | undefined)[] =>
  looks.map(({ tried }) => tried?.inputs.plan.revision);

describe('the next look', () => {
  it.each([
    ['comes after the interval while all is well', 'settled', [0, 300, 300, 300, 300]],
    ['comes later with each failure, up to a minute', 'failed', [0, 2, 4, 8, 16, 32, 60, 60]],
    ['comes within half a minute while a share is not served', 'unready', [0, 2, 4, 8, 16, 30, 30]],
  ] as const)('%s', async (_reason, next, waits) => {
    expect((await run(times(waits.length, next))).waits).toEqual(waits);
  });

  it('comes no later than the interval while a share is not served', async () => {
    expect((await run(times(5, 'unready'), { interval: 5000 })).waits).toEqual([0, 2, 4, 5, 5]);
  });

  it('comes at once when a plan changes, or the server is back', async () => {
    const changes = [
      ...times(6, 'failed'),
      (): Next => {
        writeFileSync(plan(), JSON.stringify(planWith({ revision: 'r2' })));
        return 'failed';
      },
      ...times(3, 'failed'),
    ];
    expect((await run(changes)).waits).toEqual([0, 2, 4, 8, 16, 32, 60, 2, 2, 4]);
    expect((await run(times(2, 'settled'), { isBack: () => true })).waits).toEqual([0, 2]);
  });
});

describe('a plan that cannot be used', () => {
  it('leaves the last good one, which is tried again and again, until there is another', async () => {
    const { looks, waits } = await run([
      () => {
        writeFileSync(plan(), '{"rev');
        return 'settled';
      },
      () => 'failed',
      () => {
        writeFileSync(plan(), JSON.stringify(planWith()));
        return 'failed';
      },
      () => 'settled',
    ]);
    expect(revisionsOf(looks)).toEqual(['r1', 'r1', 'r1', 'r1']);
    expect(looks.map(({ refusal }) => refusal !== undefined)).toEqual([false, true, true, false]);
    // What comes back is seen, too.
    expect(waits).toEqual([0, 2, 2, 2]);
  });

  it('is told where there was none before, and looked at again', async () => {
    rmSync(plan());
    const { looks } = await run([
      () => 'failed',
      () => {
        writeFileSync(plan(), JSON.stringify(planWith()));
        return 'failed';
      },
      () => 'settled',
    ]);
    expect(revisionsOf(looks)).toEqual([undefined, undefined, 'r1']);
    expect(looks[0]?.refusal?.refused).toContain('ENOENT');
  });
});
