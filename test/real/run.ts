import { execFileSync } from 'node:child_process';
import { inOwnNetwork } from '../../lab/own-network.ts';
import { setup } from './support/build-tools.ts';

/**
 * Runs the suite in a network of its own: provider-kubernetes and dfs take fixed ports on all interfaces, and what they
 * are asked must not depend on any other host. So everything that is fetched is fetched before.
 */
await setup();

function canIsolate(): boolean {
  try {
    execFileSync('unshare', [process.getuid?.() === 0 ? '--net' : '--map-root-user', '--net', 'ip', 'link'], {
      stdio: 'ignore',
    });
    return true;
  } catch (error) {
    if (process.env.CI === 'true') throw new Error('CI needs unshare and ip', { cause: error });
    process.stderr.write('There are no network namespaces here: the tests share this network\n');
    return false;
  }
}

const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)];
if (canIsolate()) process.exitCode = await inOwnNetwork([process.execPath, ...vitest]);
else execFileSync(process.execPath, vitest, { stdio: 'inherit' });
