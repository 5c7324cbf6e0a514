import { execFileSync, spawnSync } from 'node:child_process';
import { inOwnNetwork } from '../../lab/own-network.ts';
import { setup } from './support/build-tools.ts';

/**
 * Runs vitest in a network of its own: provider-kubernetes and dfs take fixed ports on all interfaces, and what the tests
 * do must not depend on any other host. So everything that is fetched is fetched before.
 *
 *   node test/real/run.ts [--parts] --config vitest.real.config.ts [file …]
 *
 * --parts: some of the labs beside the rest, each part in its own network, because labs mostly wait.
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

/** Labs that run beside the rest. They mostly wait: what two processors do meanwhile is shared by all. */
const beside = [['namespaced'], ['claims', 'percona-operator'], ['claims-v1'], ['percona']].map((labs) =>
  labs.map((lab) => `test/real/lab/${lab}.test.ts`),
);
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
  const codes = await Promise.all([
    inOwnNetwork([...vitest, ...beside.flat().flatMap((file) => ['--exclude', file])]),
    ...beside.map(async (files, part) => inOwnNetwork([...vitest, ...files], resultsOf(part))),
  ]);
  process.exitCode = Math.max(...codes);
}
