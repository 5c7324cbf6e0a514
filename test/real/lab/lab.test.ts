import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLab, type LabOptions } from '../../../lab/lab.ts';
import { runs } from '../../../lab/program.ts';
import { readState, stopLab } from '../../../lab/state.ts';
import { canRunLab } from './support/can-run.ts';
import { ownPackages } from './support/start.ts';

const can = await canRunLab();
const run = promisify(execFile);

describe.skipIf(!can)('npm run lab', () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'function-dittofs-lab-'));
    folder = join(parent, 'lab');
  });
  afterEach(async () => {
    await stopLab(folder);
    rmSync(parent, { recursive: true, force: true });
  });

  function options(more: Partial<LabOptions> = {}): LabOptions {
    return { flavour: 'namespaced', folder, packages: ownPackages(), says: () => undefined, ...more };
  }

  async function lab(...args: readonly string[]): Promise<string> {
    const main = join(import.meta.dirname, '../../../lab/main.ts');
    return (await run(process.execPath, [main, ...args, '--folder', folder])).stdout;
  }

  it('starts, can be said twice, and ends exactly what it started', async () => {
    expect(await lab('start', '--prepared')).toContain(`export KUBECONFIG=${folder}/kubeconfig`);
    const programs = readState(folder)?.programs ?? [];
    expect(programs.map(({ name }) => name)).toContain('kube-apiserver');
    expect(await lab('start', '--prepared')).toContain('The lab runs already.');
    expect(readState(folder)?.programs).toEqual(programs);

    expect(await lab('stop')).toContain('kube-apiserver');
    expect(programs.filter(runs)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    expect(await lab('stop')).toContain('No lab runs.');
  });

  it('says which program failed, with the end of its log, and leaves nothing running', async () => {
    const broken = join(parent, 'packages');
    const { folder: dist, version } = ownPackages();
    await run('mkdir', [broken]);
    for (const file of readdirSync(dist).filter((name) => name.endsWith('.xpkg')))
      symlinkSync(join(dist, file), join(broken, file));
    writeFileSync(join(broken, 'main.js'), 'console.error("out of order"); process.exit(1);');
    await expect(startLab(options({ packages: { folder: broken, version } }))).rejects.toThrow(
      /cannot start function-dittofs: it has ended; its log ends with\n.*out of order/,
    );
    expect(readState(folder)?.programs.length).toBeGreaterThan(3);
    expect(readState(folder)?.programs.filter(runs)).toEqual([]);
  });

  it('is interrupted, and leaves nothing running', async () => {
    const aborting = new AbortController();
    const says = (line: string): void => {
      if (line.startsWith('etcd')) aborting.abort();
    };
    await expect(startLab(options({ says, abort: aborting.signal }))).rejects.toThrow('interrupted');
    expect(readState(folder)?.programs.map(({ name }) => name)).toContain('etcd');
    expect(readState(folder)?.programs.filter(runs)).toEqual([]);
  });

  it('says that there are no packages, and leaves nothing running', async () => {
    const nothing = { folder: parent, version: 'v0.1.0' };
    await expect(startLab(options({ packages: nothing }))).rejects.toThrow(
      'cannot push dittofs/function-dittofs: there is no package in',
    );
    expect(readState(folder)?.programs.filter(runs)).toEqual([]);
  });

  it('says that a port of provider-kubernetes is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(8080, '127.0.0.1', resolve));
    await expect(startLab(options())).rejects.toThrow('needs port 8080 on all interfaces, and it is taken');
    await new Promise((resolve) => server.close(resolve));
  });

  it('touches no folder that is not its own', async () => {
    await run('mkdir', [folder]);
    writeFileSync(join(folder, 'thesis.txt'), 'years of work');
    await expect(startLab(options())).rejects.toThrow(`cannot use ${folder}: it is not empty, and not a lab's`);
    expect(await lab('stop')).toContain('No lab runs.');
    expect(readdirSync(folder)).toEqual(['thesis.txt']);
  });
});
