import { describe, expect, it } from 'vitest';
import { ProvisionerReport } from '../../src/api/provisioning.ts';
import { backoff } from '../../src/provisioner/backoff.ts';
import { problemsOf, reportOf } from '../../src/provisioner/report.ts';
import { createHider } from '../../src/provisioner/hide-secrets.ts';
import type { ServerShare } from '../../src/provisioner/server-state.ts';
import { planWith, share, store } from './plan.ts';

function present(name: string, status: string, message = ''): [string, ServerShare] {
  const stores = { metadata_store_id: 'm', local_block_store_id: 'l' };
  return [name, { id: name, name, ...stores, enabled: true, status: { status, message }, settings: {} }];
}

const asItIs = (text: string): string => text;

describe('a report', () => {
  it('says how each share is', () => {
    const remote_block_store = 's3';
    const plan = planWith({
      remote_block_stores: [store('s3', { type: 's3' })],
      shares: [share('/d'), share('/c', { remote_block_store }), share('/b'), share('/a'), share('/e')],
    });
    const shares = new Map([
      present('/a', 'healthy'),
      present('/b', 'unknown', 'share not found: share "/b" not found'),
      present('/c', 'degraded', 'remote unreachable: Forbidden, RequestID: 7'),
      present('/d', 'healthy'),
    ]);
    const problem = { about: 'share "/d"', message: 'cannot be changed: no' };
    expect(reportOf(plan, shares, [problem], asItIs)).toEqual({
      revision: 'r1',
      shares: [
        { name: '/a', ready: true, message: '' },
        { name: '/b', ready: false, message: 'is not loaded: the log of the server says why' },
        { name: '/c', ready: false, message: 'S3: Forbidden' },
        { name: '/d', ready: false, message: 'cannot be changed: no' },
        { name: '/e', ready: false, message: 'is not there' },
      ],
      problems: [problem],
    });
  });

  it('has no order of its own', () => {
    const problems = ['b', 'a', 'c'].map((about) => ({ about, message: about }));
    const sorted = [
      { about: 'a', message: 'a' },
      { about: 'b', message: 'b' },
      { about: 'c', message: 'c' },
    ];
    expect(problemsOf(problems, asItIs)).toEqual(sorted);
    expect(problemsOf([...problems.reverse(), ...problems], asItIs)).toEqual(sorted);
  });

  it('has no secret, also none that is cut in half', () => {
    const { learn, hide } = createHider();
    learn('THE-SECRET-KEY');
    const plan = planWith({ shares: [share('/a'), share('/b')] });
    const shares = new Map([
      present('/a', 'degraded', 'remote unreachable: THE-SECRET-KEY is not known'),
      present('/b', 'degraded', `${'x'.repeat(290)} THE-SECRET-KEY`),
    ]);
    const problems = problemsOf([{ about: 'adapter "smb"', message: 'does not listen: THE-SECRET-KEY' }], hide);
    const report = reportOf(plan, shares, problems, hide);
    expect(JSON.stringify(report)).not.toContain('THE-');
    expect(report).toMatchObject({
      shares: [{ message: 'degraded: remote unreachable: ******** is not known' }, {}],
      problems: [{ message: 'does not listen: ********' }],
    });
  });

  it('fits into a ConfigMap, whatever goes wrong', () => {
    const names = Array.from({ length: 256 }, (_, index) => `/${'n'.repeat(200)}-${index}`);
    const problems = names.flatMap((name) =>
      [1, 2, 3].map((number) => ({ about: `share "${name}"`, message: `${number}${'é'.repeat(300)}` })),
    );
    const report = reportOf(
      planWith({ shares: names.map((name) => share(name)) }),
      new Map(),
      problemsOf(problems, asItIs),
      asItIs,
    );
    expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(256 * 1024);
    expect(ProvisionerReport.parse(report).shares).toHaveLength(256);
    expect(report.problems.at(-1)).toEqual({
      about: 'provisioner',
      message: expect.stringContaining('more problems') as string,
    });
  });
});

describe('the wait after failures', () => {
  it.each([
    [1, 0, 1000],
    [1, 1, 2000],
    [3, 1, 8000],
    [9, 0.5, 30_500],
    [1000, 1, 60_000],
  ])('after %d of them, with luck %d', (failures, luck, milliseconds) => {
    expect(backoff(failures, () => luck)).toBe(milliseconds);
  });
});
