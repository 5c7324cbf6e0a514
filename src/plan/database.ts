import type { Spec } from '../api/v1alpha1/spec.ts';
import { clusterName, databaseUser } from '../api/v1alpha1/percona.ts';
import type { ObservedObjects } from '../kubernetes/object.ts';
import { readSecret, type SecretKeyRef, type Secrets } from '../kubernetes/secret.ts';
import { listAt, textAt, textsAt, type JsonObject } from '../lib/json.ts';
import { databaseAuthority } from './container.ts';
import type { MissingSecret } from './credentials.ts';

/** What the control-plane database can be. */
const databaseKinds = ['sqlite', 'postgres', 'percona'] as const;
export type DatabaseKind = (typeof databaseKinds)[number];

/** A variable of the server's environment whose value stands in a Secret. */
export interface SecretVariable {
  readonly name: string;
  readonly ref: SecretKeyRef;
  /** Whether the server's own default serves where the key is absent. */
  readonly optional: boolean;
  /** What the server takes, where not everything; and such a value, for the message. */
  readonly takes?: { readonly pattern: RegExp; readonly example: string };
}

/** How the server reaches its control-plane database, and what is known about that. */
export interface DatabasePlan {
  readonly kind: DatabaseKind;
  /** The section `database` of config.yaml, without what stands in Secrets. */
  readonly config: JsonObject;
  readonly variables: readonly SecretVariable[];
  /** Certificates that the server trusts, mounted from a Secret. */
  readonly authority: SecretKeyRef | undefined;
  /** Values that the server reads at its start; undefined where one of them cannot be read. */
  readonly values: readonly string[] | undefined;
  /** The certificates that it trusts; undefined where there are none, or they cannot be read. */
  readonly trusted: string | undefined;
  readonly missing: readonly MissingSecret[];
  /** As far as it is known. */
  readonly host: string | undefined;
  /** What the StatefulSet as it is uses; undefined where there is none yet. Once it is this one, nothing waits for it. */
  readonly used: DatabaseKind | undefined;
  /** Databases that the server used before, and from which nothing was migrated. */
  readonly former: readonly DatabaseKind[];
  readonly warnings: readonly string[];
}

/** Where the StatefulSet remembers which databases the server used before. */
export const FORMER_DATABASES = 'dittofs.dittofs.com/former-databases';

const PASSWORD = 'DITTOFS_DATABASE_POSTGRES_PASSWORD';

/** The Secret that Percona's operator makes for a user of a cluster. */
export function clusterUserSecret(server: string): string {
  return `${clusterName(server)}-pguser-${databaseUser}`;
}

/** The Secret with the certificate of a cluster and of the authority that signed it. */
function certificateSecret(server: string): string {
  return `${clusterName(server)}-cluster-cert`;
}

/** Which database a StatefulSet's pod uses. */
function kindUsed(manifest: JsonObject | undefined, server: string): DatabaseKind | undefined {
  const [container] = listAt(manifest, 'spec', 'template', 'spec', 'containers');
  if (container === undefined) return undefined;
  const password = listAt(container, 'env').find((variable) => textAt(variable, 'name') === PASSWORD);
  if (password === undefined) return 'sqlite';
  const secret = textAt(password, 'valueFrom', 'secretKeyRef', 'name');
  return secret === clusterUserSecret(server) ? 'percona' : 'postgres';
}

/**
 * The databases before the wanted one. A StatefulSet with claim templates was made by the Go operator, whose server ran
 * on SQLite although it had a Percona cluster.
 */
function planFormer(kind: DatabaseKind, used: DatabaseKind | undefined, observed: ObservedObjects): DatabaseKind[] {
  const server = observed.get('server');
  const remembered = textsAt(server?.manifest, 'metadata', 'annotations')[FORMER_DATABASES] ?? '';
  const tookOver = kind === 'percona' && listAt(server?.live, 'spec', 'volumeClaimTemplates').length > 0;
  const before = databaseKinds.filter(
    (candidate) => remembered.split(',').includes(candidate) || (tookOver && candidate === 'sqlite'),
  );
  return [...new Set([...before, ...(used === undefined ? [] : [used])])].filter((candidate) => candidate !== kind);
}

