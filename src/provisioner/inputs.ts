import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
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
  /** What is said of one that there is not. */
  readonly lack: (file: SecretFile) => string;
  readonly adminPassword: () => AdminPassword | undefined;
  /** The values that nobody else may see. */
  readonly hidden: readonly string[];
}

/** Why a plan cannot be used. */
export interface Refusal {
  readonly refused: string;
  /** Revision of that plan; empty where that cannot be read either. */
  readonly revision: string;
}

/** What every plan has, also that of another version. */
const Revised = z.looseObject({ revision: z.string() });

/** Fields of a store that a Secret may bring along with the password: they are names, and would turn up in many a message. */
const plainFields = ['host', 'port', 'database', 'dbname', 'user'];

/** Every value that a plan wants. */
function filesOf(plan: ServingPlan): readonly { readonly file: SecretFile; readonly isHidden: boolean }[] {
  const stores = [...plan.metadata_stores, ...plan.local_block_stores, ...plan.remote_block_stores];
  const fields = stores.flatMap(({ secrets }) => Object.entries(secrets));
  return [
    { file: plan.admin, isHidden: true },
    ...fields.map(([field, file]) => ({ file, isHidden: !plainFields.includes(field) })),
    ...plan.users.map(({ password }) => ({ file: password, isHidden: true })),
  ];
}

/** Other bytes than UTF-8 are no text: replaced by question marks, they would be another password. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a file, empty where there is none; undefined where it is no text. */
function readSecret(folder: string, { secret, key }: SecretFile): string | undefined {
  const bytes = readIfThere(join(folder, secret, key));
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.of();
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

/** Reads the plan and the Secrets, or says why the plan cannot be used. A missing value is the matter of who needs it. */
export function readInputs(files: Files): Inputs | Refusal {
  const plan = readPlan(files.plan);
  if ('refused' in plan) return plan;
  const wanted = filesOf(plan);
  const nameOf = ({ secret, key }: SecretFile): string => JSON.stringify([secret, key]);
  const values = new Map(wanted.map(({ file }) => [nameOf(file), readSecret(files.secrets, file)]));
  const exact = (file: SecretFile): string => values.get(nameOf(file)) ?? '';
  const secret = (file: SecretFile): string | undefined => {
    const value = withoutNewline(exact(file));
    return value === '' ? undefined : value;
  };
  return {
    plan,
    fingerprint: sha256(JSON.stringify([plan, [...values]])),
    secret,
    lack: (file) => {
      const { secret: name, key } = file;
      const what = values.get(nameOf(file)) === undefined ? 'no text in UTF-8' : 'no value';
      return `Secret ${JSON.stringify(name)} has ${what} under key ${JSON.stringify(key)}`;
    },
    adminPassword: () => {
      const value = secret(plan.admin);
      return value === undefined ? undefined : { value, exact: exact(plan.admin) };
    },
    hidden: wanted.flatMap(({ file, isHidden }) => (isHidden ? (secret(file) ?? []) : [])),
  };
}

function readPlan(path: string): ServingPlan | Refusal {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const { data, error } = ServingPlan.safeParse(content);
    if (data !== undefined) return data;
    const [issue] = error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    return {
      refused: `cannot use ${path}: ${where}${issue?.message ?? 'it is not a plan'}`,
      revision: Revised.safeParse(content).data?.revision ?? '',
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { refused: `cannot read ${path}: ${why}`, revision: '' };
  }
}
