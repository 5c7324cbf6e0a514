import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from './tools.ts';
import { authority, leaf, usage } from './certificates.ts';
import { inMountNamespace, type ControlPlane } from './control-plane.ts';
import { freePort } from './ports.ts';
import type { Program } from './program.ts';

/** Where a pod finds its ServiceAccount. */
const SERVICE_ACCOUNT = '/run/secrets/kubernetes.io/serviceaccount';

/**
 * Describes provider-kubernetes with the flags of install/.
 *
 * It writes the objects of DittoServers as its own ServiceAccount, as in a pod, with the rights of install/ and no more.
 */
export async function describeProvider(
  { server, account, kubeconfig }: ControlPlane,
  folder: string,
): Promise<Program> {
  const files = join(folder, 'provider');
  mkdirSync(files, { recursive: true });
  const ca = await authority({ subject: 'CN=provider' });
  const serving = await leaf(ca, { subject: 'CN=localhost', usages: [usage.serverAuth] });
  const contents = {
    'tls.crt': serving.cert,
    'tls.key': serving.key,
    token: account.token,
    'ca.crt': account.certificate,
  };
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(files, name), content, { mode: 0o600 });
  const script = `
    mount -t tmpfs lab /run
    mkdir -p ${SERVICE_ACCOUNT}
    cp "$1/token" "$1/ca.crt" ${SERVICE_ACCOUNT}
    shift
    exec "$0" "$@"`;
  const health = await freePort();
  const { hostname, port } = new URL(server);
  return {
    name: 'provider-kubernetes',
    ...inMountNamespace(script, {
      command: await tool('provider-kubernetes'),
      args: [
        files,
        '--enable-watches',
        '--sanitize-secrets',
        '--enable-server-side-apply',
        `--health-probe-bind-addr=127.0.0.1:${health}`,
      ],
    }),
    env: {
      KUBECONFIG: kubeconfig,
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      TLS_SERVER_CERTS_DIR: files,
    },
    ready: async () => (await fetch(`http://127.0.0.1:${health}/readyz`)).ok,
  };
}
