import { createHmac, randomBytes } from 'node:crypto';
import type { DeclaredUser } from '../api/provisioning.ts';
import { logIn } from './log-in.ts';
import type { Round } from './round.ts';
import { inTurns } from './in-turns.ts';
import { setPassword, type Settle } from './users.ts';
import type { Wire } from './wire.ts';

/** Compares the passwords of users with those that are declared. */
export interface Passwords {
  /** Takes over the password of a user that was just made. */
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

  const settle: Settle = async ({ name, role }, password) => {
    // A new password of an administrator has to be changed at the first login: to itself.
    if (role === 'admin' && !(await logIn(wire, name, password)).ok) return;
    known.set(name, { digest: digestOf(password), since: Date.now() });
  };

  const check = async (round: Round, user: DeclaredUser, password: string): Promise<void> => {
    const { name } = user;
    const answer = await logIn(wire, name, password);
    if (answer.ok) known.set(name, { digest: digestOf(password), since: Date.now() });
    else if (answer.status === 401 && (await setPassword(round, user, password))) await settle(user, password);
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
