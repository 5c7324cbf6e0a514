import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsOf } from '../../lab/shell.ts';
import { at, listAt } from '../../src/lib/json.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { clusterWith, example } from '../support/examples.ts';
import { copy, type Mutable } from '../support/json.ts';
import { canNameHosts, hasOwnNetwork } from './support/dfs-process.ts';
import { missingPrograms } from './support/docs.ts';
import { makeKeyFile } from './support/key-file.ts';
import { clusterNames, hasPostgres, startPostgres } from './support/postgres.ts';
import { startS3, type Keys, type S3 } from './support/s3.ts';
import { writeSecret } from './support/secrets.ts';
import { dittoServer, identityOf } from '../support/server.ts';
import { nfs, serve, smb, type Served } from './support/served.ts';
import { goVersion } from '../../lab/tools.ts';

/** Debian's packages smbclient and libnfs-utils. */
const clients = ['smbclient', 'nfs-ls', 'nfs-cp', 'nfs-cat'];
const leftOut = 'no share is mounted';
const can =
  (await goVersion()) !== undefined &&
  hasOwnNetwork(leftOut) &&
  canNameHosts(leftOut) &&
  missingPrograms(clients, leftOut).length === 0;

/** What was done, so that what was printed is shown where it was not. */
const done = { ok: true, output: expect.any(String) as string };
const refused = { ok: false, output: expect.any(String) as string };

const nobody = { uid: 4711, gid: 4711 };

