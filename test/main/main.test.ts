import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../../scripts/build.ts';

/** Outside of the repository, so that no node_modules is found: the program has to run alone. */
const folder = mkdtempSync(join(tmpdir(), 'program-'));
const program = join(folder, 'main.js');
const quickstart = resolve('examples/quickstart.yaml');

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], input = ''): Ran {
  const env = { ...process.env, TLS_SERVER_CERTS_DIR: '' };
  return spawnSync(process.execPath, [program, ...args], { cwd: folder, input, encoding: 'utf8', env });
}

beforeAll(async () => {
  await buildProgram(program);
});

describe('render', () => {
  it('prints what was reviewed, without colours where nobody looks', () => {
    const started = performance.now();
    const { status, stdout, stderr } = run(['render', quickstart]);
    console.info(`render of the quick start, as a process: ${Math.round(performance.now() - started)} ms`);
    expect([status, stderr]).toEqual([0, '']);
    const golden = readFileSync('test/render/golden/quickstart.tree.txt', 'utf8');
    expect(stdout).toBe(golden.replace('examples/quickstart.yaml', quickstart));
  });

  it('reads standard input', () => {
    const { status, stdout } = run(['render', '-', '--format', 'json'], readFileSync(quickstart, 'utf8'));
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ file: 'standard input', ready: false });
  });

  it('prints a server that is ready', () => {
    const { stdout } = run(['render', quickstart, '--observed', resolve('test/render/fixtures/quickstart-ready')]);
    expect(stdout).toContain('DittoServer default/my-dittofs  Running, ready');
  });

  it('is refused in the words of the cluster, on standard error, with exit code 1', () => {
    const bad = readFileSync(quickstart, 'utf8').replace('5Gi', '"10 GB"');
    expect(run(['render', '-'], bad)).toMatchObject({
      status: 1,
      stdout: '',
      stderr:
        'standard input: DittoServer default/my-dittofs is refused:\n  spec.storage.metadataSize: "10 GB" is not a quantity such as "10Gi"\n',
    });
  });

  it.each([
    ['a missing file', ['nope.yaml'], 'cannot read nope.yaml: no such file or directory\n'],
    ['no manifest', ['-'], 'standard input: holds no manifest\n'],
    ['no file', [], "error: missing required argument 'file'\n"],
    [
      'an unknown format',
      [quickstart, '--format', 'xml'],
      "error: option '--format <format>' argument 'xml' is invalid. Allowed choices are tree, yaml, mermaid, json.\n",
    ],
  ])('ends with one line and exit code 1: %s', (_case, args, stderr) => {
    expect(run(['render', ...args])).toMatchObject({ status: 1, stdout: '', stderr });
  });

  it('does not mind a reader that leaves', () => {
    const many = Array.from({ length: 200 }, () => readFileSync(quickstart, 'utf8')).join('---\n');
    const command = `"${process.execPath}" "${program}" render - --format yaml | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', command], { input: many, encoding: 'utf8' });
    expect([stdout, stderr]).toEqual(['---\n0\n', '']);
  });

  it('explains itself', () => {
    const { status, stdout } = run(['render', '--help']);
    expect(status).toBe(0);
    for (const word of ['--observed', '--required', '--input', '--format', '--all', 'mermaid', 'Examples:']) {
      expect(stdout).toContain(word);
    }
    expect(run(['--help']).stdout).toMatch(/serve .*\n\s+render /s);
  });
});

describe('serve, the default', () => {
  it('ends with one line where it has no certificates', () => {
    const { status, stdout, stderr } = run([]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^.*--insecure.*\n$/);
  });

  it('ends with one line where the port is taken', async () => {
    const other = createServer();
    const port = await new Promise<number>((done) => {
      other.listen(0, '127.0.0.1', () => {
        const address = other.address();
        done(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const { status, stderr } = run([
      '--insecure',
      '--address',
      `127.0.0.1:${port}`,
      '--metrics-address',
      '127.0.0.1:0',
    ]);
    other.close();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^.*cannot listen on .*address already in use.*\n$/);
  });

  it('says that it serves, and ends on SIGTERM', async () => {
    const started = performance.now();
    const args = ['--insecure', '--address', '127.0.0.1:0', '--metrics-address', '127.0.0.1:0'];
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((done) => {
      child.stdout.once('data', (data: Buffer) => {
        done(data.toString());
      });
    });
    console.info(`ready to serve after ${Math.round(performance.now() - started)} ms`);
    expect(JSON.parse(line)).toMatchObject({ msg: 'serving', tls: false });
    const code = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    expect(await code).toBe(0);
  });
});
