import { assessBackups, instancesOf } from '../kubernetes/percona.ts';
import { defined, textAt, type JsonObject } from '../lib/json.ts';
import type { DatabaseKind } from '../plan/database.ts';
import type { Findings } from './findings.ts';
import { no, yes, type Verdict } from './verdict.ts';

/** What to install where the kind PerconaPGCluster does not exist. */
const OPERATOR_MISSING =
  'The kind PerconaPGCluster does not exist in this cluster: install Percona’s operator for PostgreSQL, 2.8 or newer, so that it watches all namespaces';

function formerly(kind: DatabaseKind, keepsDatabase: boolean): string {
  switch (kind) {
    case 'sqlite':
      return 'SQLite, whose file stays on the control-plane volume';
    case 'postgres':
      return 'the PostgreSQL that was used before, which stays as it is';
    case 'percona':
      return `the Percona cluster, which stays until ${keepsDatabase ? 'somebody deletes it' : 'the DittoServer is deleted'}`;
  }
}

/** What a user has to know who changed the database: the new one is empty. */
function nothingMigrated({ plan: { database, keepsDatabase } }: Findings): string {
  return database.former.map((kind) => `; nothing was migrated from ${formerly(kind, keepsDatabase)}`).join('');
}

function clusterVerdict(findings: Findings): Verdict {
  const { plan, composition } = findings;
  const name = JSON.stringify(plan.cluster?.name ?? '');
  const blocker = composition.blocked.find(({ kind }) => kind === 'PerconaPGCluster');
  if (blocker?.reason === 'KindNotInstalled') return no('PerconaOperatorMissing', OPERATOR_MISSING);
  if (blocker !== undefined) return no(blocker.reason, `PerconaPGCluster ${name}: ${blocker.message}`);
  const { restore, backup } = plan.cluster ?? {};
  const lacking = (restore?.from === 'repository' ? restore.missing : undefined) ?? backup?.missing;
  // Pods that mount a Secret do not start without it.
  if (lacking !== undefined && composition.health.get('database')?.state !== 'ready')
    return no(lacking.reason, `PerconaPGCluster ${name} waits: ${lacking.message}`);
  const health = composition.health.get('database');
  if (health?.state !== 'ready')
    return no(health?.reason ?? 'ClusterWaiting', health?.message ?? `PerconaPGCluster ${name} is not there yet`);
  if (health.reason === 'ClusterPaused')
    return yes('ClusterPaused', `PerconaPGCluster ${name} is stopped, as the server is`);
  const [missing] = plan.database.missing;
  if (missing !== undefined) return no(missing.reason, plan.database.missing.map(({ message }) => message).join('; '));
  return yes('ClusterReady', `PerconaPGCluster ${name} is ready${nothingMigrated(findings)}`);
}

/** Whether the control-plane database can be used. */
export function databaseVerdict(findings: Findings): Verdict {
  const { database } = findings.plan;
  if (database.kind === 'percona') return clusterVerdict(findings);
  const [missing] = database.missing;
  if (missing !== undefined) return no(missing.reason, database.missing.map(({ message }) => message).join('; '));
  if (database.kind === 'sqlite')
    return yes('SQLite', `The database is SQLite on the control-plane volume${nothingMigrated(findings)}`);
  const bySecret = database.variables.find(({ name }) => name.endsWith('_HOST'));
  const where =
    bySecret === undefined
      ? `at ${JSON.stringify(database.host)}`
      : `that Secret ${JSON.stringify(bySecret.ref.name)} leads to`;
  return yes(
    'PostgreSQL',
    `The database is the PostgreSQL ${where}; Available tells whether the server reaches it${nothingMigrated(findings)}`,
  );
}

/** Whether backups are made; undefined where there were never any. */
export function backupVerdict({ plan: { cluster }, composition, observed, former }: Findings): Verdict | undefined {
  const backup = cluster?.backup;
  const refused = composition.health.get('database');
  if (refused?.reason === 'BackupRemovalNotAuthorized') return no(refused.reason, refused.message);
  if (backup === undefined) {
    const known = former.some(({ type }) => type === 'BackupsReady');
    return known ? no('BackupsDisabled', 'No backups are made: the spec does not ask for them any more') : undefined;
  }
  if (backup.missing !== undefined) return no(backup.missing.reason, backup.missing.message);
  const live = observed.get('database')?.live;
  if (live === undefined) return no('ClusterWaiting', 'There is no cluster to back up yet');
  const health = assessBackups(live);
  return health.state === 'ready' ? yes(health.reason, health.message) : no(health.reason, health.message);
}

/** The part of the status that is about the database. */
export function describeDatabase({ plan: { database, cluster }, observed }: Findings): JsonObject {
  const live = database.kind === 'percona' ? observed.get('database')?.live : undefined;
  const counted = instancesOf(live);
  return {
    ...(cluster !== undefined && { perconaClusterName: cluster.name }),
    database: defined({
      type: database.kind,
      host: database.host,
      state: textAt(live, 'status', 'state'),
      postgresReady: live === undefined ? undefined : counted.ready,
      postgresSize: live === undefined ? undefined : counted.size,
    }),
  };
}
