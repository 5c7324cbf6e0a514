import { execFile, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Texts } from '../../../src/kubernetes/manifest.ts';
import { decodeBase64 } from '../../../src/lib/hash.ts';
import { listAt, numberAt, objectAt, textAt, textsAt, type Json } from '../../../src/lib/json.ts';
import { firstContainer } from '../../support/api-server.ts';
import { eventually } from '../../../lab/program.ts';
import { withHosts } from './dfs-process.ts';
import { renderedOf, type Objects } from './rendered.ts';
import { tool } from '../../../lab/tools.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, '../../../dist/main.js');

/** What a client’s program printed, and whether it was done. */
export interface Done {
  readonly ok: boolean;
  readonly output: string;
}

/**
 * A DittoServer that runs for real on this machine: its pod, the pod of its provisioner, and its file Service, all
 * started as the objects say that were composed. Disposing it ends it and removes what it has written.
 */
export interface Served extends AsyncDisposable {
  /** One round of the provisioner, with the plan and the Secrets as the cluster has them now. */
  readonly provision: (...flags: readonly string[]) => Promise<Done>;
  /** Ends the server and starts it again, as its StatefulSet is now, on the same volumes. */
  readonly restart: () => Promise<void>;
  /** What the server's API answers the administrator. */
  readonly ask: (path: string) => Promise<Json>;
  /** Text of a generated or brought Secret. */
  readonly secret: (name: string, key: string) => string;
}

