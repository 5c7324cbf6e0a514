import { mkdirSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { textAt } from '../src/lib/json.ts';
import { moduleBehind, tool } from './tools.ts';
import { issuedBy, leaf, usage } from './certificates.ts';
import { inMountNamespace } from './control-plane.ts';
import type { Flavour } from './flavours.ts';
import type { Kubectl } from './kubectl.ts';
import { freePort } from './ports.ts';
import { eventually, type Program } from './program.ts';

const run = promisify(execFile);

/** The namespace of Crossplane and all that belongs to it. */
export const NAMESPACE = 'crossplane-system';

/** Names of the Secrets in which Crossplane keeps its certificates. */
export const secrets = {
  authority: 'crossplane-root-ca',
  client: 'crossplane-tls-client',
  server: 'crossplane-tls-server',
} as const;

/** Installs Crossplane's CRDs and makes its certificates, as the init container of its pod does. */
export async function initCrossplane(
  { core, module, activation }: Flavour,
  kubectl: Kubectl,
  kubeconfig: string,
  folder: string,
): Promise<void> {
  await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  const crds = join((await moduleBehind(core, module)).folder, 'cluster', 'crds');
  const init = underRoot(folder, await tool(core), crds, [
    'core',
    'init',
    '--webhook-enabled=false',
    `--tlsca-secret-name=${secrets.authority}`,
    `--tls-client-secret-name=${secrets.client}`,
    `--tls-server-secret-name=${secrets.server}`,
    ...activation,
  ]);
  let failure = '';
  const done = await eventually(async () => {
    await run(init.command, [...init.args], { env: { ...process.env, KUBECONFIG: kubeconfig } }).catch(
      (error: unknown) => {
        failure = String((error as { stderr?: string }).stderr ?? error);
        throw error;
      },
    );
    return true;
  }, 30_000);
  if (!done) throw new Error(`cannot initialise Crossplane: ${failure}`);
}

/** Runs a program with a root folder of its own, in memory, because Crossplane v1.20 has no flag for where its CRDs are: /crds. */
function underRoot(
  folder: string,
  command: string,
  crds: string,
  args: readonly string[],
): Pick<Program, 'command' | 'args'> {
  const root = join(folder, 'root');
  mkdirSync(root, { recursive: true });
  const script = `
    root=$1 crds=$2 folder=$3; shift 3
    mount -t tmpfs lab "$root"
    mkdir -p "$root/crds" "$root$folder" "$root/etc"
    mount --bind "$crds" "$root/crds"
    mount --bind "$folder" "$root$folder"
    cp /etc/hosts "$root/etc/hosts"
    cp "$0" "$root/core"
    exec chroot "$root" /core "$@"`;
  return inMountNamespace(script, { command, args: [root, crds, folder, ...args] });
}

async function secret(kubectl: Kubectl, name: string): Promise<(key: string) => string> {
  const found = await kubectl.get('secret', '-n', NAMESPACE, name);
  return (key) => Buffer.from(textAt(found, 'data', key) ?? '', 'base64').toString();
}

function writeTls(folder: string, files: Readonly<Record<'tls.crt' | 'tls.key' | 'ca.crt', string>>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o600 });
  return folder;
}

/** Crossplane's core, with its default flags but for what the lab has not: webhooks, and a kubelet for packages. */
export async function describeCrossplane(
  { core }: Flavour,
  kubectl: Kubectl,
  kubeconfig: string,
  folder: string,
): Promise<Program> {
  const client = await secret(kubectl, secrets.client);
  const certificates = writeTls(join(folder, 'crossplane-client'), {
    'tls.crt': client('tls.crt'),
    'tls.key': client('tls.key'),
    'ca.crt': client('ca.crt'),
  });
  const cache = join(folder, 'packages');
  mkdirSync(cache, { recursive: true });
  const [metrics, health] = [await freePort(), await freePort()];
  return {
    name: 'crossplane',
    command: await tool(core),
    args: [
      'core',
      'start',
      '--webhook-enabled=false',
      '--package-runtime=External',
      `--tls-client-secret-name=${secrets.client}`,
      `--tls-server-secret-name=${secrets.server}`,
      `--tls-client-certs-dir=${certificates}`,
      `--cache-dir=${cache}`,
      `--metrics-port=${metrics}`,
      `--health-probe-port=${health}`,
    ],
    env: { KUBECONFIG: kubeconfig },
    ready: async () => (await fetch(`http://127.0.0.1:${health}/healthz`)).ok,
  };
}

/** Certificates for the function from Crossplane's own authority, as its package manager makes them. */
export async function functionCertificates(kubectl: Kubectl, folder: string): Promise<string> {
  const ca = await secret(kubectl, secrets.authority);
  const authority = await issuedBy(ca('tls.crt'), ca('tls.key'));
  const served = await leaf(authority, { usages: [usage.serverAuth] });
  return writeTls(join(folder, 'function'), {
    'tls.crt': served.cert,
    'tls.key': served.key,
    'ca.crt': authority.cert,
  });
}
