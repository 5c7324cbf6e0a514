import { createHmac, randomBytes } from 'node:crypto';
import type { DeclaredUser } from '../api/provisioning.ts';
import { confirmation, logIn } from './log-in.ts';
import type { Round } from './round.ts';
import { inTurns } from './in-turns.ts';
import { setPassword, type Settle } from './users.ts';
import type { Wire } from './wire.ts';

/** Compares the passwords of users with those that are declared. */
export interface Passwords {
  /** Takes over the password that a user was just given. */
  readonly settle: Settle;
  readonly converge: (round: Round, declared: ReadonlyMap<DeclaredUser, string>) => Promise<void>;
}

/** Passwords that are compared again in one round, those left alone for longest first: each costs the server 90 ms. */
const AGAIN = 10;

/** What is known of the password of a user. */
interface Known {
  readonly digest: string;
  readonly since: number;
}

/**
 * Compares by logging in as the user, the one way in which the server tells: so that no trace of a password has to be kept
 * anywhere but in this process, where it is keyed with randomness.
 *
 * Each is compared when the provisioner starts and when its Secret changes, and a few in every round for what is changed by hand:
 * one that was right `fresh` milliseconds ago is left alone.
 */
export function createPasswords(wire: Wire, fresh: number): Passwords {
  const key = randomBytes(32);
  const digestOf = (password: string): string => createHmac('sha256', key).update(password).digest('base64');
  const known = new Map<string, Known>();

  const know = (name: string, password: string): void => {
    known.set(name, { digest: digestOf(password), since: Date.now() });
  };

  const settle: Settle = async (round, { name, role }, password) => {
    // A new password of an administrator has to be changed at the first login: to itself.
    const answer = role === 'admin' && wire.canWrite ? await logIn(wire, name, password) : undefined;
    if (answer?.ok === false) round.problem('user', name, `its password is set, and not usable yet: ${answer.reason}`);
    else know(name, password);
  };

  const check = async (round: Round, user: DeclaredUser, password: string): Promise<void> => {
    // A login is not cut short when the provisioner stops.
    if (round.stopped() !== undefined) return;
    const { name } = user;
    const answer = await logIn(wire, name, password);
    if (answer.ok) know(name, password);
    else if (answer.isEntitled && !wire.canWrite) {
      const fields = [{ name: 'password (has to be confirmed)' }];
      await round.change({ kind: 'user', name, action: 'update', fields }, confirmation(password));
    } else if (answer.isEntitled || (answer.status !== 401 && answer.status !== 403)) {
      round.problem('user', name, `its password cannot be compared: ${answer.reason}`);
    } else if (answer.status === 401) {
      if (await setPassword(round, user, password)) await settle(round, user, password);
    }
    // Who is disabled by now is refused as such.
  };

  return {
    settle,
    converge: async (round, declared) => {
      // Who is disabled cannot log in, whatever the password; it is set when that ends.
      const enabled = [...declared].filter(([{ name }]) => {
        const user = round.server.users.get(name);
        // In a dry run, who would be made has no id.
        return user?.enabled === true && user.id !== '';
      });
      const isKnown = (name: string, password: string): boolean => known.get(name)?.digest === digestOf(password);
      const sinceOf = (name: string): number => known.get(name)?.since ?? 0;
      const unknown = enabled.filter(([{ name }, password]) => !isKnown(name, password));
      const again = enabled
        .filter(([{ name }, password]) => isKnown(name, password) && Date.now() - sinceOf(name) >= fresh)
        .sort(([a], [b]) => sinceOf(a.name) - sinceOf(b.name))
        .slice(0, AGAIN);
      await inTurns([...unknown, ...again], ([user, password]) => check(round, user, password));
    },
  };
}
