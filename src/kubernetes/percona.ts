import { at, listAt, numberAt, textAt, textsAt, type JsonObject } from '../lib/json.ts';
import { called, failed, progressing, ready, type Health } from './health.ts';
import { condition } from './object.ts';

/** The annotation that lets Percona's operator give up backups, in its own words and in those of its origin. */
const authorizations = ['pgv2.percona.com', 'postgres-operator.crunchydata.com'].map(
  (prefix) => `${prefix}/authorizeBackupRemoval`,
);

/**
 * Whether the operator waits to be told that it may give up the backups. It never takes back the condition that says so,
 * so this asks whether backups are off, and nobody has told it.
 */
export function isAuthorizationMissing(live: JsonObject): boolean {
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
export function isCurrent(live: JsonObject): boolean {
  const seen = numberAt(live, 'status', 'observedGeneration');
  return seen === undefined || seen >= (numberAt(live, 'metadata', 'generation') ?? 0);
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
