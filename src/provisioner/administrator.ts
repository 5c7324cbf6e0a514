import type { Answer, Failure } from './answer.ts';
import { logIn, type LoggedIn, type NotLoggedIn } from './log-in.ts';
import { hasPasswordLength } from './password-length.ts';
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

/** A login under way. */
interface Entering {
  readonly password: string;
  readonly answer: Promise<LoggedIn | NotLoggedIn>;
}

/** The name of the one user that every server has. */
export const ADMIN = 'admin';

/** Somebody who does the administrator's work over a wire. */
export function createAdministrator(wire: Wire): Administrator {
  let working: string | undefined;
  let session: LoggedIn | undefined;
  let entering: Entering | undefined;

  const logInNow = async (password: string): Promise<LoggedIn | NotLoggedIn> => {
    const answer = await logIn(wire, ADMIN, password);
    if (answer.ok) [working, session] = [password, answer];
    entering = undefined;
    return answer;
  };

  /** Logs in; once for all who need it at the same time. */
  const enter = async (password: string): Promise<LoggedIn | NotLoggedIn> => {
    if (entering?.password !== password) entering = { password, answer: logInNow(password) };
    return entering.answer;
  };

  /** Makes the new password the server's, with the one that worked until now. */
  const rotate = async (former: string, wanted: string): Promise<LoggedIn | Failure> => {
    const entered = await enter(former);
    if (!entered.ok) return entered;
    const body = { current_password: former, new_password: wanted };
    const changed = await wire.send({ method: 'POST', path: path('users', 'me', 'password'), body }, entered.token);
    return changed.ok ? enter(wanted) : changed;
  };

  const fresh = (): LoggedIn | undefined => (session !== undefined && Date.now() < session.renew ? session : undefined);

  return {
    arrive: async ({ value, exact }) => {
      const known = working;
      if (fresh() !== undefined && (known === value || known === exact)) return { ok: true, rotated: false };
      let answer = await enter(value);
      if (!answer.ok && answer.status === 401 && exact !== value) answer = await enter(exact);
      if (answer.ok) return { ok: true, rotated: false };
      const canRotate = known !== undefined && known !== value && hasPasswordLength(value);
      if (answer.status !== 401 || !canRotate) return answer;
      const rotated = await rotate(known, value);
      // What does not open the door any more is not tried again and again.
      if (!rotated.ok && rotated.status === 401) working = undefined;
      return rotated.ok ? { ok: true, rotated: true } : rotated.status === 401 ? answer : rotated;
    },
    send: async (request) => {
      if (fresh() === undefined && working !== undefined) await enter(working);
      const used = session?.token;
      const answer = await wire.send(request, used);
      if (answer.ok || (answer.status !== 401 && answer.status !== 403) || working === undefined) return answer;
      // The token may have been signed with a key that the server no longer has, or the password has to be changed by now.
      // Another request may have found that out already.
      if (session !== undefined && session.token !== used) return wire.send(request, session.token);
      const again = await enter(working);
      return again.ok ? wire.send(request, again.token) : answer;
    },
  };
}
