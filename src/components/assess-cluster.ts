import { called, failed, presence, progressing, ready, type Health } from '../kubernetes/health.ts';
import { condition, type ObservedObject } from '../kubernetes/object.ts';
import { instancesOf, isAuthorizationMissing, isCurrent } from '../kubernetes/percona.ts';
import { isObject, textAt, type JsonObject } from '../lib/json.ts';

/** What is wanted of a PerconaPGCluster, as far as its health depends on it. */
export interface ClusterWish {
  readonly paused: boolean;
  /** Whether nothing needs the cluster while it is paused. */
  readonly dispensable: boolean;
  /** Whether it is made from backups. */
  readonly restoring: boolean;
  /** Whether something uses the cluster already: then what is missing is a loss, not a start. */
  readonly inUse: boolean;
  readonly namespace: string;
}

function unready(live: JsonObject, { inUse, restoring }: ClusterWish): Health {
  const name = called(live);
  const look = `kubectl describe perconapgcluster ${textAt(live, 'metadata', 'name') ?? ''} and its pods tell why`;
  const restored = condition(live, 'PostgresDataInitialized');
  if (restoring && restored?.status === 'False')
    return failed(
      'ClusterRestoreFailed',
      `${name} cannot be made from backups: ${restored.message}; the log of its restore job tells why`,
    );
  if (restoring && restored?.status !== 'True')
    return progressing('ClusterRestoring', `${name} is being made from backups; ${look}`);
  if (!inUse) return progressing('ClusterInitializing', `${name} is coming up; ${look}`);
  const counted = instancesOf(live);
  return counted.ready > 0
    ? progressing('ClusterDegraded', `${name} serves with fewer instances than it should; ${look}`)
    : progressing('ClusterUnavailable', `${name} has no instance that serves; ${look}`);
}

/**
 * A PerconaPGCluster is healthy when its operator calls it ready, for the spec as it is now; or paused, where that is
 * wanted. It has no state for failures: what is broken stays initializing
 * (percona/percona-postgresql-operator, percona/controller/pgcluster/status.go).
 */
export function assessCluster(object: ObservedObject, wish: ClusterWish): Health {
  const absent = presence(object);
  if (absent !== undefined) return absent;
  const live = object.live ?? {};
  const name = called(live);
  if (!isObject(live.status)) {
    return progressing(
      'ClusterWaiting',
      `${name} has no status yet; if it stays so, Percona’s operator does not watch namespace ${JSON.stringify(wish.namespace)} (its bundle watches only its own)`,
    );
  }
  if (isAuthorizationMissing(live)) {
    return failed(
      'BackupRemovalNotAuthorized',
      `${name} is not reconciled since its backups were turned off; to give up the backups that it has: kubectl annotate perconapgcluster ${textAt(live, 'metadata', 'name') ?? ''} pgv2.percona.com/authorizeBackupRemoval=true, and leave that until the next change`,
    );
  }
  switch (textAt(live, 'status', 'state')) {
    case 'paused':
      if (!wish.paused) return progressing('ClusterInitializing', `${name} is starting again`);
      return wish.dispensable
        ? ready('ClusterPaused')
        : failed('ClusterPaused', `${name} is stopped: set spec.percona.paused to false to start it`);
    case 'stopping':
      return progressing('ClusterStopping', `${name} is stopping`);
    case 'ready':
      if (wish.paused) return progressing('ClusterStopping', `${name} is to stop, and runs`);
      return isCurrent(live) ? ready('ClusterReady') : progressing('ClusterChanging', `${name} is being changed`);
    default:
      return unready(live, wish);
  }
}
