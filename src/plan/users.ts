import type { DeclaredGroup, DeclaredUser } from '../api/provisioning.ts';
import type { Spec } from '../api/v1alpha1/spec.ts';
import { isOurs } from '../kubernetes/marks.ts';
import { deriveSecret } from '../lib/hash.ts';
import { generate, wasMade, type CredentialContext, type GeneratedSecret } from './credentials.ts';
import { userSecretName } from './names.ts';

type User = NonNullable<Spec['users']>[number];

/** A user whose password is, or was, generated. */
export interface GeneratedUser {
  readonly user: string;
  /** Whether the server is to know this password, and not one that the user brings, or none any more. */
  readonly isUsed: boolean;
  /** Undefined where nobody needs it, and the Secret of that name is somebody else's. */
  readonly secret: GeneratedSecret | undefined;
}

/** The key of a password in a Secret of type kubernetes.io/basic-auth. */
const PASSWORD = 'password';

function isGenerated({ passwordSecretRef }: User): boolean {
  return passwordSecretRef === undefined;
}

const KEY = 'user.';

/** The key of the Secret of a user in the composition. */
export function userKey(user: string): `user.${string}` {
  return `${KEY}${user}`;
}

/** Users whose Secret was made: it stays until the DittoServer goes, and shares the fate of the data. */
function formerUsers({ observed, marks }: CredentialContext): readonly string[] {
  return [...observed]
    .filter(([key, { resource }]) => key.startsWith(KEY) && isOurs(resource, marks))
    .map(([key]) => key.slice(KEY.length));
}

/** The users for whom the spec brings, or brought, no password, each with a Secret that is made once. */
export function planGeneratedUsers(
  { users = [] }: Spec,
  server: string,
  context: CredentialContext,
): readonly GeneratedUser[] {
  const declared = users.filter(isGenerated).map(({ name }) => name);
  return [...new Set([...declared, ...formerUsers(context)])].sort().map((user) => {
    const name = userSecretName(user, server);
    const fresh = { username: user, [PASSWORD]: deriveSecret(context.entropy, name, 18) };
    const isUsed = declared.includes(user);
    const isKept = isUsed || wasMade(context.observed.get(userKey(user)), context.marks);
    return { user, isUsed, secret: isKept ? generate(name, userKey(user), fresh, context) : undefined };
  });
}

/** Everybody whom the server is to know. */
export function planUsers({ users = [] }: Spec, server: string): readonly DeclaredUser[] {
  return users.map(({ name, passwordSecretRef, role, uid, gid, groups, enabled, email, displayName }) => ({
    name,
    password:
      passwordSecretRef === undefined
        ? { secret: userSecretName(name, server), key: PASSWORD }
        : { secret: passwordSecretRef.name, key: passwordSecretRef.key },
    role,
    uid,
    gid,
    groups: [...groups].sort(),
    enabled,
    email,
    display_name: displayName,
  }));
}

/** The groups of the spec. */
export function planGroups({ groups = [] }: Spec): readonly DeclaredGroup[] {
  return groups.map(({ name, gid, description }) => ({ name, gid, description }));
}
