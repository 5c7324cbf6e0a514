import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Lab } from '../../../lab/lab.ts';
import { installPerconaCrd } from '../../../lab/percona.ts';
import { at, listAt, textAt, type JsonObject } from '../../../src/lib/json.ts';
import { clusterWith, example as offline } from '../../support/examples.ts';
import { perconaVersions } from '../../../lab/percona-versions.ts';
import { manifest } from '../../support/see.ts';
import { auditFrom } from './support/audit.ts';
import { canRunPercona, CLUSTER, untilCluster } from './support/percona-clusters.ts';
import { backedUp, standInForPercona, words, type PerconaStandIn } from './support/percona-stand-in.ts';
import { labOfBlock } from './support/start.ts';
import { condition, dittoServer, example, holds, newTenant, type Tenant } from './support/tenant.ts';

const can = await canRunPercona();

const NAME = 'files-postgres';
const USER_SECRET = `${NAME}-pguser-dittofs`;

/** What Percona's operator leaves behind, and what a person would miss. */
const data = [`${CLUSTER}/${NAME}`, `secret/${USER_SECRET}`, `secret/${NAME}-cluster-cert`];

async function uidsOf(tenant: Tenant, objects = data): Promise<readonly (string | undefined)[]> {
  return Promise.all(objects.map(async (name) => textAt(await tenant.get(name), 'metadata', 'uid')));
}

function reasonOf(server: JsonObject, type: string): string {
  const found = condition(server, type);
  return `${textAt(found, 'status') ?? ''} ${textAt(found, 'reason') ?? ''}`;
}

/** Waits until a condition has a status and reason. */
async function until(tenant: Tenant, type: string, says: string): Promise<JsonObject> {
  return tenant.until('files', says, (server) => reasonOf(server, type) === says);
}

/** Lets the stand-in bring a cluster up from nothing. */
async function operate(tenant: Tenant, conditions = [words.restored]): Promise<PerconaStandIn> {
  const operator = standInForPercona(tenant, NAME);
  await untilCluster(tenant, NAME, () => true);
  await operator.adopt();
  await operator.makeSecrets();
  await operator.report('ready', { conditions });
  return operator;
}

/** A tenant with a server on a cluster, both at work. */
async function atWork(lab: Lab, percona: JsonObject = {}): Promise<{ tenant: Tenant; operator: PerconaStandIn }> {
  const tenant = await newTenant(lab);
  await tenant.apply(dittoServer('files', { percona: { enabled: true, ...percona } }));
  const operator = await operate(tenant);
  await tenant.untilSettled('files');
  return { tenant, operator };
}

