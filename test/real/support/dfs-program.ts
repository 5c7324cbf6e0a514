import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../../../lab/program.ts';
import { decodeBase64 } from '../../../src/lib/hash.ts';
import { listAt, numberAt, textAt, textsAt, type JsonObject } from '../../../src/lib/json.ts';
import { firstContainer } from '../../support/api-server.ts';
import { clusterWith, type Example } from '../../support/examples.ts';
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
  const container = firstContainer(cluster.live('StatefulSet', name));
  const env = listAt(container, 'env').map((entry) => {
    const secret = cluster.live('Secret', textAt(entry, 'valueFrom', 'secretKeyRef', 'name') ?? '');
    const data = textsAt(secret, 'data')[textAt(entry, 'valueFrom', 'secretKeyRef', 'key') ?? ''] ?? '';
    return [textAt(entry, 'name') ?? '', textAt(entry, 'value') ?? decodeBase64(data)] as const;
  });
  const ports = listAt(container, 'ports').map(
    (port) => [textAt(port, 'name') ?? '', numberAt(port, 'containerPort') ?? 0] as const,
  );
  const { api = 0, nfs = 0 } = Object.fromEntries(ports);
  const adminSecret = cluster.live('Secret', `${name}-admin-bootstrap-credentials`);
  if (adminSecret === undefined) throw new Error(`cannot find the Secret of the administrator of ${name}`);

  const root = join(parent, 'dfs');
  for (const folder of ['tmp', 'data/controlplane', 'data/store/metadata'])
    mkdirSync(join(root, folder), { recursive: true });
  const config = textAt(cluster.live('ConfigMap', `${name}-config`), 'data', 'config.yaml') ?? '';
  writeFileSync(join(root, 'config.yaml'), config);
  copyFileSync(await tool('dfs'), join(root, 'server'));
  // Without a flag, unshare only runs what follows.
  const right = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return {
    name: 'dfs',
    command: 'unshare',
    args: [...right, 'chroot', root, '/server', 'start', '--foreground', '--config', '/config.yaml'],
    env: Object.fromEntries(env),
    ready: async () => (await fetch(`http://127.0.0.1:${api}/health/ready`)).ok,
    adminSecret,
    nfsPort: nfs,
  };
}
