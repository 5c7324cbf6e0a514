import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../../../lab/program.ts';
import { textAt, type JsonObject } from '../../../src/lib/json.ts';
import { clusterWith, type Example } from '../../support/examples.ts';
import { renderedOf } from './rendered.ts';
import { tool } from './tools.ts';

/** The server that an example becomes. */
export interface DfsProgram extends Program {
  /** The Secret of its administrator, as it was composed. */
  readonly adminSecret: JsonObject;
  /** The port behind that of NFS in the Service. */
  readonly nfsPort: number;
}

/** Describes dfs as the example's pod would start it, with a folder as its whole file system: so all paths are those of the pod. */
export async function describeDfs(example: Example, parent: string): Promise<DfsProgram> {
  const cluster = clusterWith(example);
  cluster.bringUp();
  const name = textAt(example.manifest, 'metadata', 'name') ?? '';
  const { args, env, volumes, ports } = renderedOf(cluster, name);
  const adminSecret = cluster.live('Secret', `${name}-admin-bootstrap-credentials`);
  if (adminSecret === undefined) throw new Error(`cannot find the Secret of the administrator of ${name}`);

  const root = join(parent, 'dfs');
  for (const [mount, files] of Object.entries(volumes)) {
    mkdirSync(join(root, mount), { recursive: true });
    for (const [file, content] of Object.entries(files)) writeFileSync(join(root, mount, file), content);
  }
  copyFileSync(await tool('dfs'), join(root, 'server'));
  // Without a flag, unshare only runs what follows.
  const right = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return {
    name: 'dfs',
    command: 'unshare',
    args: [...right, 'chroot', root, '/server', ...args],
    env,
    ready: async () => (await fetch(`http://127.0.0.1:${ports.api ?? 0}/health/ready`)).ok,
    adminSecret,
    nfsPort: ports.nfs ?? 0,
  };
}
