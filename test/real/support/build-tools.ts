import { buildTools, goVersion } from '../../../lab/tools.ts';

/** Builds every program before the first test, so that no test waits for a compiler. */
export async function setup(): Promise<void> {
  if ((await goVersion()) === undefined)
    process.stderr.write('Go is not installed: the tests against real programs are skipped\n');
  else await buildTools();
}
