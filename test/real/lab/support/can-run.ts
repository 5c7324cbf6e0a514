import { execFileSync } from 'node:child_process';
import { goVersion } from '../../../../lab/tools.ts';

/** Whether a lab can run here: Go builds its programs, and Linux gives some of them namespaces of their own. */
export async function canRunLab(): Promise<boolean> {
  if ((await goVersion()) === undefined) return false;
  try {
    execFileSync('unshare', process.getuid?.() === 0 ? ['--mount', 'true'] : ['--mount', '--map-root-user', 'true']);
    return true;
  } catch (error) {
    if (process.env.CI === 'true') throw new Error('CI needs unshare', { cause: error });
    process.stderr.write('There are no mount namespaces here: the tests in the lab are skipped\n');
    return false;
  }
}
