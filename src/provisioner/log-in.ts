import * as z from 'zod';
import type { Failure } from './answer.ts';
import { path } from './path.ts';
import type { Wire } from './wire.ts';

/** Somebody who is logged in. */
export interface LoggedIn {
  readonly ok: true;
  readonly token: string;
  /** When the token expires, in milliseconds since 1970. */
  readonly expires: number;
}

const Tokens = z.looseObject({
  access_token: z.string(),
  expires_in: z.number(),
  user: z.looseObject({ must_change_password: z.boolean().optional() }).optional(),
});

/**
 * Logs in with a name and a password.
 *
 * Somebody who first has to change the password changes it to the same one, which the server allows: the password in the
 * Secret is the one that is meant to stay.
 */
export async function logIn(wire: Wire, username: string, password: string): Promise<LoggedIn | Failure> {
  const asked = Date.now();
  const answer = await wire.send({ method: 'POST', path: path('auth', 'login'), body: { username, password } });
  if (!answer.ok) return answer;
  const first = Tokens.safeParse(answer.body);
  if (!first.success) return notTokens;
  if (first.data.user?.must_change_password !== true) return loggedIn(first.data, asked);

  const changed = await wire.send(
    { method: 'POST', path: path('users', 'me', 'password'), body: { new_password: password } },
    first.data.access_token,
  );
  if (!changed.ok) return changed;
  const second = Tokens.safeParse(changed.body);
  return second.success ? loggedIn(second.data, asked) : notTokens;
}

const notTokens: Failure = { ok: false, status: 500, reason: 'the server answered the login without a token' };

function loggedIn({ access_token: token, expires_in: seconds }: z.output<typeof Tokens>, asked: number): LoggedIn {
  return { ok: true, token, expires: asked + seconds * 1000 };
}
