import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { tool, type ToolName } from './tools.ts';
import { authority, leaf, usage } from './certificates.ts';
import { kubectlFor, type Kubectl } from './kubectl.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { freePort } from './ports.ts';
import { eventually, type Program } from './program.ts';

/** A Kubernetes control plane that is described but not started. */
export interface ControlPlane {
  readonly etcd: Program;
  readonly apiServer: Program;
  /** What runs once the API server answers, in any order. */
  readonly controllers: readonly Program[];
  readonly kubectl: Kubectl;
  /** The API server's address. */
  readonly server: string;
  /** The administrator's kubeconfig file. */
  readonly kubeconfig: string;
  /** What a pod of provider-kubernetes would find mounted of its ServiceAccount. */
  readonly account: { readonly token: string; readonly certificate: string };
  /** The API server's record of every write. */
  readonly auditLog: string;
  readonly etcdEndpoint: string;
}

/** Whether an HTTPS server answers with 200, whoever signed its certificate. */
async function healthy(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request(url, { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asking.once('error', () => {
      resolve(false);
    });
    asking.end();
  });
}

/** Every write is recorded once, when it is done, without its body. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted', 'Panic'],
  rules: [
    {
      level: 'None',
      resources: [{ group: 'coordination.k8s.io' }, { group: '', resources: ['events'] }, { group: 'events.k8s.io' }],
    },
    { level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ],
};

/**
 * Describes etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, all on the loopback.
 *
 * kwok stands for the kubelet: its pods are Ready at once, and run nothing.
 */
export async function describeControlPlane(folder: string): Promise<ControlPlane> {
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const [client, peer, secure, controllerManager, scheduler, kwok] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const etcdEndpoint = `http://127.0.0.1:${client}`;
  const server = `https://localhost:${secure}`;

  const ca = await authority({ subject: 'CN=lab' });
  const serving = await leaf(ca, { subject: 'CN=localhost', usages: [usage.serverAuth] });
  const serviceAccounts = await leaf(ca, { subject: 'CN=service-accounts' });
  const caFile = file('ca.crt', ca.cert);
  const servingFlags = [
    `--tls-cert-file=${file('serving.crt', serving.cert)}`,
    `--tls-private-key-file=${file('serving.key', serving.key)}`,
    '--bind-address=127.0.0.1',
  ];
  const serviceAccountKey = file('service-accounts.key', serviceAccounts.key);

  const tokens = { admin: randomBytes(16).toString('hex'), provider: randomBytes(16).toString('hex') };
  const tokenFile = file(
    'tokens.csv',
    `${tokens.admin},admin,admin,system:masters\n` +
      `${tokens.provider},system:serviceaccount:crossplane-system:provider-kubernetes,provider-kubernetes,system:serviceaccounts\n`,
  );
  const kubeconfig = writeKubeconfig(join(folder, 'kubeconfig'), server, ca.cert, tokens.admin);
  const kubectl = kubectlFor(await tool('kubectl'), kubeconfig);
  const auditLog = join(folder, 'logs', 'audit.log');

  const controller = async (name: ToolName, port: number, ...args: readonly string[]): Promise<Program> => ({
    name,
    command: await tool(name),
    args: [`--kubeconfig=${kubeconfig}`, `--secure-port=${port}`, ...servingFlags, '--leader-elect=false', ...args],
    ready: async () => healthy(`https://127.0.0.1:${port}/healthz`),
  });

  return {
    kubectl,
    server,
    kubeconfig,
    account: { token: tokens.provider, certificate: ca.cert },
    auditLog,
    etcdEndpoint,
    etcd: {
      name: 'etcd',
      command: await tool('etcd'),
      args: [
        `--data-dir=${join(folder, 'etcd')}`,
        `--listen-client-urls=${etcdEndpoint}`,
        `--advertise-client-urls=${etcdEndpoint}`,
        `--listen-peer-urls=http://127.0.0.1:${peer}`,
        // A lab may lose its last second in a power cut.
        '--unsafe-no-fsync',
      ],
      ready: async () => (await fetch(`${etcdEndpoint}/health`)).ok,
    },
    apiServer: {
      name: 'kube-apiserver',
      command: await tool('kube-apiserver'),
      args: [
        `--etcd-servers=${etcdEndpoint}`,
        `--secure-port=${secure}`,
        ...servingFlags,
        '--advertise-address=127.0.0.1',
        '--endpoint-reconciler-type=none',
        '--authorization-mode=RBAC',
        `--token-auth-file=${tokenFile}`,
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${serviceAccountKey}`,
        `--service-account-signing-key-file=${serviceAccountKey}`,
        '--service-cluster-ip-range=10.96.0.0/16',
        '--allow-privileged=true',
        `--audit-policy-file=${file('audit-policy.json', JSON.stringify(auditPolicy))}`,
        `--audit-log-path=${auditLog}`,
      ],
      ready: async () => healthy(`https://127.0.0.1:${secure}/readyz`),
    },
    controllers: [
      withVolumesInMemory(
        await controller(
          'kube-controller-manager',
          controllerManager,
          `--service-account-private-key-file=${serviceAccountKey}`,
          `--root-ca-file=${caFile}`,
          '--enable-hostpath-provisioner=true',
          '--node-monitor-grace-period=24h',
        ),
      ),
      await controller('kube-scheduler', scheduler),
      {
        name: 'kwok',
        command: await tool('kwok'),
        args: [
          `--kubeconfig=${kubeconfig}`,
          '--manage-all-nodes=true',
          '--cidr=10.0.0.1/24',
          '--node-ip=10.0.0.1',
          '--node-lease-duration-seconds=40',
          `--server-address=127.0.0.1:${kwok}`,
        ],
        ready: async () => (await fetch(`http://127.0.0.1:${kwok}/healthz`)).ok,
      },
    ],
  };
}

/** The folder in which the controller manager's provisioner makes its volumes; it cannot be told another one. */
const VOLUMES = '/tmp/hostpath_pv';

/** The controller manager with a folder of its own for volumes, in memory. */
function withVolumesInMemory(program: Program): Program {
  mkdirSync(VOLUMES, { recursive: true });
  const script = `mount -t tmpfs lab ${VOLUMES} && exec "$0" "$@"`;
  return { ...program, ...inMountNamespace(script, program) };
}

/** A program that runs after a shell script in a mount namespace of its own. */
export function inMountNamespace(
  script: string,
  { command, args }: Pick<Program, 'command' | 'args'>,
): Pick<Program, 'command' | 'args'> {
  const namespaces = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
  return { command: 'unshare', args: [...namespaces, 'sh', '-ec', script, command, ...args] };
}

/** What a cluster has beside its control plane: a node on which pods run, and a class of volumes. */
export async function furnish(kubectl: Kubectl): Promise<void> {
  await kubectl.apply(
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'lab', labels: { 'kubernetes.io/hostname': 'lab', 'kubernetes.io/os': 'linux' } },
    },
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'kubernetes.io/host-path',
      allowVolumeExpansion: true,
    },
  );
  const ready = await eventually(async () => (await kubectl('get', 'node', 'lab')).includes(' Ready '), 60_000);
  if (!ready) throw new Error('the node that kwok plays is never Ready');
}
