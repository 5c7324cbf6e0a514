import { at, isObject, listAt, numberAt, textAt, textsAt, type JsonObject } from '../lib/json.ts';
import { called, failed, presence, progressing, ready, type Health } from './health.ts';
import { condition, type ObservedObject } from './object.ts';

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

/** The annotation that lets Percona's operator give up backups, in its own words and in those of its origin. */
const authorizations = ['pgv2.percona.com', 'postgres-operator.crunchydata.com'].map(
  (prefix) => `${prefix}/authorizeBackupRemoval`,
);

/**
 * Whether the operator waits to be told that it may give up the backups. It never takes back the condition that says so,
 * so this asks whether backups are off, and nobody has told it.
 */
function isAuthorizationMissing(live: JsonObject): boolean {
  const said = listAt(live, 'status', 'conditions').find((one) => textAt(one, 'type') === 'Progressing');
  const waits = textAt(said, 'status') === 'False' && textAt(said, 'message')?.includes('authorizeBackupRemoval');
  const seen = numberAt(said, 'observedGeneration') ?? numberAt(live, 'metadata', 'generation');
  const annotations = textsAt(live, 'metadata', 'annotations');
  return (
    waits === true &&
    seen === numberAt(live, 'metadata', 'generation') &&
    at(live, 'spec', 'backups', 'enabled') === false &&
    !authorizations.some((name) => annotations[name] === 'true')
  );
}

/** Instances that serve, of those that there should be, as the operator counts them. */
export function instancesOf(live: JsonObject | undefined): { readonly ready: number; readonly size: number } {
  return {
    ready: numberAt(live, 'status', 'postgres', 'ready') ?? 0,
    size: numberAt(live, 'status', 'postgres', 'size') ?? 0,
  };
}

/** Whether the operator has seen the current spec. Its state may lag behind all the same, for a moment. */
function isCurrent(live: JsonObject): boolean {
  const seen = numberAt(live, 'status', 'observedGeneration');
  return seen === undefined || seen >= (numberAt(live, 'metadata', 'generation') ?? 0);
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

/** How the backups of a PerconaPGCluster are, which its state does not tell. */
export function assessBackups(live: JsonObject | undefined): Health {
  const name = live === undefined ? 'The cluster' : called(live);
  const first = condition(live, 'PGBackRestReplicaCreate');
  if (condition(live, 'PGBackRestRepoHostReady')?.status === 'False')
    return failed('RepoHostNotReady', `The repository host of ${name} is not ready; kubectl get pods tells more`);
  if (first?.status !== 'True')
    return progressing(
      'FirstBackupPending',
      `${name} has made no backup yet; if it stays so, look at the log of its backup job and at the credentials`,
    );
  const able = condition(live, 'ReadyForBackup');
  if (able?.status === 'False')
    return failed(
      'NotReadyForBackup',
      `${name} can make no backups now: ${able.message === '' ? able.reason : able.message}`,
    );
  return ready('BackupsReady', `${name} is backed up`);
}
