import { chownSync, readFileSync } from 'node:fs';

/** Whether processes of this one may run as that user: under `unshare --map-root-user` nobody but root exists. */
function exists(user: number): boolean {
  const maps = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n');
  return maps.some((map) => {
    const [first = 0, , count = 0] = map.trim().split(/\s+/).map(Number);
    return user >= first && user < first + count;
  });
}

/**
 * The command, run as a user without rights: PostgreSQL refuses root, and the image of dfs has none. It gets SIGINT when
 * who started it ends, so that it never outlives the tests.
 */
export function asUser(user: number, ...command: readonly string[]): readonly [string, ...string[]] {
  const bound = ['setpriv', '--pdeathsig', 'INT'] as const;
  if (process.getuid?.() !== 0) return [...bound, ...command];
  if (exists(user)) return [...bound, '--reuid', `${user}`, '--regid', `${user}`, '--clear-groups', ...command];
  return ['unshare', '--user', `--map-user=${user}`, `--map-group=${user}`, ...bound, ...command];
}

/** Gives files to that user; where only root exists, they are its already. */
export function give(user: number, ...paths: readonly string[]): void {
  if (process.getuid?.() !== 0 || !exists(user)) return;
  for (const path of paths) chownSync(path, user, user);
}
