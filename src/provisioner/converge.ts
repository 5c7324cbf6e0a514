import type { ProvisionerReport, ReportedProblem, ServingPlan } from '../api/provisioning.ts';
import { activePlan } from './active-plan.ts';
import { convergeAdapters, convergeSettings, type AdapterWatch } from './adapters.ts';
import type { Administrator } from './administrator.ts';
import type { Answer, Failure } from './answer.ts';
import { settleAttempts } from './attempts.ts';
import { nameOf, type Change, type Kind } from './change.ts';
import { convergeGroups } from './groups.ts';
import type { Hide } from './hide-secrets.ts';
import { inTurns } from './in-turns.ts';
import type { Inputs } from './inputs.ts';
import { createNotes } from './notes.ts';
import { hasPasswordLength, wrongPasswordLength } from './password-length.ts';
import type { Passwords } from './passwords.ts';
import { path, sharePath } from './path.ts';
import { prune } from './prune.ts';
import { isUnloaded, problemsOf, reportOf, unknownReport } from './report.ts';
import { needRestart, putNote, type Round } from './round.ts';
import type { Sealer } from './sealer.ts';
import { readAs, readServerState, ServerShares, Status, type ServerShare } from './server-state.ts';
import { convergeShares } from './shares.ts';
import { convergeSnapshotPolicies } from './snapshot-policies.ts';
import { storeKinds } from './store-kinds.ts';
import { convergeStores } from './stores.ts';
import { convergeUsers } from './users.ts';
import type { Request, Wire } from './wire.ts';

/** What lasts from round to round. */
export interface Lasting {
  readonly wire: Wire;
  readonly administrator: Administrator;
  readonly passwords: Passwords;
  readonly sealer: Sealer;
  readonly hide: Hide;
  /** Told of every change that was made. */
  readonly tell: (change: Change) => void;
  /** What is known of adapters; undefined waits for nothing. */
  readonly adapters: AdapterWatch | undefined;
  /** Ends the round before its next change. */
  readonly signal: AbortSignal;
}

/** What came of a round. */
export type Outcome =
  /** The server could be asked: this is what it has now. */
  | {
      readonly state: 'tried';
      readonly report: ProvisionerReport;
      /** All that is declared and not so; the report has room for some. */
      readonly problems: readonly ReportedProblem[];
      /** Changes whenever the server has to start again; undefined where that is not known. */
      readonly restart: string | undefined;
      readonly changes: readonly Change[];
    }
  /** It could not, and may soon: nothing new is known. */
  | {
      readonly state: 'unanswered';
      readonly reason: string;
      /** Whether nothing listens any more where it was, or this process stops. */
      readonly isGone: boolean;
    };

/** What a user is to do about a password that is not the server's. */
function refusedAdmin({ admin }: ServingPlan): string {
  const where = `key ${JSON.stringify(admin.key)} of Secret ${JSON.stringify(admin.secret)}`;
  return `the password under ${where} is not the one that the server has: put the server's password there, or change it on the server to this one; the first start of a server sets it, and a later change of the Secret is taken over only while the provisioner runs`;
}

/** What is known where only the administrator could know more. */
function shutOut(plan: ServingPlan, message: string): Outcome {
  const problem = { about: nameOf('admin', plan.admin.secret), message };
  const report = unknownReport(plan, problem, 'the provisioner cannot log in');
  return { state: 'tried', report, problems: [problem], restart: undefined, changes: [] };
}

/** A round that a failure has ended. */
function unanswered({ reason }: Failure, { wire, signal }: Lasting): Outcome {
  return { state: 'unanswered', reason, isGone: wire.isGone() || signal.aborted };
}

/** The shares as the server has them in the end: each with its health, which it takes its time to find out where a store is dead. */
async function finalShares(round: Round, isChanged: boolean): Promise<ReadonlyMap<string, ServerShare>> {
  const read = isChanged ? await readAs(round.send, path('shares'), ServerShares) : undefined;
  const shares = new Map(
    (read?.ok === true ? read.value : [...round.server.shares.values()]).map((share) => [share.name, share]),
  );
  // The server gives all shares together five seconds: those that came after one with a dead store were not asked.
  const unasked = round.plan.shares.filter(
    ({ name }) => shares.get(name)?.status.message?.startsWith('context ') === true,
  );
  await inTurns(unasked, async ({ name }) => {
    const status = await readAs(round.send, sharePath(name, 'status'), Status);
    const share = shares.get(name);
    if (status.ok && share !== undefined) shares.set(name, { ...share, status: status.value });
  });
  return shares;
}

