import { describe, expect, it } from 'vitest';
import { convergeAdapters, type AdapterWatch } from '../../src/provisioner/adapters.ts';
import type { ServerAdapter } from '../../src/provisioner/server-state.ts';
import { done, failed, fakeRound, fakeWire, type FakeRound } from './fake-wire.ts';
import { planWith } from './plan.ts';

/** What a test says of the adapters at the n-th second. */
type Story = (seconds: number, isRestarted: boolean) => 'healthy' | 'silent' | 'unread';

/** A server whose SMB adapter follows a story, and the watch of one provisioner. */
function serverWith(story: Story) {
  let [seconds, isRestarted] = [0, false];
  const waits: number[] = [];
  const watch: AdapterWatch = {
    restarted: new Set(),
    pause: (milliseconds) => {
      waits.push(milliseconds / 1000);
      seconds += milliseconds / 1000;
      return Promise.resolve();
    },
  };
  const adapters = (): ServerAdapter[] => [
    { type: 'nfs', enabled: true, port: 12049, status: { status: 'healthy' } },
    {
      type: 'smb',
      enabled: true,
      port: 1445,
      status:
        story(seconds, isRestarted) === 'healthy'
          ? { status: 'healthy' }
          : { status: 'unknown', message: 'SMB adapter has not started yet' },
    },
  ];
  const wire = fakeWire((request) => {
    if (request === 'PUT adapters/smb {"enabled":true}') isRestarted = true;
    if (!request.startsWith('GET')) return done;
    return story(seconds, isRestarted) === 'unread' ? failed(500, 'db locked') : { ok: true, body: adapters() };
  });
  return {
    wire,
    waits,
    /** One round, and what it did to the adapter. */
    round: async (plan = planWith(), smb: Partial<ServerAdapter> = {}): Promise<FakeRound> => {
      wire.sent.length = 0;
      waits.length = 0;
      const found = adapters().map((adapter) => (adapter.type === 'smb' ? { ...adapter, ...smb } : adapter));
      const round = fakeRound(plan, wire, { adapters: found });
      await convergeAdapters(round, new Set(), watch);
      return round;
    },
    writes: () => wire.sent.filter((request) => !request.startsWith('GET')),
  };
}

const again = ['PUT adapters/smb {"enabled":false}', 'PUT adapters/smb {"enabled":true}'];
const silent = [{ about: 'adapter "smb"', message: 'does not listen: SMB adapter has not started yet' }];

describe('an adapter', () => {
  it('that listens is left alone', async () => {
    const server = serverWith(() => 'healthy');
    expect((await server.round()).problems).toEqual([]);
    expect([server.wire.sent, server.waits]).toEqual([[], []]);
  });

  it('that takes its time to start is waited for', async () => {
    const server = serverWith((seconds) => (seconds < 11 ? 'silent' : 'healthy'));
    expect((await server.round()).problems).toEqual([]);
    expect([server.writes(), server.waits]).toEqual([[], [6, 3, 3]]);
  });

  it('that does not start is started again, and waited for', async () => {
    const server = serverWith((seconds, isRestarted) => (isRestarted && seconds > 20 ? 'healthy' : 'silent'));
    expect((await server.round()).problems).toEqual([]);
    expect([server.writes(), server.waits]).toEqual([again, [6, 3, 3, 3, 6]]);
  });

  it('that does not start then either is a problem, and not tried again', async () => {
    const server = serverWith(() => 'silent');
    expect((await server.round()).problems).toEqual(silent);
    expect(server.writes()).toEqual(again);
    for (let round = 0; round < 3; round++) {
      const { problems, changes } = await server.round();
      expect([problems, changes, server.waits]).toEqual([silent, [], []]);
    }
  });

  it('is started again once more when it has listened in between, or has another port', async () => {
    let isSilent = true;
    const server = serverWith(() => (isSilent ? 'silent' : 'healthy'));
    await server.round();
    isSilent = false;
    expect((await server.round()).problems).toEqual([]);
    isSilent = true;
    expect((await server.round()).problems).toEqual(silent);
    expect(server.writes()).toEqual(again);
    await server.round(planWith(), { port: 1446 });
    expect(server.writes()).toEqual(['PUT adapters/smb {"enabled":true,"port":1445}', ...again]);
  });

  it.each([
    ['while it is changed', { port: 1446 }],
    ['while it is silent', {}],
  ])('of which nothing can be read is a problem: %s', async (_reason, smb) => {
    const server = serverWith(() => 'unread');
    const message = 'whether it listens cannot be read: db locked';
    expect((await server.round(planWith(), smb)).problems).toEqual([
      { about: 'adapter "nfs"', message },
      { about: 'adapter "smb"', message },
    ]);
  });
});
