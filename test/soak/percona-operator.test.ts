import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, type ExpectStatic } from 'vitest';
import { installPerconaCrd, removePerconaCrd, startPercona } from '../../lab/percona.ts';
import { listAt, numberAt, objectAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { minimalCluster, productionCluster } from '../support/percona-manifests.ts';
import { perconaVersions } from '../../lab/percona-versions.ts';
import {
  belongings,
  bringUp,
  canRunPercona,
  CLUSTER,
  edit,
  isReady,
  kept,
  OBJECT,
  objectOf,
  owned,
  secretOf,
  shapeOf,
  stateOf,
  untilCluster,
  untilObjectReady,
  warningsOf,
} from '../real/lab/support/percona-clusters.ts';
import { backedUp, standInForPercona, words } from '../real/lab/support/percona-stand-in.ts';
import { labOfBlock } from '../real/lab/support/start.ts';
import { condition, newTenant, type Tenant } from '../real/lab/support/tenant.ts';

const can = await canRunPercona();

/** Milliseconds for a story: an Object takes a minute to go where its cluster has finalizers. */
const STORY = 240_000;

const minimal = ({ namespace }: Tenant): JsonObject => minimalCluster('files', namespace);

/** Its Secret with credentials does not exist, which nobody complains about. */
const production = ({ namespace }: Tenant): JsonObject => productionCluster('files', namespace, 'backup-credentials');

/** A cluster that takes what it has with it. */
function passing(manifest: JsonObject): JsonObject {
  const finalizers = ['percona.com/delete-pvc', 'percona.com/delete-ssl'];
  return { ...manifest, metadata: { ...objectAt(manifest, 'metadata'), finalizers } };
}

/** Whoever reads the Secrets finds the primary, and can check its certificate. */
async function tellsHowToConnect(tenant: Tenant, expect: ExpectStatic): Promise<void> {
  const user = await secretOf(tenant, 'files-pguser-dittofs');
  const host = `files-primary.${tenant.namespace}.svc`;
  expect(user).toMatchObject({ host, port: '5432', dbname: 'dittofs', user: 'dittofs' });
  expect(user.password).toMatch(/^[A-Za-z0-9]{24}$/);
  // Without a sslmode: whoever uses it has to know that the server takes no others than encrypted connections.
  expect(user.uri).toBe(`postgresql://dittofs:${user.password ?? ''}@${host}:5432/dittofs`);

  const pem = await secretOf(tenant, 'files-cluster-cert');
  const [ca, leaf] = [new X509Certificate(pem['ca.crt'] ?? ''), new X509Certificate(pem['tls.crt'] ?? '')];
  expect(leaf.checkIssued(ca) && leaf.verify(ca.publicKey)).toBe(true);
  expect(leaf.checkHost(host)).toBe(host);
}

describe.skipIf(!can)('Percona’s operator', { timeout: STORY }, () => {
  const lab = labOfBlock('namespaced');

  /** The operator brings its own. */
  const others = perconaVersions.filter((version) => version !== 'v2.9.0');

  it.each(others)('%s: an API server with its definition takes our clusters', async (version) => {
    const tenant = await newTenant(lab);
    await removePerconaCrd(lab.kubectl);
    await installPerconaCrd(lab.kubectl, version);
    const dryRun = async (manifest: JsonObject): Promise<string> =>
      lab.shell(`kubectl apply --server-side --dry-run=server -f - <<'END'\n${JSON.stringify(manifest)}\nEND`);
    for (const manifest of [minimal(tenant), production(tenant)])
      expect(await dryRun(manifest)).toContain('serverside-applied (server dry run)');
    const spec = { ...objectAt(minimal(tenant), 'spec'), backups: { enabled: true, pgbackrest: {} } };
    const refusal = 'At least one repository must be configured when backups are enabled';
    await expect(dryRun({ ...minimal(tenant), spec })).rejects.toThrow(refusal);
  });

  describe('v2.9.0 itself', () => {
    beforeAll(async () => {
      await startPercona(lab);
    }, STORY);

    it.concurrent('brings up the minimal cluster', async ({ expect }) => {
      const tenant = await newTenant(lab);
      const cluster = await bringUp(tenant, minimal(tenant));
      // It writes its own version into the spec.
      expect(textAt(cluster, 'spec', 'crVersion')).toBe('2.9.0');
      expect(numberAt(cluster, 'metadata', 'generation')).toBe(2);
      // That of pgBouncer, where there is one.
      expect(textAt(cluster, 'status', 'host')).toBe(`files-pgbouncer.${tenant.namespace}.svc`);
      expect(condition(cluster, 'ProxyAvailable')).toMatchObject(words.proxyAvailable);
      expect(condition(cluster, 'ReadyForBackup')).toMatchObject({ status: 'False' });
      expect(listAt(cluster, 'status', 'conditions')).toHaveLength(2);
      expect(listAt(cluster, 'metadata', 'finalizers')).toEqual([]);
      expect(await belongings(tenant)).toEqual([
        'Deployment/files-pgbouncer',
        'PersistentVolumeClaim/files-instance1-*-pgdata',
        'Secret/files-cluster-ca-cert',
        'Secret/files-cluster-cert',
        'Secret/files-instance1-*-certs',
        'Secret/files-pgbouncer',
        'Secret/files-pguser-dittofs',
        'Secret/files-replication-cert',
        'Service/files-ha',
        'Service/files-ha-config',
        'Service/files-pgbouncer',
        'Service/files-pods',
        'Service/files-primary',
        'Service/files-replicas',
        'StatefulSet/files-instance1-*',
      ]);
      await tellsHowToConnect(tenant, expect);
      expect(await warningsOf(tenant)).toEqual([]);
    });

    it.concurrent('brings up the production cluster, which is ready without a backup', async ({ expect }) => {
      const tenant = await newTenant(lab);
      const cluster = await bringUp(tenant, production(tenant));
      for (const said of [words.repoHostReady, words.repositoryNotReady, words.firstBackupPending])
        expect(condition(cluster, said.type)).toMatchObject(said);
      expect(condition(cluster, 'ReadyForBackup')).toMatchObject({ reason: 'PGBackRestReplicaCreate' });
      expect(listAt(cluster, 'metadata', 'finalizers')).toEqual(['internal.percona.com/stop-watchers']);

      const all = await belongings(tenant);
      expect(all.filter((one) => one === 'StatefulSet/files-instance1-*')).toHaveLength(3);
      expect(all).toContain('StatefulSet/files-repo-host');
      expect(all).toContain('PodDisruptionBudget/files-set-instance1');
      expect(all).toContain('PodDisruptionBudget/files-pgbouncer');
      // It starts backups by its own clock, and only once it has made the repository ready from within a pod.
      expect(all.filter((one) => one.includes('Job/'))).toEqual([]);
      await tellsHowToConnect(tenant, expect);
      expect(await warningsOf(tenant)).toEqual([]);

      // Nor is anything fought over by the operator and provider-kubernetes.
      const version = async (): Promise<unknown> =>
        textAt(await tenant.get(`${CLUSTER}/files`), 'metadata', 'resourceVersion');
      await sleep(5_000);
      const settled = await version();
      await sleep(20_000);
      expect(await version()).toBe(settled);
    });

    it.concurrent('pauses a cluster that has a primary, and starts it again', async ({ expect }) => {
      const tenant = await newTenant(lab);
      await bringUp(tenant, minimal(tenant));
      await edit(tenant, 'files', { pause: true });
      await untilCluster(tenant, 'files', (one) => stateOf(one) === 'stopping');
      // As Patroni does; without a primary the operator stops no instance.
      const instances = 'postgres-operator.crunchydata.com/instance-set=instance1';
      await tenant.kubectl('label', 'pods', '-l', instances, 'postgres-operator.crunchydata.com/role=master');
      const paused = await untilCluster(tenant, 'files', (one) => stateOf(one) === 'paused');
      expect(objectAt(paused, 'status', 'postgres')).toMatchObject({ size: 0, ready: 0 });
      await untilObjectReady(tenant, 'files');
      await edit(tenant, 'files', { pause: null });
      await untilCluster(tenant, 'files', isReady);
    });

    it.concurrent('gives up no backups unless it is told to, and never takes a condition back', async ({ expect }) => {
      const tenant = await newTenant(lab);
      await bringUp(tenant, production(tenant));
      await edit(tenant, 'files', { backups: { enabled: false, pgbackrest: { repos: null } } });
      const { type } = words.backupRemovalRefused;
      const refused = await untilCluster(tenant, 'files', (one) => condition(one, type) !== undefined);
      expect(condition(refused, type)).toMatchObject(words.backupRemovalRefused);
      // Its state tells nothing of it.
      expect(stateOf(refused)).toBe('ready');

      await tenant.kubectl('annotate', `${CLUSTER}/files`, 'pgv2.percona.com/authorizeBackupRemoval=true');
      await expect.poll(async () => tenant.get('statefulset/files-repo-host'), { timeout: 30_000 }).toBeUndefined();
      // Both conditions are about what was.
      const ready = await untilCluster(tenant, 'files', isReady);
      expect(condition(ready, type)).toMatchObject({ ...words.backupRemovalRefused, observedGeneration: 3 });
      expect(condition(ready, words.repoHostReady.type)).toMatchObject({
        ...words.repoHostReady,
        observedGeneration: 3,
      });
      // Only from the next generation on they can be told from those that are about what is.
      await edit(tenant, 'files', { imagePullPolicy: 'Always' });
      const later = await untilCluster(
        tenant,
        'files',
        (one) => numberAt(one, 'metadata', 'generation') === 4 && isReady(one),
      );
      expect(condition(later, type)).toMatchObject({ ...words.backupRemovalRefused, observedGeneration: 3 });
    });

    it.concurrent(
      'leaves volumes and Secrets behind, and finds them again, under a new authority',
      async ({ expect }) => {
        const tenant = await newTenant(lab);
        await bringUp(tenant, minimal(tenant));
        const read = async (): Promise<readonly (string | undefined)[]> => [
          (await secretOf(tenant, 'files-pguser-dittofs')).password,
          (await secretOf(tenant, 'files-cluster-cert'))['ca.crt'],
        ];
        const [password, authority] = await read();

        await tenant.kubectl('delete', OBJECT, 'files', '--timeout=60s');
        expect(await tenant.get(`${CLUSTER}/files`)).toBeDefined();
        await tenant.kubectl('delete', CLUSTER, 'files', '--timeout=60s');
        await expect
          .poll(async () => belongings(tenant), { timeout: 30_000 })
          .toEqual([
            'PersistentVolumeClaim/files-instance1-*-pgdata',
            'Secret/files-cluster-cert',
            'Secret/files-instance1-*-certs',
            'Secret/files-pgbouncer',
            'Secret/files-pguser-dittofs',
            'Secret/files-replication-cert',
          ]);

        await bringUp(tenant, minimal(tenant));
        expect((await read())[0]).toBe(password);
        await expect.poll(async () => (await read())[1], { timeout: 30_000 }).not.toBe(authority);
        expect((await belongings(tenant)).filter((one) => one.startsWith('Persistent'))).toHaveLength(1);
        await tellsHowToConnect(tenant, expect);
      },
    );

    it.concurrent('takes volumes with the cluster where its finalizers say so', async ({ expect }) => {
      const tenant = await newTenant(lab);
      await bringUp(tenant, passing(production(tenant)), owned);
      // The cluster goes at once. Its Object, when it is young, looks again only after a minute: the API server refuses
      // to let it apply finalizers to a cluster that has lost the first of them.
      await tenant.kubectl('delete', OBJECT, 'files', '--timeout=120s');
      // Secrets, too, but one part of the operator may make them again before another part has gone.
      const withoutSecrets = async (): Promise<readonly string[]> =>
        (await belongings(tenant)).filter((one) => !one.startsWith('Secret/'));
      await expect.poll(withoutSecrets, { timeout: 60_000 }).toEqual([]);
      expect(await tenant.get(`${CLUSTER}/files`)).toBeUndefined();
    });

    it.concurrent('makes a new password where the Secret is deleted', async ({ expect }) => {
      const tenant = await newTenant(lab);
      await bringUp(tenant, minimal(tenant));
      const password = async (): Promise<string | undefined> =>
        (await secretOf(tenant, 'files-pguser-dittofs')).password;
      const before = await password();
      await tenant.kubectl('delete', 'secret', 'files-pguser-dittofs');
      await expect.poll(async () => (await password()) ?? before, { timeout: 30_000 }).not.toBe(before);
    });

    // The last two, because afterwards the operator has ended.
    it('is played as it is', async () => {
      const manifests = [minimal, production];
      const real = await Promise.all(manifests.map(async () => newTenant(lab)));
      await Promise.all(real.map(async (tenant, index) => bringUp(tenant, manifests[index]?.(tenant) ?? {})));
      const shapes = await Promise.all(real.map(shapeOf));
      await lab.halt('percona-operator');

      for (const [index, manifest] of manifests.entries()) {
        const tenant = await newTenant(lab);
        await tenant.apply(objectOf(manifest(tenant), kept));
        await untilCluster(tenant, 'files', () => true);
        const operator = standInForPercona(tenant, 'files');
        await operator.adopt();
        await operator.makeSecrets();
        await operator.report('initializing');
        await operator.report('ready');
        await untilObjectReady(tenant, 'files');
        expect(await shapeOf(tenant)).toEqual(shapes[index]);
        await tellsHowToConnect(tenant, expect);

        await operator.report('ready', { conditions: backedUp });
        const { password } = await secretOf(tenant, 'files-pguser-dittofs');
        await operator.makeSecrets();
        expect((await secretOf(tenant, 'files-pguser-dittofs')).password).toBe(password);
      }
    });

    it('is played to the end', async () => {
      const tenant = await newTenant(lab);
      await tenant.apply(objectOf(passing(minimal(tenant)), owned));
      await untilCluster(tenant, 'files', () => true);
      const operator = standInForPercona(tenant, 'files');
      await operator.makeSecrets();
      await operator.report('paused');
      await untilObjectReady(tenant, 'files');
      expect(await belongings(tenant)).toEqual(['Secret/files-cluster-cert', 'Secret/files-pguser-dittofs']);

      await tenant.kubectl('delete', OBJECT, 'files', '--wait=false');
      await untilCluster(tenant, 'files', (one) => textAt(one, 'metadata', 'deletionTimestamp') !== undefined);
      await operator.letGo();
      expect(await tenant.get(`${CLUSTER}/files`)).toBeUndefined();
      expect(await belongings(tenant)).toEqual([]);
    });
  });
});
