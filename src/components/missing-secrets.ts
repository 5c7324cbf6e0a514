import { failed, progressing, type Health } from '../kubernetes/health.ts';
import type { Plan } from '../plan/plan.ts';

/** What keeps the server from being made or changed: a pod with a Secret that is missing would not start. */
export function missingSecrets({ missing: own, database }: Plan): Health | undefined {
  // What belongs to a Percona cluster comes by itself.
  const isAwaited = database.kind === 'percona' && own.length === 0;
  const missing = [...own, ...database.missing];
  const [first] = missing;
  if (first === undefined) return undefined;
  const message = missing.map((one) => one.message).join('; ');
  return isAwaited ? progressing(first.reason, message) : failed(first.reason, message);
}
