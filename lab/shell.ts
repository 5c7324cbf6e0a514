import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { tool } from './tools.ts';

const root = join(import.meta.dirname, '..');

/** Runs commands of a POSIX shell until one fails; resolves with what they print, rejects with what they say. */
export type Shell = (commands: string) => Promise<string>;

/** A shell that finds kubectl and crossplane on its path, and the cluster in KUBECONFIG. */
export async function shellFor(folder: string, kubeconfig: string): Promise<Shell> {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(await tool('kubectl'), join(bin, 'kubectl'));
  symlinkSync(await tool('crossplane-cli'), join(bin, 'crossplane'));
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}`, KUBECONFIG: kubeconfig };
  return async (commands) => {
    const child = spawn('sh', ['-euc', commands], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
    if (code !== 0) throw new Error(`cannot run\n${commands}\n${stdout}${stderr}`);
    return stdout;
  };
}

/** A block of commands in a section of a page of docs, counted from its heading; throws where there is none. */
export function commandsOf(heading: string, block = 0, page = 'install'): string {
  const [, section] = readFileSync(join(root, `docs/${page}.md`), 'utf8').split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [own = ''] = (section ?? '').split(/^#+ /m);
  const commands = [...own.matchAll(/^```sh\n([\s\S]*?)^```$/gm)][block]?.[1];
  if (commands === undefined) throw new Error(`docs/${page}.md has no block ${block} of commands under "${heading}"`);
  return commands;
}