type Connection = Pick<DatabasePlan, 'config' | 'variables' | 'authority' | 'host' | 'warnings'>;

function fromSecret(field: string, name: string, key: string): SecretVariable {
  return { name: `DITTOFS_DATABASE_POSTGRES_${field}`, ref: { name, key }, optional: false };
}

const aPort = { pattern: /^[1-9][0-9]{0,4}$/, example: '5432' };
const anSslMode = { pattern: /^(disable|allow|prefer|require|verify-ca|verify-full)$/, example: 'require' };

function postgresConfig(fields: JsonObject, authority: SecretKeyRef | undefined): JsonObject {
  return {
    type: 'postgres',
    postgres: { ...fields, ...(authority !== undefined && { ssl_root_cert: databaseAuthority.file }) },
  };
}

function connectPercona({ percona }: Spec, server: string, secrets: Secrets): Connection {
  const name = clusterUserSecret(server);
  const authority = percona.sslMode === 'verify-full' ? { name: certificateSecret(server), key: 'ca.crt' } : undefined;
  const host = readSecret(secrets, { name, key: 'host' });
  return {
    config: postgresConfig({ sslmode: percona.sslMode }, authority),
    variables: [
      fromSecret('HOST', name, 'host'),
      fromSecret('PORT', name, 'port'),
      fromSecret('DATABASE', name, 'dbname'),
      fromSecret('USER', name, 'user'),
      fromSecret('PASSWORD', name, 'password'),
    ],
    authority,
    host: host.state === 'found' ? host.value : undefined,
    warnings: [],
  };
}

type Postgres = NonNullable<Spec['database']['postgres']>;

function connectPostgres(postgres: Postgres): Connection {
  const { host, port, database, user, sslMode, passwordSecretRef, caSecretRef, maxOpenConns, maxIdleConns } = postgres;
  const verifies = sslMode.startsWith('verify');
  const authority = verifies ? caSecretRef : undefined;
  const ignored = `spec.database.postgres.caSecretRef has no effect with sslMode ${sslMode}: only verify-ca and verify-full check certificates`;
  return {
    config: postgresConfig(
      {
        host,
        port,
        database,
        user,
        sslmode: sslMode,
        ...(maxOpenConns !== undefined && { max_open_conns: maxOpenConns }),
        ...(maxIdleConns !== undefined && { max_idle_conns: maxIdleConns }),
      },
      authority,
    ),
    variables: [fromSecret('PASSWORD', passwordSecretRef.name, passwordSecretRef.key)],
    authority,
    host,
    warnings: caSecretRef !== undefined && !verifies ? [ignored] : [],
  };
}

/** The key of the database's name: `database`, which the Go operator reads, or `dbname`, which most others write. */
function databaseKey(name: string, secrets: Secrets): string {
  const [usual, other] = ['database', 'dbname'];
  const has = (key: string): boolean => readSecret(secrets, { name, key }).state === 'found';
  return !has(usual) && has(other) ? other : usual;
}

function connectBySecret(name: string, secrets: Secrets): Connection {
  const host = readSecret(secrets, { name, key: 'host' });
  return {
    // The server's own default is not to encrypt; a key in the Secret wins over this one.
    config: postgresConfig({ sslmode: 'require' }, undefined),
    variables: [
      fromSecret('HOST', name, 'host'),
      { ...fromSecret('PORT', name, 'port'), optional: true, takes: aPort },
      fromSecret('DATABASE', name, databaseKey(name, secrets)),
      fromSecret('USER', name, 'user'),
      fromSecret('PASSWORD', name, 'password'),
      { ...fromSecret('SSLMODE', name, 'sslmode'), optional: true, takes: anSslMode },
    ],
    authority: undefined,
    host: host.state === 'found' ? host.value : undefined,
    warnings: [],
  };
}

