import { spawn } from 'node:child_process';

/** Runs a command in a network of its own, of which only the loopback is up, and resolves with its exit code. */
export async function inOwnNetwork(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const namespaces = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];
  const script = 'ip link set lo up && exec "$0" "$@"';
  const child = spawn('unshare', [...namespaces, 'sh', '-c', script, ...command], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}