describe.skipIf(!can)('DittoServers with Percona clusters', () => {
  const lab = labOfBlock('namespaced');

  it('the kind is missing: DatabaseReady says what to install, and once it is there all goes on', async () => {
    const tenant = await newTenant(lab);
    await tenant.apply(dittoServer('files', { percona: { enabled: true } }));
    const stuck = await until(tenant, 'DatabaseReady', 'False PerconaOperatorMissing');
    expect(textAt(condition(stuck, 'DatabaseReady'), 'message')).toContain('install Percona’s operator');
    expect(reasonOf(stuck, 'ResourcesApplied')).toBe('False KindNotInstalled');
    expect(await tenant.get('statefulset/files')).toBeUndefined();

    await installPerconaCrd(lab.kubectl, 'v3.0.0');
    await until(tenant, 'DatabaseReady', 'False ClusterWaiting');
    await operate(tenant);
    const server = await tenant.untilSettled('files');
    expect(reasonOf(server, 'DatabaseReady')).toBe('True ClusterReady');
    expect(server.status).toMatchObject({
      perconaClusterName: NAME,
      database: { type: 'percona', host: `${NAME}-primary.${tenant.namespace}.svc`, state: 'ready' },
    });
    expect(await tenant.kubectl('get', 'dittoserver', 'files')).toMatch(/DATABASE[\s\S]*percona/);
  });

  it('every supported version of the kind takes what the examples become, field by field', async () => {
    const tenant = await newTenant(lab);
    for (const version of perconaVersions) {
      await installPerconaCrd(lab.kubectl, version);
      for (const name of ['percona-minimal', 'percona-production', 'percona-throwaway']) {
        const cluster = clusterWith(offline(name));
        cluster.settle();
        const file = join(lab.folder, `${name}.json`);
        const wanted = manifest(cluster, 'database') ?? {};
        writeFileSync(
          file,
          JSON.stringify({ ...wanted, metadata: { ...(wanted.metadata as object), namespace: tenant.namespace } }),
        );
        const said = await tenant.kubectl('create', '--dry-run=server', '--validate=strict', '-f', file);
        expect(said, `${name} on ${version}`).toContain('created (server dry run)');
      }
    }
  });

  describe.concurrent('with its operator at work', () => {
    it('is made once its database can be used, and stays whatever becomes of that', async ({ expect: see }) => {
      const tenant = await newTenant(lab);
      await tenant.apply(dittoServer('files', { percona: { enabled: true, replicas: 3 } }));
      const operator = standInForPercona(tenant, NAME);
      await until(tenant, 'DatabaseReady', 'False ClusterWaiting');
      await operator.adopt();
      await operator.makeSecrets();
      await operator.report('initializing');
      await until(tenant, 'DatabaseReady', 'False ClusterInitializing');
      see(await tenant.get('statefulset/files')).toBeUndefined();

      await operator.report('ready', { conditions: [words.restored] });
      await tenant.untilSettled('files');
      const pod = await uidsOf(tenant, ['pod/files-0', 'statefulset/files']);
      await operator.report('initializing', { ready: 2 });
      await until(tenant, 'DatabaseReady', 'False ClusterDegraded');
      await operator.report('initializing', { ready: 0 });
      const degraded = await until(tenant, 'DatabaseReady', 'False ClusterUnavailable');
      see(textAt(degraded, 'status', 'phase')).toBe('Degraded');
      see(reasonOf(degraded, 'Available')).toBe('True ServerReady');
      await operator.report('ready');
      await tenant.untilSettled('files');
      see(await uidsOf(tenant, ['pod/files-0', 'statefulset/files'])).toEqual(pod);
    });

    it('a cluster that a person deletes comes back, and takes up its Secret again', async ({ expect: see }) => {
      const { tenant } = await atWork(lab);
      const [cluster, secret] = await uidsOf(tenant);
      const server = await uidsOf(tenant, ['statefulset/files', 'pod/files-0']);
      await tenant.kubectl('delete', `${CLUSTER}/${NAME}`);
      await see.poll(async () => (await uidsOf(tenant))[0]).toSatisfy((uid) => uid !== undefined && uid !== cluster);
      await operate(tenant);
      await tenant.untilSettled('files');
      see((await uidsOf(tenant))[1]).toBe(secret);
      see(await uidsOf(tenant, ['statefulset/files', 'pod/files-0'])).toEqual(server);
    });

    it('pauses with its server where that is asked for', async ({ expect: see }) => {
      const { tenant, operator } = await atWork(lab, { pauseWithServer: true });
      await tenant.patch('files', { spec: { replicas: 0 } });
      await untilCluster(tenant, NAME, (cluster) => at(cluster, 'spec', 'pause') === true);
      await operator.report('paused');
      await until(tenant, 'DatabaseReady', 'True ClusterPaused');
      const stopped = await tenant.until('files', 'stopped', (one) => textAt(one, 'status', 'phase') === 'Stopped');
      see(holds(stopped, 'Ready')).toBe(true);
      await tenant.patch('files', { spec: { replicas: 1 } });
      await untilCluster(tenant, NAME, (cluster) => at(cluster, 'spec', 'pause') !== true);
      await operator.report('ready');
      await tenant.untilSettled('files');
    });

    it.for<[string, (tenant: Tenant) => Promise<void>]>([
      [
        'its field is turned off',
        async (tenant) => {
          await tenant.patch('files', { spec: { percona: { enabled: false } } });
          await tenant.untilSettled('files');
        },
      ],
      [
        'its block leaves the spec, after it was to be deleted',
        async (tenant) => {
          await tenant.patch('files', { spec: { percona: { deleteWithServer: true } } });
          await untilCluster(tenant, NAME, (cluster) => listAt(cluster, 'metadata', 'finalizers').length > 0);
          await tenant.patch('files', { spec: { percona: null } });
          await tenant.untilSettled('files');
        },
      ],
      [
        'the DittoServer is deleted',
        async (tenant) => {
          await tenant.kubectl('delete', 'dittoserver', 'files', '--timeout=120s');
        },
      ],
      [
        'the spec is made invalid, and the DittoServer is deleted',
        async (tenant) => {
          await tenant.patch('files', { spec: { resources: { limits: { memory: '1 GB' } } } });
          await until(tenant, 'ConfigReady', 'False InvalidSpec');
          await tenant.kubectl('delete', 'dittoserver', 'files', '--timeout=120s');
        },
      ],
    ])('%s: cluster and Secrets stay, and are taken up again', async ([, happens], { expect: see }) => {
      const { tenant } = await atWork(lab);
      const audit = auditFrom(lab.auditLog);
      const before = await uidsOf(tenant);
      await happens(tenant);
      const object = 'objects.kubernetes.m.crossplane.io/files-database';
      await see.poll(async () => tenant.get(object)).toBeUndefined();
      see(await uidsOf(tenant)).toEqual(before);
      see(listAt(await tenant.get(`${CLUSTER}/${NAME}`), 'metadata', 'finalizers')).toEqual([]);
      const deletions = audit
        .since()
        .filter(({ verb, namespace }) => verb === 'delete' && namespace === tenant.namespace);
      // How to connect is no data: it goes with the DittoServer.
      const lost = deletions.filter(({ name }) => name !== 'files-connection');
      see(lost.filter(({ resource }) => resource === 'perconapgclusters' || resource === 'secrets')).toEqual([]);

      await tenant.kubectl('delete', 'dittoserver', 'files', '--ignore-not-found', '--timeout=120s');
      await tenant.apply(dittoServer('files', { percona: { enabled: true } }));
      await operate(tenant);
      await tenant.untilSettled('files');
      see(await uidsOf(tenant)).toEqual(before);
    });

    it('with deleteWithServer everything goes with the DittoServer', async ({ expect: see }) => {
      const { tenant, operator } = await atWork(lab, { deleteWithServer: true });
      await untilCluster(tenant, NAME, (cluster) => listAt(cluster, 'metadata', 'finalizers').length > 0);
      await tenant.kubectl('delete', 'dittoserver', 'files', '--wait=false');
      await untilCluster(tenant, NAME, (cluster) => at(cluster, 'metadata', 'deletionTimestamp') !== undefined);
      await operator.letGo();
      await see.poll(async () => uidsOf(tenant)).toEqual([undefined, undefined, undefined]);
    });

    it('a cluster of somebody else’s under that name is left alone', async ({ expect: see }) => {
      const tenant = await newTenant(lab);
      const theirs = clusterWith(offline('percona-minimal'));
      theirs.settle();
      const wanted = manifest(theirs, 'database') ?? {};
      await lab.kubectl.apply({ ...wanted, metadata: { name: NAME, namespace: tenant.namespace } });
      const before = textAt(await tenant.get(`${CLUSTER}/${NAME}`), 'metadata', 'resourceVersion');
      await tenant.apply(dittoServer('files', { percona: { enabled: true, deleteWithServer: true } }));
      const taken = await until(tenant, 'DatabaseReady', 'False NameTaken');
      see(textAt(condition(taken, 'DatabaseReady'), 'message')).toContain('label it');
      await tenant.kubectl('delete', 'dittoserver', 'files', '--timeout=120s');
      see(textAt(await tenant.get(`${CLUSTER}/${NAME}`), 'metadata', 'resourceVersion')).toBe(before);
    });

    it('backups are reported by themselves, and never given up unasked', async ({ expect: see }) => {
      const tenant = await newTenant(lab);
      const production = example('percona-production', 'files');
      await tenant.apply(production);
      const operator = await operate(tenant);
      await until(tenant, 'BackupsReady', 'False SecretNotFound');
      await tenant.kubectl(
        'create',
        'secret',
        'generic',
        'backup-credentials',
        '--from-literal=s3.conf=[global]\nrepo1-s3-key=a\nrepo1-s3-key-secret=b\n',
      );
      await until(tenant, 'BackupsReady', 'False FirstBackupPending');
      await operator.report('ready', { conditions: [...backedUp] });
      await until(tenant, 'BackupsReady', 'True BackupsReady');
      await tenant.patch('files', { spec: { percona: { backup: { enabled: false } } } });
      await untilCluster(tenant, NAME, (cluster) => at(cluster, 'spec', 'backups', 'enabled') === false);
      await operator.report('ready', { conditions: [words.backupRemovalRefused] });
      await until(tenant, 'BackupsReady', 'False BackupRemovalNotAuthorized');
      const annotations = at(await tenant.get(`${CLUSTER}/${NAME}`), 'metadata', 'annotations') ?? {};
      see(Object.keys(annotations)).not.toContain('pgv2.percona.com/authorizeBackupRemoval');
    });
  });
});
