import { execFile } from 'node:child_process';
import { askWith, getWith } from './api.ts';
import type { JsonObject } from '../src/lib/json.ts';

/** The Kubernetes API, by kubectl. */
export interface Kubectl {
  /** Runs kubectl and returns what it prints; rejects with what it says when it fails. */
  (...args: readonly string[]): Promise<string>;
  /** An object or list; undefined where it does not exist, or is empty. */
  readonly get: (...args: readonly string[]) => Promise<JsonObject | undefined>;
  /** Applies manifests with server-side apply, as the field manager `lab`. */
  readonly apply: (...manifests: readonly object[]) => Promise<string>;
  /** The same for the status of one object. */
  readonly applyStatus: (manifest: object) => Promise<string>;
}

function run(program: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr.trim() === '' ? error.message : stderr.trim()));
    });
    // Whoever ends before it has read its input says itself why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

/** kubectl for one cluster. */
export function kubectlFor(program: string, kubeconfig: string): Kubectl {
  const kubectl = async (...args: readonly string[]): Promise<string> =>
    run(program, ['--kubeconfig', kubeconfig, ...args]);
  const apply = [
    '--kubeconfig',
    kubeconfig,
    'apply',
    '--server-side',
    '--field-manager=lab',
    '--force-conflicts',
    '-f',
    '-',
  ];
  return Object.assign(kubectl, {
    get: getWith(askWith(kubeconfig)),
    apply: async (...manifests: readonly object[]) =>
      run(program, apply, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests })),
    applyStatus: async (manifest: object) => run(program, [...apply, '--subresource=status'], JSON.stringify(manifest)),
  });
}