/**
 * Asks for a restart for shares that the server could not load while their remote store was away, and that it does not
 * load by itself now that it is back. Once until a share is loaded: one that never is would otherwise end all others again
 * and again.
 */
async function loadAgain(round: Round, shares: ReadonlyMap<string, ServerShare>): Promise<void> {
  for (const { name, remote_block_store: remote } of round.plan.shares) {
    const share = shares.get(name);
    if (share === undefined) continue;
    const { tried, ...note } = round.notes.of('share', name);
    if (share.status.status !== 'unknown' && tried !== undefined) await putNote(round, 'share', note);
    const isBack = remote !== undefined && round.server.remoteBlockStores.get(remote)?.status?.status === 'healthy';
    if (!isUnloaded(share) || !isBack || tried === share.id) continue;
    await needRestart(round, 'share', `loading of ${nameOf('share', name)}`, { ...note, tried: share.id });
  }
}

/** Everything but the reading, in the order in which things need each other. */
async function convergeAll(round: Round, plan: ServingPlan, lasting: Lasting): Promise<void> {
  const [metadata, local, remote] = storeKinds;
  const unlike = {
    metadata: await convergeStores(round, metadata, round.plan.metadata_stores),
    local: await convergeStores(round, local, round.plan.local_block_stores),
    remote: await convergeStores(round, remote, round.plan.remote_block_stores),
  };
  await convergeGroups(round);
  const passwords = await convergeUsers(round, lasting.passwords.settle);
  await lasting.passwords.converge(round, passwords);
  const starting = await convergeSettings(round);
  await convergeShares(round, round.plan.shares, { ...unlike, silent: new Set() });
  await convergeSnapshotPolicies(round);
  if (plan.prune) await prune(round, plan);
  await convergeAdapters(round, starting, lasting.adapters);
}

/** One round: logs in, reads all that the server has, makes it what the plan says, and looks at what came of it. */
export async function converge({ plan, secret, lack, adminPassword }: Inputs, lasting: Lasting): Promise<Outcome> {
  const password = adminPassword();
  if (password === undefined) return shutOut(plan, lack(plan.admin));
  const arrived = await lasting.administrator.arrive(password);
  if (!arrived.ok && arrived.status === 401)
    return shutOut(plan, hasPasswordLength(password.value) ? refusedAdmin(plan) : wrongPasswordLength(plan.admin));
  if (!arrived.ok) return unanswered(arrived, lasting);

  const changes: Change[] = [];
  const problems: ReportedProblem[] = [];
  const tell = (change: Change): void => {
    changes.push(change);
    lasting.tell(change);
  };
  if (arrived.rotated)
    tell({ kind: 'admin', name: plan.admin.secret, action: 'update', fields: [{ name: 'password' }] });

  const { administrator, wire, signal } = lasting;
  const stopped = (): Failure | undefined =>
    signal.aborted || wire.isGone()
      ? { ok: false, status: 0, reason: 'the provisioner is stopping', unsent: true }
      : undefined;
  const send = (request: Request): Promise<Answer> => administrator.send(request);
  const read = await readServerState(send);
  if (!read.ok) return unanswered(read, lasting);
  const notes = createNotes(read.state.settings, send);
  const whole: Round = {
    plan,
    server: read.state,
    notes,
    sealer: lasting.sealer,
    secret,
    lack,
    stopped,
    send,
    change: async (change, request) => {
      const stop = stopped();
      if (stop !== undefined) return stop;
      const answer = await send(request);
      if (answer.ok) tell(change);
      return answer;
    },
    problem: (kind: Kind, name, message) => {
      problems.push({ about: nameOf(kind, name), message });
    },
  };
  await settleAttempts(whole);
  const round: Round = { ...whole, plan: activePlan(plan, read.state, notes) };
  await convergeAll(round, plan, lasting);
  const shares = await finalShares(round, changes.length > 0);
  await loadAgain(round, shares);
  // What it says of a server that went away in between would be of yesterday.
  if (wire.isGone() || signal.aborted)
    return { state: 'unanswered', reason: 'the server does not answer any more', isGone: true };
  const all = problemsOf(problems, lasting.hide);
  const report = reportOf(round.plan, shares, all, lasting.hide);
  return { state: 'tried', report, problems: all, restart: notes.restart(), changes };
}
