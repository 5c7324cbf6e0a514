import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../../lab/program.ts';
import { freePort } from '../../../lab/ports.ts';
import { tool } from '../../../lab/tools.ts';

const run = promisify(execFile);

/** Keys with which S3 is used. */
export interface Keys {
  readonly id: string;
  readonly secret: string;
}

/** An S3 service on the loopback, with its data in a folder; disposing it ends it and removes that. */
export interface S3 extends AsyncDisposable {
  readonly endpoint: string;
  /** Makes a bucket that belongs to an account. */
  readonly makeBucket: (bucket: string, owner: Keys) => Promise<void>;
  readonly makeAccount: (keys: Keys) => Promise<void>;
  /** Takes the keys of an account; its buckets stay, and belong to another one from now on. */
  readonly replaceAccount: (old: Keys, by: Keys, buckets: readonly string[]) => Promise<void>;
  /** The keys of the objects in a bucket. */
  readonly objects: (bucket: string) => readonly string[];
  /** What is in the objects of a bucket. */
  readonly contents: (bucket: string) => readonly Buffer[];
  /** Ends the service; its data stays. */
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
}

const ROOT: Keys = { id: 'root-access-key', secret: 'root-secret-key' };

/** Starts an S3 service that checks signatures and knows accounts: Versity’s gateway to a folder. */
export async function startS3(): Promise<S3> {
  const program = await tool('versitygw');
  const folder = mkdtempSync(join(tmpdir(), 'function-dittofs-s3-'));
  const [data, accounts] = [join(folder, 'data'), join(folder, 'accounts')];
  for (const path of [data, accounts]) mkdirSync(path);
  const address = `127.0.0.1:${await freePort()}`;
  const endpoint = `http://${address}`;
  const keys = ['--access', ROOT.id, '--secret', ROOT.secret];
  let end = (): Promise<void> => Promise.resolve();

  const start = async (): Promise<void> => {
    const args = [...keys, '--port', address, '--region', 'us-east-1', '--iam-dir', accounts, '--quiet', 'posix', data];
    const child = spawn(program, args, { stdio: 'ignore' });
    const exited = new Promise<void>((resolve) =>
      child.once('close', () => {
        resolve();
      }),
    );
    end = async () => {
      child.kill('SIGKILL');
      await exited;
    };
    const answers = await eventually(async () => (await fetch(endpoint)).status === 403, 60_000);
    if (!answers) throw new Error('cannot start S3: it does not answer');
  };
  const admin = async (...args: readonly string[]): Promise<void> => {
    await run(program, ['admin', ...keys, '--region', 'us-east-1', '--endpoint-url', endpoint, ...args]);
  };
  const makeAccount = async ({ id, secret }: Keys): Promise<void> =>
    admin('create-user', '--access', id, '--secret', secret, '--role', 'user');

  const filesOf = (bucket: string): readonly string[] =>
    readdirSync(join(data, bucket), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  await start();
  return {
    endpoint,
    makeAccount,
    makeBucket: async (bucket, { id }) => admin('create-bucket', '--bucket', bucket, '--owner', id),
    replaceAccount: async (old, by, buckets) => {
      await makeAccount(by);
      for (const bucket of buckets) await admin('change-bucket-owner', '--bucket', bucket, '--owner', by.id);
      await admin('delete-user', '--access', old.id);
    },
    objects: (bucket) => filesOf(bucket).map((file) => relative(join(data, bucket), file)),
    contents: (bucket) => filesOf(bucket).map((file) => readFileSync(file)),
    start,
    stop: async () => end(),
    [Symbol.asyncDispose]: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
