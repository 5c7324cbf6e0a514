import type { DeclaredSnapshotPolicy } from '../api/provisioning.ts';
import { differences, sameDuration, sameInterval } from './compare.ts';
import { sharePath } from './path.ts';
import { putNote, type Round } from './round.ts';

/** A policy, and whether it stands in the share's own declaration. */
interface Wanted {
  readonly policy: DeclaredSnapshotPolicy;
  readonly withinShare: boolean;
}

/** The policy that each share is to have; what a share says itself wins. */
function wantedPolicies({ plan }: Round): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const [share, policy] of Object.entries(plan.snapshot_policies))
    wanted.set(share, { policy, withinShare: false });
  for (const { name, snapshot_policy: policy } of plan.shares) {
    if (policy !== undefined) wanted.set(name, { policy, withinShare: true });
  }
  return wanted;
}

async function put(round: Round, share: string, { policy, withinShare }: Wanted): Promise<void> {
  const actual = round.server.snapshotPolicies.get(share);
  const changes = differences(policy, actual ?? {}, { interval: sameInterval, ttl: sameDuration });
  if (actual === undefined || changes.length > 0) {
    const fields =
      actual === undefined
        ? [{ name: 'snapshot_policy', to: policy.interval }]
        : changes.map((change) => ({ ...change, name: `snapshot_policy.${change.name}` }));
    const answer = await round.change(
      { kind: 'share', name: share, action: 'update', fields },
      { method: 'PUT', path: sharePath(share, 'snapshot-policy'), body: policy },
    );
    if (!answer.ok) {
      round.problem('share', share, `its snapshot policy cannot be set: ${answer.reason}`);
      return;
    }
  }
  await putNote(round, 'snapshot_policy', { name: share, within_share: withinShare });
}

/** Takes back a policy that was declared; that of a share which is no longer declared stays with it. */
async function takeBack(round: Round, share: string, withinShare: boolean): Promise<void> {
  const isPresent = round.server.shares.has(share) && round.server.snapshotPolicies.has(share);
  const isDeclared = round.plan.shares.some(({ name }) => name === share);
  if (withinShare && !isDeclared && isPresent) return;
  if (isPresent) {
    const fields = [{ name: 'snapshot_policy', to: null }];
    const answer = await round.change(
      { kind: 'share', name: share, action: 'update', fields },
      { method: 'DELETE', path: sharePath(share, 'snapshot-policy') },
    );
    if (!answer.ok) {
      round.problem('share', share, `its snapshot policy cannot be taken back: ${answer.reason}`);
      return;
    }
  }
  await putNote(round, 'snapshot_policy', { name: share });
}

/** Sets and takes back the schedules of snapshots. */
export async function convergeSnapshotPolicies(round: Round): Promise<void> {
  const wanted = wantedPolicies(round);
  for (const [share, want] of wanted) {
    if (round.server.shares.has(share)) await put(round, share, want);
    else if (!want.withinShare) round.problem('share', share, 'is not there, and is to have a snapshot policy');
  }
  for (const { name, within_share = false } of round.notes.all('snapshot_policy')) {
    if (!wanted.has(name)) await takeBack(round, name, within_share);
  }
}
