import type { Condition } from './condition.ts';

/** A message for the user that becomes an event, or ends the pipeline. */
export interface Announcement {
  readonly severity: 'fatal' | 'warning' | 'normal';
  readonly reason: string;
  readonly message: string;
}

/**
 * The conditions that changed since they were last written, as one event each.
 *
 * Only a change is told: an event on every call would use up the budget that Kubernetes has for them. What was not
 * known before is no change, and Progressing is only the way there.
 */
export function announceChanges(before: readonly Condition[], now: readonly Condition[]): readonly Announcement[] {
  return now
    .filter(({ type, status }) => {
      const former = before.find((condition) => condition.type === type);
      return type !== 'Progressing' && former !== undefined && former.status !== 'Unknown' && former.status !== status;
    })
    .map(({ status, reason, message }) => ({ severity: status === 'True' ? 'normal' : 'warning', reason, message }));
}