describe.skipIf(!can)('apply, then mount', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'function-dittofs-shares-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A file of this machine. */
  function fileWith(text: string): string {
    const path = join(folder, `${text.replaceAll(/\W/g, '-').slice(0, 40)}.txt`);
    writeFileSync(path, text);
    return path;
  }

  async function applied(served: Served): Promise<void> {
    expect(await served.provision()).toEqual(done);
  }

  it('examples/quickstart.yaml: what docs/install.md mounts is there, for everybody, and outlives a restart', async () => {
    const cluster = clusterWith(example('quickstart'));
    cluster.bringUp();
    await using served = await serve(cluster, identityOf(cluster.xr()));
    await applied(served);

    const [, share = ''] = /CLUSTER_IP:(\S+)/.exec(commandsOf('A share, mounted', 1)) ?? [];
    expect(share).not.toBe('');
    const hello = fileWith('hello');
    expect(await nfs(nobody).write(`${share}/hello.txt`, hello)).toEqual(done);
    expect((await nfs(nobody).read(`${share}/hello.txt`)).output).toBe('hello');
    // Root of a client is nobody here, and may write all the same.
    expect(await nfs({ uid: 0, gid: 0 }).write(`${share}/by-root.txt`, hello)).toEqual(done);
    // Whoever has no name may not write over SMB to what everybody may write to.
    await expect.poll(async () => (await smb().list(share)).output).toContain('NT_STATUS_LOGON_FAILURE');
    const admin = { name: 'admin', password: served.secret('my-dittofs-admin-bootstrap-credentials', 'password') };
    expect(await smb(admin).write(share, hello, 'by-smb.txt')).toEqual(done);

    expect((await served.provision('--dry-run')).output).toContain('nothing to do');
    await served.restart();
    expect((await nfs(nobody).read(`${share}/hello.txt`)).output).toBe('hello');
    expect((await nfs(nobody).read(`${share}/by-smb.txt`)).output).toBe('hello');
    expect((await served.provision('--dry-run')).output).toContain('nothing to do');
  });

  it('examples/multi-share.yaml: who may do what is as the spec says', async () => {
    const cluster = clusterWith(example('multi-share'));
    writeSecret(cluster, 'scanner-password', { password: 'from-the-scanner' });
    cluster.bringUp();
    await using served = await serve(cluster, identityOf(cluster.xr()));
    await applied(served);

    const [alice, bob] = ['alice', 'bob'].map((name) => ({
      name,
      password: served.secret(`office.user.${name}`, 'password'),
    }));
    const scanner = { name: 'scanner', password: 'from-the-scanner' };
    const books = fileWith('the books');
    const manual = fileWith('the handbook');

    expect(await smb(alice).write('/accounting', books, 'books.txt')).toEqual(done);
    expect(await smb(scanner).write('/accounting', books, 'scan.txt')).toEqual(done);
    for (const stranger of [bob, { name: 'alice', password: 'a-guess' }])
      expect(await smb(stranger).list('/accounting')).toEqual(refused);
    const [asAlice, asBob] = [nfs({ uid: 2001, gid: 2000 }), nfs({ uid: 2002, gid: 2002 })];
    expect(await asAlice.write('/accounting/plan.txt', books)).toEqual(done);
    expect(await asBob.read('/accounting/plan.txt')).toEqual(refused);
    expect(await nfs(nobody).list('/accounting')).toEqual(refused);

    expect(await smb(bob).write('/handbook', manual, 'handbook.txt')).toEqual(done);
    expect(await smb(alice).write('/handbook', manual, 'graffiti.txt')).toEqual(refused);
    expect(await nfs(nobody).read('/handbook/handbook.txt')).toMatchObject({ ok: true, output: 'the handbook' });
    expect(await nfs(nobody).write('/handbook/graffiti.txt', manual)).toEqual(refused);

    // A quarter of the memory is the server's own limit, whatever the volume has.
    expect(at(await served.ask('shares/accounting/blockstore/stats'), 'totals', 'local_disk_max')).toBe(2 ** 50);

    // What the spec takes back is taken back, and what it does not name stays.
    cluster.edit((spec) => {
      const shares = copy(spec.shares as never) as Mutable[];
      const accounting = shares.find((share) => share.name === '/accounting');
      if (accounting !== undefined) accounting.permissions = [{ type: 'user', name: 'scanner', level: 'read' }];
      spec.shares = shares;
    });
    cluster.bringUp();
    await applied(served);
    expect(await smb(alice).list('/accounting')).toEqual(refused);
    expect(await smb(scanner).write('/accounting', books, 'again.txt')).toEqual(refused);
    const into = join(folder, 'scan.txt');
    expect(await smb(scanner).read('/accounting', 'scan.txt', into)).toEqual(done);
    expect(readFileSync(into, 'utf8')).toBe('the books');

    await served.restart();
    expect((await nfs(nobody).read('/handbook/handbook.txt')).output).toBe('the handbook');
  });

  it.skipIf(!hasPostgres(leftOut))(
    'metadata in the Percona cluster: beside the control plane, and there after a restart',
    async () => {
      await using postgres = await startPostgres({ names: clusterNames('files-postgres', 'team-a') });
      const { name: dbname, user: role, password } = await postgres.createDatabase('dittofs');
      // Percona's operator makes every database that the cluster names for its user.
      const spec = {
        controlPlane: { port: 8080 },
        percona: { enabled: true },
        metadataStores: [{ name: 'names', type: 'postgres', postgres: { fromPercona: true } }],
        shares: [{ name: '/files', defaultPermission: 'read-write' }],
      };
      const cluster = createCluster({ xr: dittoServer(spec) });
      cluster.bringUp();
      const [user] = listAt(cluster.live('PerconaPGCluster', 'files-postgres'), 'spec', 'users');
      const databases = listAt(user, 'databases').filter((one) => typeof one === 'string');
      expect(databases[0]).toBe(dbname);
      for (const other of databases.slice(1)) await postgres.createDatabase(other, { user: role });
      const entries = { host: '127.0.0.1', port: String(postgres.port), dbname, user: role, password };
      writeSecret(cluster, 'files-postgres-pguser-dittofs', entries);
      cluster.bringUp();
      await using served = await serve(cluster, identityOf(cluster.xr()));
      await applied(served);

      expect(await nfs(nobody).write('/files/hello.txt', fileWith('hello'))).toEqual(done);
      expect((await served.provision('--dry-run')).output).toContain('nothing to do');
      await served.restart();
      expect((await nfs(nobody).read('/files/hello.txt')).output).toBe('hello');
      const tables = async (database: string): Promise<string> =>
        postgres.query(
          database,
          `SELECT count(*) FROM pg_tables WHERE schemaname = 'dittofs' AND tablename = 'shares'`,
        );
      expect([await tables('dittofs'), await tables('dittofs_metadata')]).toEqual(['1', '1']);
    },
  );

  describe('examples/s3.yaml, with an S3 service on this machine', () => {
    const keys: Keys = { id: 'first-access-key', secret: 'first-secret-key' };
    const next: Keys = { id: 'second-access-key', secret: 'second-secret-key' };
    let s3: S3;
    beforeAll(async () => {
      s3 = await startS3();
      await s3.makeAccount(keys);
      for (const bucket of ['team-a-projects', 'team-a-archive', 'scratch']) await s3.makeBucket(bucket, keys);
    });
    afterAll(async () => {
      await s3[Symbol.asyncDispose]();
    });

    /** The example, with the endpoints of all three stores on this machine. */
    function here(): Cluster {
      const manifest = copy(example('s3').manifest) as Mutable;
      const { blockStores } = manifest.spec as { blockStores: { remote: { s3: Mutable }[] } };
      for (const { s3: store } of blockStores.remote)
        Object.assign(store, { endpoint: s3.endpoint, allowPrivateEndpoint: true, region: 'us-east-1' });
      const cluster = clusterWith({ name: 's3', text: '', manifest: manifest as never });
      write(cluster, keys);
      return cluster;
    }

    function write(cluster: Cluster, { id, secret }: Keys): void {
      for (const name of ['cubbit-credentials', 'minio-credentials'])
        writeSecret(cluster, name, { 'access-key-id': id, 'secret-access-key': secret });
      writeSecret(cluster, 'aws-credentials', { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret });
    }

    it('what is encrypted is not to be read in S3, and is read again after a restart', async () => {
      const manifest = dittoServer({
        controlPlane: { port: 8080 },
        storage: { cacheSize: '1Gi' },
        blockStores: {
          remote: [
            {
              name: 'sealed',
              type: 's3',
              s3: {
                bucket: 'sealed',
                endpoint: s3.endpoint,
                allowPrivateEndpoint: true,
                credentialsSecretRef: { name: 'sealed-credentials' },
                encryption: {
                  keySecretRef: { name: 'sealed-key', key: 'key.pem' },
                  passphraseSecretRef: { name: 'sealed-key', key: 'passphrase' },
                },
              },
            },
          ],
        },
        shares: [{ name: '/sealed', remoteBlockStore: 'sealed', defaultPermission: 'read-write' }],
      });
      const own: Keys = { id: 'sealed-access-key', secret: 'sealed-secret-key' };
      await s3.makeAccount(own);
      await s3.makeBucket('sealed', own);
      const cluster = createCluster({ xr: manifest });
      writeSecret(cluster, 'sealed-credentials', { 'access-key-id': own.id, 'secret-access-key': own.secret });
      cluster.settle();
      expect(cluster.condition('ConfigReady').message).toContain('Secret "sealed-key" does not exist');
      expect(cluster.live('StatefulSet', 'files')).toBeUndefined();
      const passphrase = 'open sesame, and quickly';
      writeSecret(cluster, 'sealed-key', { passphrase, 'key.pem': await makeKeyFile(passphrase) });
      cluster.bringUp();
      await using served = await serve(cluster, identityOf(cluster.xr()));
      await applied(served);

      const words = 'what nobody else is to read '.repeat(100);
      expect(await nfs(nobody).write('/sealed/secret.txt', fileWith(words))).toEqual(done);
      await expect.poll(() => s3.objects('sealed').length).toBeGreaterThan(0);
      expect(s3.contents('sealed').every((content) => !content.includes('nobody else'))).toBe(true);
      await served.restart();
      expect((await nfs(nobody).read('/sealed/secret.txt')).output).toBe(words);
    });

    it('files end up in S3, and survive new keys, with what was not uploaded by then', async () => {
      const cluster = here();
      cluster.bringUp();
      await using served = await serve(cluster, identityOf(cluster.xr()));
      await applied(served);

      const plan = fileWith('the plan of the project');
      for (const share of ['projects', 'archive', 'scratch'])
        expect(await nfs(nobody).write(`/${share}/plan.txt`, plan)).toEqual(done);
      await expect.poll(() => s3.objects('team-a-projects').length).toBeGreaterThan(0);
      await expect.poll(() => s3.objects('team-a-archive').join()).toContain('dittofs/');

      // The old keys are gone before anything of ours knows of it, and somebody writes meanwhile.
      const before = s3.objects('team-a-projects');
      await s3.replaceAccount(keys, next, ['team-a-projects', 'team-a-archive', 'scratch']);
      const late = fileWith('written while the keys were wrong');
      expect(await nfs(nobody).write('/projects/late.txt', late)).toEqual(done);
      write(cluster, next);
      cluster.settle();
      expect(await served.provision()).toEqual(done);
      expect((await served.provision('--dry-run')).output).toContain('nothing to do');

      await served.restart();
      await expect.poll(() => s3.objects('team-a-projects').length).toBeGreaterThan(before.length);
      expect((await nfs(nobody).read('/projects/late.txt')).output).toBe('written while the keys were wrong');
      expect((await nfs(nobody).read('/projects/plan.txt')).output).toBe('the plan of the project');
    });
  });
});
