import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../lab/lab.ts';
import { textAt } from '../../src/lib/json.ts';
import { auditFrom } from '../real/lab/support/audit.ts';
import { canRunLab } from '../real/lab/support/can-run.ts';
import { labFor, ownPackages } from '../real/lab/support/start.ts';
import { changes, dittoServer, example, newTenant } from '../real/lab/support/tenant.ts';

const can = await canRunLab();
const root = join(import.meta.dirname, '../..');

function git(...args: readonly string[]): string {
  return execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

/** The last release; before the first one, the commit before. */
function before(): string {
  try {
    return git('describe', '--tags', '--abbrev=0', 'HEAD~1');
  } catch {
    return git('rev-parse', 'HEAD~1');
  }
}

describe.skipIf(!can)('upgrade from the version before', () => {
  const folder = mkdtempSync(join(tmpdir(), 'function-dittofs-upgrade-'));
  const checkout = join(folder, 'before');
  let lab: Lab;

  beforeAll(async () => {
    git('worktree', 'add', '--detach', checkout, before());
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
    execFileSync('npm', ['run', '--silent', 'package'], { cwd: checkout, stdio: 'ignore' });
    lab = await labFor('namespaced', { folder: join(checkout, 'dist'), version: ownPackages().version });
  });
  afterAll(async () => {
    git('worktree', 'remove', '--force', checkout);
    rmSync(folder, { recursive: true });
    // Last: without a lab it fails.
    await lab[Symbol.asyncDispose]();
  });

  it('deletes nothing and restarts no pod', async () => {
    const tenant = await newTenant(lab);
    await tenant.apply(example('quickstart', 'quickstart'));
    await tenant.apply(dittoServer('content', { storage: { contentSize: '1Gi' } }));
    await tenant.untilSettled('quickstart');
    await tenant.untilSettled('content');
    const pods = async (): Promise<readonly (string | undefined)[]> =>
      Promise.all(
        ['quickstart', 'content'].map(async (name) => textAt(await tenant.get(`pod/${name}-0`), 'metadata', 'uid')),
      );
    const [snapshot, running, audit] = [await tenant.snapshot(), await pods(), auditFrom(lab.auditLog)];

    // The packages of this checkout under the next version, and the function with them.
    const next = 'v0.1.1-next';
    execFileSync(process.execPath, ['scripts/package.ts', '--version', next, '--output', folder], {
      cwd: root,
      stdio: 'ignore',
    });
    copyFileSync(join(root, 'dist/main.js'), join(checkout, 'dist/main.js'));
    await lab.publish({ folder, version: next });
    await lab.halt('function-dittofs');
    await lab.resume('function-dittofs');
    await lab.shell(`
      kubectl patch function.pkg.crossplane.io/dittofs-function-dittofs --type=merge \\
        -p '{"spec":{"package":"ghcr.io/dittofs/function-dittofs:${next}"}}'
      crossplane xpkg update configuration ghcr.io/dittofs/configuration-dittofs:${next}`);
    await expect
      .poll(async () => lab.shell('kubectl get configurations,functions'), { timeout: 120_000, interval: 1000 })
      .toMatch(
        new RegExp(
          `True +True +ghcr.io/dittofs/configuration-dittofs:${next}[\\s\\S]*True +True +ghcr.io/dittofs/function-dittofs:${next}`,
        ),
      );

    // An edit of each shows that the new version is at work.
    for (const name of ['quickstart', 'content']) {
      await tenant.patch(name, { spec: { service: { annotations: { 'example.com/upgraded': next } } } });
      await tenant.untilSettled(name);
    }
    expect(changes(snapshot, await tenant.snapshot())).toEqual(['Service/content-file', 'Service/quickstart-file']);
    expect(await pods()).toEqual(running);
    const deleted = audit
      .since()
      .filter(({ verb, namespace }) => namespace === tenant.namespace && verb.includes('delete'));
    expect(deleted).toEqual([]);
  });
});
