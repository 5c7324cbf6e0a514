import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServingPlan, type SecretFile } from '../api/provisioning.ts';
import { sha256 } from '../lib/hash.ts';
import type { AdminPassword } from './administrator.ts';

/** Where the provisioner finds what to do. */
export interface Files {
  readonly plan: string;
  /** The folder with a folder for each Secret. */
  readonly secrets: string;
}

/** What a server is to serve, and the values of the Secrets for it. */
export interface Inputs {
  readonly plan: ServingPlan;
  /** Changes with anything in them. */
  readonly fingerprint: string;
  /** The value under a key; undefined where there is none. */
  readonly secret: (file: SecretFile) => string | undefined;
  readonly adminPassword: () => AdminPassword | undefined;
  /** The values that nobody else may see. */
  readonly hidden: readonly string[];
}

/** Every value that a plan wants. */
function secretFilesOf(plan: ServingPlan): readonly SecretFile[] {
  const stores = [...plan.metadata_stores, ...plan.local_block_stores, ...plan.remote_block_stores];
  return [
    plan.admin,
    ...stores.flatMap(({ secrets }) => Object.values(secrets)),
    ...plan.users.map(({ password }) => password),
  ];
}

/** Fields of a store that a Secret may bring along with the password: they are names, and would turn up in many a message. */
const plainFields = ['host', 'port', 'database', 'dbname', 'user'];

/** The values of a plan that are secret. */
function hiddenFilesOf(plan: ServingPlan): readonly SecretFile[] {
  const stores = [...plan.metadata_stores, ...plan.local_block_stores, ...plan.remote_block_stores];
  const fields = stores.flatMap(({ secrets }) => Object.entries(secrets));
  return [
    plan.admin,
    ...fields.filter(([field]) => !plainFields.includes(field)).map(([, file]) => file),
    ...plan.users.map(({ password }) => password),
  ];
}

function readSecret(folder: string, { secret, key }: SecretFile): string {
  try {
    return readFileSync(join(folder, secret, key), 'utf8');
  } catch {
    return '';
  }
}

/**
 * A value without the one newline at its end that editors and `kubectl create secret --from-file` leave there.
 *
 * No key of a cloud and no password that a person can type ends with one, and it is never seen. Anything else is kept.
 */
function withoutNewline(value: string): string {
  return value.endsWith('\n') ? value.slice(0, -1) : value;
}

/** Reads the plan and the Secrets; an error says why the plan cannot be used. A missing value is the matter of who needs it. */
export function readInputs(files: Files): Inputs | Error {
  const parsed = readPlan(files.plan);
  if (parsed instanceof Error) return parsed;
  const plan = parsed;
  const wanted = secretFilesOf(plan);
  const values = new Map(
    wanted.map((file) => [JSON.stringify([file.secret, file.key]), readSecret(files.secrets, file)]),
  );
  const exact = ({ secret, key }: SecretFile): string => values.get(JSON.stringify([secret, key])) ?? '';
  const secret = (file: SecretFile): string | undefined => {
    const value = withoutNewline(exact(file));
    return value === '' ? undefined : value;
  };
  return {
    plan,
    fingerprint: sha256(JSON.stringify([plan, [...values]])),
    secret,
    adminPassword: () => {
      const value = secret(plan.admin);
      return value === undefined ? undefined : { value, exact: exact(plan.admin) };
    },
    hidden: hiddenFilesOf(plan).flatMap((file) => secret(file) ?? []),
  };
}

function readPlan(path: string): ServingPlan | Error {
  try {
    const parsed = ServingPlan.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    return new Error(`cannot use ${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is not a plan'}`);
  } catch (error) {
    return new Error(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** What is said of a value that is missing. */
export function missingSecret({ secret, key }: SecretFile): string {
  return `Secret ${JSON.stringify(secret)} has no value under key ${JSON.stringify(key)}`;
}
