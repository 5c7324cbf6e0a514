import type { ReportedProblem, ServingPlan } from '../../src/api/provisioning.ts';
import { textAt } from '../../src/lib/json.ts';
import type { Answer } from '../../src/provisioner/answer.ts';
import { nameOf, type Change } from '../../src/provisioner/change.ts';
import { createNotes } from '../../src/provisioner/notes.ts';
import type { Round } from '../../src/provisioner/round.ts';
import { createSealer } from '../../src/provisioner/sealer.ts';
import type { ServerAdapter, ServerUser } from '../../src/provisioner/server-state.ts';
import type { Request, Wire } from '../../src/provisioner/wire.ts';

/** What a server answers that did what it was asked to. */
export const done: Answer = { ok: true, body: undefined };

/** A wire to nobody, whose answers a test makes up. */
export interface FakeWire extends Wire {
  /** What was sent: `POST /api/v1/users` and the body. */
  readonly sent: string[];
}

/** A wire with these answers; logins have their own name there: `login alice password`. */
export function fakeWire(
  answer: (request: string, token: string | undefined) => Answer | Promise<Answer>,
  canWrite = true,
): FakeWire {
  const sent: string[] = [];
  const wordsFor = ({ method, path, body }: Request): string => {
    if (path === '/api/v1/auth/login')
      return `login ${textAt(body, 'username') ?? ''} ${textAt(body, 'password') ?? ''}`;
    return `${method} ${path.replace('/api/v1/', '')}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`;
  };
  return {
    sent,
    canWrite,
    isGone: () => false,
    send: async (request, token) => {
      const words = wordsFor(request);
      sent.push(words);
      return answer(words, token);
    },
  };
}

/** A login that succeeded. */
export function tokens(token: string, { expires_in = 900, must_change_password = false } = {}): Answer {
  return { ok: true, body: { access_token: token, expires_in, user: { must_change_password } } };
}

/** A request that failed. */
export function failed(status: number, reason: string): Answer {
  return { ok: false, status, reason };
}

/** A round that works over a wire, and what it found and did. */
export interface FakeRound extends Round {
  readonly problems: ReportedProblem[];
  readonly changes: Change[];
}

/** A round on a server with these users and adapters, and nothing else. */
export function fakeRound(
  plan: ServingPlan,
  wire: Wire,
  { users = [], adapters = [] }: { users?: readonly ServerUser[]; adapters?: readonly ServerAdapter[] },
): FakeRound {
  const [problems, changes]: [ReportedProblem[], Change[]] = [[], []];
  return {
    plan,
    server: {
      metadataStores: new Map(),
      localBlockStores: new Map(),
      remoteBlockStores: new Map(),
      groups: new Map(),
      users: new Map(users.map((user) => [user.username, user])),
      shares: new Map(),
      snapshotPolicies: new Map(),
      adapters: new Map(adapters.map((adapter) => [adapter.type, adapter])),
      settings: [],
    },
    notes: createNotes([], () => Promise.resolve(done)),
    sealer: createSealer(),
    secret: ({ secret }) => `${secret}-password`,
    lack: ({ secret }) => `Secret ${JSON.stringify(secret)} is missing`,
    stopped: () => undefined,
    send: async (request) => wire.send(request),
    change: async (change, request) => {
      const answer = await wire.send(request);
      if (answer.ok) changes.push(change);
      return answer;
    },
    problem: (kind, name, message) => void problems.push({ about: nameOf(kind, name), message }),
    problems,
    changes,
  };
}