/** Leads a port of a Service to that of the pod, as kube-proxy does. */
async function forward(port: number, target: number): Promise<Server> {
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

/** The ports of the file Service, and those of the pod behind them. */
async function startService(cluster: Objects, name: string): Promise<readonly Server[]> {
  const container = firstContainer(cluster.live('StatefulSet', name));
  const targets = new Map(
    listAt(container, 'ports').map((port) => [textAt(port, 'name'), numberAt(port, 'containerPort') ?? 0]),
  );
  const ports = listAt(cluster.live('Service', `${name}-file`), 'spec', 'ports');
  return Promise.all(
    ports.map(async (port) => forward(numberAt(port, 'port') ?? 0, targets.get(textAt(port, 'targetPort')) ?? 0)),
  );
}

/** The files that a kubelet mounts from Secrets, by their paths; what is optional and missing is none. */
function secretFiles(cluster: Objects, sources: readonly Json[]): Texts {
  const files: Record<string, string> = {};
  for (const source of sources) {
    const data = textsAt(cluster.live('Secret', textAt(source, 'secret', 'name') ?? ''), 'data');
    for (const item of listAt(source, 'secret', 'items')) {
      const value = data[textAt(item, 'key') ?? ''];
      if (value !== undefined) files[textAt(item, 'path') ?? ''] = decodeBase64(value);
    }
  }
  return files;
}

/** Writes what the pod of the provisioner has mounted. */
function writeMounts(cluster: Objects, name: string, folder: string): void {
  const pod = objectAt(cluster.live('Deployment', `${name}-provisioner`), 'spec', 'template', 'spec');
  const volume = (wanted: string): Json | undefined =>
    listAt(pod, 'volumes').find((one) => textAt(one, 'name') === wanted);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  rmSync(join(folder, 'secrets'), { recursive: true, force: true });
  const map = cluster.live('ConfigMap', textAt(volume('plan'), 'configMap', 'name') ?? '');
  write('plan/plan.json', textsAt(map, 'data')['plan.json'] ?? '');
  const files = secretFiles(cluster, listAt(volume('secrets'), 'projected', 'sources'));
  for (const [path, text] of Object.entries(files)) write(join('secrets', path), text);
}

/** Ends a server, and resolves once it has ended. */
type Stop = (signal: NodeJS.Signals) => Promise<void>;

/** Starts the server with a folder as its whole file system: so all paths are those of the pod. */
async function startServer(cluster: Objects, name: string, root: string): Promise<Stop> {
  const { args, env, volumes, ports } = renderedOf(cluster, name);
  for (const [mount, files] of Object.entries(volumes)) {
    mkdirSync(join(root, mount), { recursive: true });
    for (const [file, content] of Object.entries(files)) writeFileSync(join(root, mount, file), content);
  }
  copyFileSync(await tool('dfs'), join(root, 'server'));
  // Without a flag, unshare only runs what follows.
  const right = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const child = spawn('unshare', [...right, 'chroot', root, '/server', ...args], {
    env: { PATH: process.env.PATH, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      resolve();
    }),
  );
  const stop: Stop = async (signal) => {
    child.kill(signal);
    await ended;
  };
  const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${ports.api ?? 0}/health/ready`)).ok;
  if (await eventually(isReady, 30_000, { stop: () => child.exitCode !== null })) return stop;
  await stop('SIGKILL');
  throw new Error(`the server does not start: ${output}`);
}

/** Where the provisioner reports, where there is an API server: what a pod knows of it. */
export interface Reporting {
  readonly host: string;
  readonly port: number;
  /** The folder with the token of its account. */
  readonly account: string;
}

/** Starts the server that objects describe; the network has to be its own. */
export async function serve(
  cluster: Objects,
  { name, namespace }: { readonly name: string; readonly namespace: string },
  reporting?: Reporting,
): Promise<Served> {
  const pod = mkdtempSync(join(tmpdir(), 'function-dittofs-pod-'));
  const folder = mkdtempSync(join(tmpdir(), 'function-dittofs-served-'));
  writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost ${name}-api.${namespace}.svc\n`);
  let stop = await startServer(cluster, name, pod);
  const secret = (holder: string, key: string): string => {
    const value = textsAt(cluster.live('Secret', holder), 'data')[key];
    if (value === undefined) throw new Error(`there is no key ${key} in Secret ${holder}`);
    return decodeBase64(value);
  };
  const service = await startService(cluster, name);

  return {
    restart: async () => {
      await stop('SIGTERM');
      stop = await startServer(cluster, name, pod);
    },
    provision: async (...flags) => {
      writeMounts(cluster, name, folder);
      const container = firstContainer(cluster.live('Deployment', `${name}-provisioner`));
      const args = listAt(container, 'args').map(String);
      const status = args.indexOf('--status');
      const local = args
        .filter((_, index) => reporting !== undefined || (index !== status && index !== status + 1))
        .map((argument) => (argument.startsWith('/') ? join(folder, argument) : argument));
      const account = reporting === undefined ? [] : ['--service-account', reporting.account];
      const command = [process.execPath, program, ...local, ...account, '--once', ...flags];
      const [executable, ...rest] = withHosts(join(folder, 'hosts'), command);
      const env = {
        ...process.env,
        KUBERNETES_SERVICE_HOST: reporting?.host,
        KUBERNETES_SERVICE_PORT: reporting === undefined ? undefined : String(reporting.port),
      };
      return run(executable, rest, { timeout: 120_000, env }).then(
        ({ stdout, stderr }) => ({ ok: true, output: stdout + stderr }),
        (error: unknown) => ({ ok: false, output: String(error) }),
      );
    },
    ask: async (path) => {
      const api = `http://127.0.0.1:${renderedOf(cluster, name).ports.api ?? 0}/api/v1`;
      const admin = { username: 'admin', password: secret(`${name}-admin-bootstrap-credentials`, 'password') };
      const headers = { 'content-type': 'application/json' };
      const login = await fetch(`${api}/auth/login`, { method: 'POST', headers, body: JSON.stringify(admin) });
      const authorization = `Bearer ${textAt((await login.json()) as Json, 'access_token') ?? ''}`;
      return (await fetch(`${api}/${path}`, { headers: { authorization } })).json() as Promise<Json>;
    },
    secret,
    [Symbol.asyncDispose]: async () => {
      for (const server of service) server.close();
      await stop('SIGKILL');
      for (const path of [pod, folder]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Runs a client’s program. */
async function client(command: string, args: readonly string[]): Promise<Done> {
  return run(command, [...args], { timeout: 60_000 }).then(
    ({ stdout, stderr }) => ({ ok: true, output: stdout + stderr }),
    (error: unknown) => {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      return { ok: false, output: stdout + stderr };
    },
  );
}

/** Who an NFS client says that its user is. */
export interface NfsUser {
  readonly uid: number;
  readonly gid: number;
}

/** A file of a share, for libnfs; version 3, because libnfs 4.0 reads no more than attributes from this server’s version 4. */
function nfsUrl(path: string, { uid, gid }: NfsUser): string {
  return `nfs://127.0.0.1${path}?version=3&nfsport=2049&mountport=2049&uid=${uid}&gid=${gid}`;
}

/** An NFS client on the port of the Service: Debian’s libnfs-utils. */
export function nfs(user: NfsUser) {
  return {
    list: async (share: string): Promise<Done> => client('nfs-ls', [nfsUrl(share, user)]),
    write: async (path: string, file: string): Promise<Done> => client('nfs-cp', [file, nfsUrl(path, user)]),
    read: async (path: string): Promise<Done> => client('nfs-cat', [nfsUrl(path, user)]),
  };
}

/** An SMB client on the port of the Service: Debian’s smbclient. Without a user it logs in as nobody. */
export function smb(user?: { readonly name: string; readonly password: string }) {
  const as = user === undefined ? ['--no-pass'] : ['--user', `${user.name}%${user.password}`];
  const ask = async (share: string, command: string): Promise<Done> =>
    client('smbclient', [`//127.0.0.1${share}`, '--port', '445', ...as, '--command', command]);
  return {
    list: async (share: string): Promise<Done> => ask(share, 'ls'),
    write: async (share: string, file: string, name: string): Promise<Done> => ask(share, `put "${file}" "${name}"`),
    read: async (share: string, name: string, into: string): Promise<Done> => ask(share, `get "${name}" "${into}"`),
  };
}
