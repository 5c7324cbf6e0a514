import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReportedProblem } from '../../src/api/provisioning.ts';
import type { Outcome } from '../../src/provisioner/converge.ts';
import type { Inputs, Refusal } from '../../src/provisioner/inputs.ts';
import type { Look } from '../../src/provisioner/loop.ts';
import { createMetrics } from '../../src/provisioner/metrics.ts';
import { createTeller, type Published, type Teller } from '../../src/provisioner/teller.ts';
import { planWith, share } from './plan.ts';

const plan = planWith({ shares: [share('/a')] });
const inputs: Inputs = {
  plan,
  fingerprint: '',
  secret: () => undefined,
  lack: () => '',
  adminPassword: () => undefined,
  hidden: [],
};
const refusal: Refusal = { refused: 'cannot use plan.json: later', revision: 'r2' };

function tried(problems: readonly ReportedProblem[] = [], ready = true): Outcome {
  const shares = [{ name: '/a', ready, message: ready ? '' : 'is not loaded' }];
  return {
    state: 'tried',
    report: { revision: 'r1', shares, problems: problems.slice(0, 300) },
    problems,
    restart: 'r',
    changes: [],
  };
}

const unanswered = (reason: string, isGone = false): Outcome => ({ state: 'unanswered', reason, isGone });
const look = (outcome: Outcome | undefined, refused?: Refusal): Look => ({
  refusal: refused,
  tried: outcome === undefined ? undefined : { inputs, outcome },
});
const problem = (about: string): ReportedProblem => ({ about, message: 'is not there' });

interface Told extends Teller {
  readonly published: Published[];
  /** Why nothing can be published. */
  unpublished: string | undefined;
  /** What the log has got since it was last asked: level, message, and what it is about. */
  readonly log: () => readonly string[];
  readonly metric: (name: string) => Promise<string | undefined>;
}

function telling(): Told {
  const lines: string[] = [];
  const metrics = createMetrics();
  const told: Told = {
    ...createTeller({
      logger: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
      metrics,
      publish: (published) => {
        told.published.push(published);
        return Promise.resolve(told.unpublished);
      },
      signal: new AbortController().signal,
    }),
    published: [],
    unpublished: undefined,
    log: () =>
      lines.splice(0).map((line) => {
        const { msg, about, reason, revision } = JSON.parse(line) as Record<string, string | undefined>;
        return `${msg ?? ''}: ${about ?? reason ?? revision ?? ''}`;
      }),
    metric: async (name) => new RegExp(`^dittofs_provisioner_${name} (.*)$`, 'm').exec(await metrics.text())?.[1],
  };
  return told;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the log', () => {
  it('has each problem once, for as long as it lasts', async () => {
    const { tell, log } = telling();
    await tell(look(tried([problem('a'), problem('b')])));
    expect(log()).toEqual(['found a problem: a', 'found a problem: b']);
    await tell(look(tried([problem('a'), problem('b'), problem('c')])));
    expect(log()).toEqual(['found a problem: c']);
    await tell(look(tried([problem('c')])));
    expect(log()).toEqual([]);
    await tell(look(tried([])));
    await tell(look(tried([])));
    expect(log()).toEqual(['applied everything: r1']);
    await tell(look(tried([problem('a')])));
    expect(log()).toEqual(['found a problem: a']);
  });

  it('has all problems, and so has the metric', async () => {
    const { tell, log, metric } = telling();
    await tell(look(tried(Array.from({ length: 400 }, (_, index) => problem(`${index}`)))));
    expect(log()).toHaveLength(400);
    expect(await metric('problems')).toBe('400');
  });

  it('says whether there is a former plan', async () => {
    const { tell, log } = telling();
    await tell(look(undefined, refusal));
    await tell(look(undefined, refusal));
    expect(log()).toEqual(['cannot use the plan: cannot use plan.json: later']);
    await tell(look(tried()));
    await tell(look(tried(), refusal));
    expect(log()).toEqual(['applied everything: r1', 'kept the former plan: cannot use plan.json: later']);
  });
});

describe('the probe', () => {
  it('fails until a good plan is applied', async () => {
    const { tell, whyNotReady } = telling();
    expect(whyNotReady()).toBe('the first round has not ended yet');
    await tell(look(tried()));
    expect(whyNotReady()).toBeUndefined();
    await tell(look(tried(), refusal));
    expect(whyNotReady()).toBe('cannot use plan.json: later');
    await tell(look(tried([problem('a')])));
    expect(whyNotReady()).toBe('a: is not there');
    await tell(look(unanswered('no answer')));
    expect(whyNotReady()).toBe('no answer');
  });

  it('fails while nothing can be reported', async () => {
    const told = telling();
    told.unpublished = 'cannot write ConfigMap';
    expect(await told.tell(look(tried()))).toBe('failed');
    expect(told.whyNotReady()).toBe('cannot write ConfigMap');
  });
});

describe('the metrics', () => {
  it('keep what the last round found that could ask the server', async () => {
    const { tell, metric } = telling();
    await tell(look(tried([problem('a')], false)));
    await tell(look(unanswered('gone', true)));
    expect([await metric('problems'), await metric('shares_unready')]).toEqual(['1', '1']);
    await tell(look(tried()));
    expect([await metric('problems'), await metric('shares_unready')]).toEqual(['0', '0']);
  });
});

describe('the next look', () => {
  it.each([
    ['all is well', look(tried()), 'settled'],
    ['a share is not served', look(tried([], false)), 'unready'],
    ['there is a problem', look(tried([problem('a')], false)), 'failed'],
    ['the server could not be asked', look(unanswered('no answer')), 'failed'],
    ['the plan cannot be used', look(tried(), refusal), 'failed'],
    ['there is none', look(undefined, refusal), 'failed'],
  ])('where %s', async (_reason, seen, next) => {
    expect(await telling().tell(seen)).toBe(next);
  });
});

describe('the report', () => {
  const refused = { about: 'plan', message: 'cannot use plan.json: later' };

  it('tells of a plan that cannot be used, under its revision', async () => {
    const { tell, published } = telling();
    await tell(look(undefined, refusal));
    await tell(look(tried([problem('a')]), refusal));
    expect(published).toEqual([
      { report: { revision: 'r2', shares: [], problems: [refused] }, restart: undefined },
      {
        report: {
          revision: 'r2',
          shares: [{ name: '/a', ready: true, message: '' }],
          problems: [refused, problem('a')],
        },
        restart: 'r',
      },
    ]);
  });

  it('tells of a server that answers without letting itself be asked, once that lasts', async () => {
    const { tell, published } = telling();
    for (const seconds of [0, 10, 19]) {
      vi.advanceTimersByTime(seconds * 1000);
      await tell(look(unanswered('Authentication failed')));
    }
    expect(published).toEqual([]);
    vi.advanceTimersByTime(1000);
    await tell(look(unanswered('Authentication failed')));
    vi.advanceTimersByTime(1000);
    await tell(look(unanswered('Authentication failed')));
    const [first, second] = published;
    expect(first?.report).toEqual({
      revision: 'r1',
      shares: [{ name: '/a', ready: false, message: 'is not known: the server cannot be asked' }],
      problems: [{ about: 'server', message: 'Authentication failed' }],
    });
    expect(second).toEqual(first);
  });

  it('says nothing new of a server that restarts', async () => {
    const { tell, published } = telling();
    for (let second = 0; second < 300; second += 20) {
      vi.advanceTimersByTime(20_000);
      await tell(look(unanswered('no answer', second % 40 === 0)));
    }
    expect(published).toEqual([]);
  });
});
