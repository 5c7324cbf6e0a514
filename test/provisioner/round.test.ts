import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/provisioner/answer.ts';
import { make, type Round } from '../../src/provisioner/round.ts';

const refusal = { ok: false, reason: 'no' } as const;

describe('what was tried to be made', () => {
  it.each<readonly [why: string, answer: Answer, before: boolean, after: boolean]>([
    ['it may be made: no answer came', { ...refusal, status: 0, unsent: false }, false, true],
    ['it was not sent', { ...refusal, status: 0, unsent: true }, false, false],
    ['it was not sent again, and the first time counts', { ...refusal, status: 0, unsent: true }, true, true],
    ['it was refused', { ...refusal, status: 400 }, false, false],
    ['it was refused the second time, so it was not there', { ...refusal, status: 400 }, true, false],
    ['it is made, and needs no guess', { ok: true, body: undefined }, true, false],
  ])('%s', async (_, answer, before, after) => {
    const attempted = new Set(before ? ['user bob'] : []);
    const round = { attempted, change: async () => Promise.resolve(answer) } as unknown as Round;
    expect(await make(round, 'user', 'bob', { method: 'POST', path: '/api/v1/users' })).toBe(answer);
    expect(attempted.has('user bob')).toBe(after);
  });
});
