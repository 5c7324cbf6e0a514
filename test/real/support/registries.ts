import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeRegistry, type Registry } from '../../../lab/packages.ts';
import type { JsonObject } from '../../../src/lib/json.ts';

/** A registry that lets nobody in without a password. */
export interface PrivateRegistry extends Registry {
  readonly user: string;
  readonly password: string;
}

/** What the registry compares the password with: bcrypt with the fewest rounds. */
const HASH = '$2b$04$J6yqvEERwFlh01pEWtWLuOUoZmTUfMv5QbTUP9oEy5LcbC8Eh91/G';

/** Describes a registry for one user, with its state in a folder of its own. */
export async function describePrivateRegistry(parent: string): Promise<PrivateRegistry> {
  const folder = join(parent, 'private-registry');
  mkdirSync(folder);
  const registry = await describeRegistry(folder);
  const configuration = join(folder, 'registry.json');
  const users = join(folder, 'users');
  const user = 'crossplane';
  writeFileSync(users, `${user}:${HASH}\n`);
  const open = JSON.parse(readFileSync(configuration, 'utf8')) as JsonObject;
  writeFileSync(configuration, JSON.stringify({ ...open, auth: { htpasswd: { realm: 'private', path: users } } }));
  return {
    ...registry,
    name: 'private-registry',
    ready: async () => (await fetch(`http://${registry.host}/v2/`)).status === 401,
    user,
    password: 'a-password-of-the-tests',
  };
}

/** The value of the header, or of the auth field of a client's file, with which the user is let in. */
export function basic({ user, password }: Pick<PrivateRegistry, 'user' | 'password'>): string {
  return Buffer.from(`${user}:${password}`).toString('base64');
}

/** Media types of manifests, of one image and of an index. */
const manifests = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** What a registry holds under a tag. */
export interface Tagged {
  readonly digest: string | null;
  readonly manifest: JsonObject;
}

/** Asks a registry for what it holds under a tag, for example `dittofs/function-dittofs:v0.1.0`. */
export async function tagged({ host, ...rest }: Registry | PrivateRegistry, reference: string): Promise<Tagged> {
  const [name = '', tag = ''] = reference.split(':');
  const answer = await fetch(`http://${host}/v2/${name}/manifests/${tag}`, {
    headers: { accept: manifests.join(', '), ...('user' in rest && { authorization: `Basic ${basic(rest)}` }) },
  });
  if (!answer.ok) throw new Error(`cannot find ${reference} on ${host}: ${answer.status}`);
  return { digest: answer.headers.get('docker-content-digest'), manifest: (await answer.json()) as JsonObject };
}
