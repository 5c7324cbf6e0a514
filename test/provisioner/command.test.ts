import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { listen } from '../../src/listen/address.ts';
import { planWith } from './plan.ts';

/** Starts the provisioner with these flags. */
function start(...flags: string[]) {
  const child = spawn(process.execPath, ['src/main.ts', 'provision', ...flags]);
  const code = new Promise((resolve) => child.once('close', resolve));
  return { child, code, stderr: text(child.stderr) };
}

describe('the program', () => {
  it.each(['--once', '--dry-run'])('fails where its round is cut short: %s', async (flag) => {
    const folder = mkdtempSync(join(tmpdir(), 'function-dittofs-command-'));
    const plan = join(folder, 'plan.json');
    writeFileSync(plan, JSON.stringify(planWith()));
    mkdirSync(join(folder, 'admin'));
    writeFileSync(join(folder, 'admin', 'password'), 'the-password');
    // A server that takes connections, and never answers.
    const server = createServer();
    const isAsked = new Promise((resolve) => server.once('connection', resolve));
    const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
    const { child, code } = start('--plan', plan, '--secrets', folder, '--url', `http://127.0.0.1:${port}`, flag);
    await isAsked;
    child.kill('SIGTERM');
    expect(await code).toBe(1);
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('takes no password from its URL, and repeats none', async () => {
    const { code, stderr } = start(
      '--plan',
      'p',
      '--secrets',
      's',
      '--url',
      'http://me:the-word@127.0.0.1:1',
      '--once',
    );
    expect(await code).not.toBe(0);
    expect(await stderr).toBe(
      'error: cannot use --url: it holds credentials; the password of admin comes from its Secret\n',
    );
  });
});