function connect(spec: Spec, server: string, secrets: Secrets): Connection & { readonly kind: DatabaseKind } {
  const { database, percona } = spec;
  const { postgres, postgresSecretRef, sqlite } = database;
  if (percona.enabled) {
    const ignored = [postgres && 'postgres', postgresSecretRef && 'postgresSecretRef'].filter((field) => field);
    const connection = connectPercona(spec, server, secrets);
    const warnings = ignored.map((field) => `spec.database.${field} has no effect: spec.percona.enabled wins`);
    return { kind: 'percona', ...connection, warnings };
  }
  if (postgres !== undefined) return { kind: 'postgres', ...connectPostgres(postgres) };
  if (postgresSecretRef !== undefined) return { kind: 'postgres', ...connectBySecret(postgresSecretRef.name, secrets) };
  const config = { type: 'sqlite', sqlite: { path: sqlite.path } };
  return { kind: 'sqlite', config, variables: [], authority: undefined, host: undefined, warnings: [] };
}

/** What keeps a variable from having a value that the server takes, in a Secret that is there. */
function unusable({ ref, takes }: SecretVariable, value: string): MissingSecret | undefined {
  if (takes === undefined || takes.pattern.test(value)) return undefined;
  const message = `Secret ${JSON.stringify(ref.name)} has under key ${JSON.stringify(ref.key)} no value such as ${JSON.stringify(takes.example)}`;
  return { reason: 'SecretKeyMissing', message };
}

/** Secrets that are not there, each said once with all keys that it needs. */
function absentSecrets(variables: readonly SecretVariable[]): readonly MissingSecret[] {
  return [...new Set(variables.map(({ ref }) => ref.name))].map((name) => {
    const keys = variables.filter(({ ref }) => ref.name === name).map(({ ref }) => JSON.stringify(ref.key));
    const needs = keys.length === 1 ? `key ${keys.join()}` : `the keys ${keys.join(', ')}`;
    return { reason: 'SecretNotFound', message: `Secret ${JSON.stringify(name)} does not exist; it needs ${needs}` };
  });
}

/** The values behind variables, and what is missing of them; nothing is missing where no Secret is read. */
function readVariables(
  variables: readonly SecretVariable[],
  secrets: Secrets,
): Pick<DatabasePlan, 'values' | 'missing'> {
  const needed: SecretVariable[] = [];
  const missing: MissingSecret[] = [];
  const values: string[] = [];
  for (const variable of variables) {
    const read = readSecret(secrets, variable.ref);
    values.push(read.state === 'found' ? read.value : '');
    const problem = read.state === 'found' ? unusable(variable, read.value) : undefined;
    if (problem !== undefined) missing.push(problem);
    if (read.state !== 'missing' || variable.optional) continue;
    if (read.reason === 'SecretNotFound') needed.push(variable);
    else missing.push({ reason: read.reason, message: read.message });
  }
  const all = [...absentSecrets(needed), ...missing];
  return { values: secrets === 'unsupported' || all.length > 0 ? undefined : values, missing: all };
}

/** How the server reaches its control-plane database: Percona's cluster, else a PostgreSQL of the user's, else SQLite. */
export function planDatabase(spec: Spec, server: string, secrets: Secrets, observed: ObservedObjects): DatabasePlan {
  const { kind, ...connection } = connect(spec, server, secrets);
  const { values, missing } = readVariables(connection.variables, secrets);
  const authority = connection.authority === undefined ? undefined : readSecret(secrets, connection.authority);
  const used = kindUsed(observed.get('server')?.manifest, server);
  return {
    kind,
    ...connection,
    values,
    trusted: authority?.state === 'found' ? authority.value : undefined,
    missing: [
      ...missing,
      ...(authority?.state === 'missing' ? [{ reason: authority.reason, message: authority.message }] : []),
    ],
    used,
    former: planFormer(kind, used, observed),
  };
}

/** The names of the Secrets that the database, and backups of it, are read from. */
export function databaseSecrets(spec: Spec, server: string): readonly string[] {
  const { variables, authority } = connect(spec, server, 'unsupported');
  const { enabled, backup, restoreFrom } = spec.percona;
  const backups = enabled && backup.enabled ? backup.credentialsSecretRef?.name : undefined;
  const restore = enabled ? restoreFrom?.s3?.credentialsSecretRef.name : undefined;
  const names = [...variables.map(({ ref }) => ref.name), authority?.name, backups, restore];
  return names.filter((name) => name !== undefined);
}
