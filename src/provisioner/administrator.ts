import type { Answer, Failure } from './answer.ts';
import { logIn, type LoggedIn } from './log-in.ts';
import { path } from './path.ts';
import type { Request, Wire } from './wire.ts';

/** A password as the Secret has it, in the forms in which the server may have got it. */
export interface AdminPassword {
  /** Without the newline at its end: what people type. */
  readonly value: string;
  /** With it: the server's environment, from which it took its first password, has it, too. */
  readonly exact: string;
}

/** The administrator's session: it logs in when it has to, and again when its token expires. */
export interface Administrator {
  /** Logs in with what the Secret now says; `rotated` where the server's password was changed for that. */
  readonly arrive: (password: AdminPassword) => Promise<{ readonly ok: true; readonly rotated: boolean } | Failure>;
  readonly send: (request: Request) => Promise<Answer>;
}

/** Milliseconds before its end at which a token is no longer used. */
const MARGIN = 60_000;

/** The name of the one user that every server has. */
export const ADMIN = 'admin';

/** Somebody who does the administrator's work over a wire. */
export function createAdministrator(wire: Wire): Administrator {
  let working: string | undefined;
  let session: LoggedIn | undefined;

  const enter = async (password: string): Promise<LoggedIn | Failure> => {
    const answer = await logIn(wire, ADMIN, password);
    if (answer.ok) [working, session] = [password, answer];
    return answer;
  };

  /** Makes the new password the server's, with the one that worked until now. */
  const rotate = async (former: string, wanted: string): Promise<LoggedIn | Failure> => {
    const entered = await enter(former);
    if (!entered.ok) return entered;
    const body = { current_password: former, new_password: wanted };
    const changed = await wire.send({ method: 'POST', path: path('users', 'me', 'password'), body }, entered.token);
    return changed.ok ? enter(wanted) : changed;
  };

  const fresh = (): LoggedIn | undefined =>
    session !== undefined && Date.now() < session.expires - MARGIN ? session : undefined;

  return {
    arrive: async ({ value, exact }) => {
      const known = working;
      if (fresh() !== undefined && (known === value || known === exact)) return { ok: true, rotated: false };
      let answer = await enter(value);
      if (!answer.ok && answer.status === 401 && exact !== value) answer = await enter(exact);
      if (answer.ok) return { ok: true, rotated: false };
      if (answer.status !== 401 || known === undefined || known === value) return answer;
      const rotated = await rotate(known, value);
      // What does not open the door any more is not tried again and again.
      if (!rotated.ok && rotated.status === 401) working = undefined;
      return rotated.ok ? { ok: true, rotated: true } : rotated.status === 401 ? answer : rotated;
    },
    send: async (request) => {
      if (fresh() === undefined && working !== undefined) await enter(working);
      const answer = await wire.send(request, session?.token);
      if (answer.ok || (answer.status !== 401 && answer.status !== 403) || working === undefined) return answer;
      // The token may have been signed with a key that the server no longer has, or the password has to be changed by now.
      const again = await enter(working);
      return again.ok ? wire.send(request, again.token) : answer;
    },
  };
}
