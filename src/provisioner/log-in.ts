import * as z from 'zod';
import type { Failure } from './answer.ts';
import { path } from './path.ts';
import type { Request, Wire } from './wire.ts';

/** Somebody who is logged in. */
export interface LoggedIn {
  readonly ok: true;
  readonly token: string;
  /** When to log in anew, in milliseconds since 1970: a bit before the token expires. */
  readonly renew: number;
}

/** Somebody who is not. */
export interface NotLoggedIn extends Failure {
  /** Whether the password is right all the same: it has to be confirmed, and was not. */
  readonly isEntitled: boolean;
}

/** The most milliseconds before its end at which a token is no longer used; of one that lives shortly, a tenth of its life. */
const MARGIN = 60_000;

const Tokens = z.looseObject({
  access_token: z.string(),
  expires_in: z.number(),
  user: z.looseObject({ must_change_password: z.boolean().optional() }).optional(),
});

/** Changes one's own password to the same one. */
export function confirmation(password: string): Request {
  return { method: 'POST', path: path('users', 'me', 'password'), body: { new_password: password } };
}

/**
 * Logs in with a name and a password.
 *
 * Somebody who first has to change the password changes it to the same one, which the server allows: the password in the
 * Secret is the one that is meant to stay.
 */
export async function logIn(wire: Wire, username: string, password: string): Promise<LoggedIn | NotLoggedIn> {
  const asked = Date.now();
  const answer = await wire.send({ method: 'POST', path: path('auth', 'login'), body: { username, password } });
  if (!answer.ok) return { ...answer, isEntitled: false };
  const first = Tokens.safeParse(answer.body);
  if (!first.success) return notTokens;
  if (first.data.user?.must_change_password !== true) return loggedIn(first.data, asked);

  if (!wire.canWrite) return unconfirmed(403, `${username} has to confirm the password, which a dry run does not do`);
  const changed = await wire.send(confirmation(password), first.data.access_token);
  if (!changed.ok) return unconfirmed(changed.status, `the password cannot be confirmed: ${changed.reason}`);
  const second = Tokens.safeParse(changed.body);
  return second.success ? loggedIn(second.data, asked) : notTokens;
}

function unconfirmed(status: number, reason: string): NotLoggedIn {
  return { ok: false, isEntitled: true, status, reason };
}

const notTokens: NotLoggedIn = {
  ok: false,
  isEntitled: false,
  status: 500,
  reason: 'the server answered the login without a token',
};

function loggedIn({ access_token: token, expires_in: seconds }: z.output<typeof Tokens>, asked: number): LoggedIn {
  const life = seconds * 1000;
  return { ok: true, token, renew: asked + life - Math.min(MARGIN, life / 10) };
}
