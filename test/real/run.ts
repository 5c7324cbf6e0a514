import { execFileSync, spawnSync } from 'node:child_process';
import { inOwnNetwork } from '../../lab/own-network.ts';
import { inTurns } from '../../src/provisioner/in-turns.ts';
import { setup } from './support/build-tools.ts';

/**
 * Runs vitest in a network of its own: provider-kubernetes and dfs take fixed ports on all interfaces, and what the tests
 * do must not depend on any other host. So everything that is fetched is fetched before.
 *
 *   node test/real/run.ts [--parts] --config vitest.real.config.ts [file …]
 *
 * --parts: several parts beside each other, each in its own network, because labs mostly wait.
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

/** Parts that run beside each other, the longest first; what none of them names is one more, if there is any. */
const parts = [
  ['lab/namespaced'],
  ['provisioner', 'postgres', 'dfs'],
  ['lab/percona'],
  ['lab/operators'],
  ['lab/claims-v1'],
  ['crossplane', 'package', 'docs', 'client', 'lab/lab'],
  ['lab/claims'],
  ['provisioner-edges', 'shares'],
].map((names) => names.map((name) => `test/real/${name}.test.ts`));

/** How many of them run at a time: labs mostly wait, but two processors do not bear more. */
const AT_A_TIME = 4;

const args = process.argv.slice(2).filter((argument) => argument !== '--parts');
const vitest = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', ...args];
if (!canIsolate()) {
  process.exitCode = spawnSync(process.execPath, vitest.slice(1), { stdio: 'inherit' }).status ?? 1;
} else if (args.length === process.argv.length - 2) {
  process.exitCode = await inOwnNetwork(vitest);
} else {
  const { VITEST_RESULTS: results } = process.env;
  const resultsOf = (part: number): Record<string, string> =>
    results === undefined ? {} : { VITEST_RESULTS: `${results}.${part}.json` };
  const rest = [...vitest, ...parts.flat().flatMap((file) => ['--exclude', file])];
  const commands = [...parts.map((files) => [...vitest, ...files]), [...rest, '--passWithNoTests']];
  const codes: number[] = [];
  const run = async ([part, command]: readonly [number, readonly string[]]): Promise<void> => {
    codes.push(await inOwnNetwork(command, resultsOf(part)));
  };
  await inTurns([...commands.entries()], run, AT_A_TIME);
  process.exitCode = Math.max(...codes);
}
