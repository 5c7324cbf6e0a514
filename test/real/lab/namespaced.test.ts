import { beforeAll, describe, expect, it } from 'vitest';
import { askWith } from '../../../lab/api.ts';
import { commandsOf } from '../../../lab/shell.ts';
import { listAt, objectAt, textAt, type Json, type JsonObject } from '../../../src/lib/json.ts';
import { accepted, refusedSpecs } from '../../api/cases.ts';
import { nfs } from '../support/served.ts';
import { auditFrom } from './support/audit.ts';
import { canRunLab } from './support/can-run.ts';
import { compactEtcd } from './support/faults.ts';
import { callsOf, labOfBlock } from './support/start.ts';
import { runPods } from './support/real-pods.ts';
import { refusesABadSpec, tellsItsTenant } from './support/stories.ts';
import {
  changes,
  condition,
  dittoServer,
  example,
  holds,
  newTenant,
  OBJECTS,
  poll,
  type Tenant,
} from './support/tenant.ts';

const can = await canRunLab();

/** What a namespace has without a DittoServer. */
const EMPTY = ['ConfigMap/kube-root-ca.crt', 'ServiceAccount/default'];

async function uidOf(tenant: Tenant, object: string): Promise<string | undefined> {
  return textAt(await tenant.get(object), 'metadata', 'uid');
}

describe.skipIf(!can)('namespaced DittoServers on Crossplane v2', () => {
  const lab = labOfBlock('namespaced');

  it('the quickstart gets Ready, and tells its tenant all about it', async () => {
    const tenant = await newTenant(lab);
    const audit = auditFrom(lab.auditLog);
    const calls = await callsOf(lab);
    const begun = Date.now();
    await tenant.apply(example('quickstart', 'files'));
    const server = await tenant.untilSettled('files');
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    const writes = audit.since().filter(({ namespace }) => namespace === tenant.namespace).length;
    console.log(`Ready after ${seconds} s, with ${writes} writes and ${(await callsOf(lab)) - calls} calls`);

    tellsItsTenant(server, tenant, expect);
  });

  // Not beside others: kwok's pods tell nothing of themselves while nobody plays the provisioners.
  it('what is declared is served, and told by the provisioner with the rights of its pod', async () => {
    await lab.halt('provisioners');
    const tenant = await newTenant(lab);
    // provider-kubernetes has port 8080 of this network.
    const spec = { controlPlane: { port: 8085 }, shares: [{ name: '/a', defaultPermission: 'read' }, { name: '/b' }] };
    await tenant.apply(dittoServer('files', { ...spec, users: [{ name: 'alice', uid: 2001 }] }));
    await tenant.until('files', 'running', (one) => condition(one, 'Available')?.reason === 'ServerReady');
    const waiting = await tenant.until('files', 'waiting', (one) => holds(one, 'Provisioned', 'False'));
    expect(condition(waiting, 'Provisioned')).toMatchObject({ reason: 'Provisioning' });
    expect(holds(waiting, 'Ready', 'False')).toBe(true);
    await expect.poll(async () => tenant.get('deployment/files-provisioner')).toBeDefined();

    await using pods = await runPods(lab, tenant, 'files');
    expect(await pods.provision()).toEqual({ ok: true, output: expect.any(String) as string });
    const ready = await tenant.untilSettled('files');
    expect(condition(ready, 'Provisioned')).toMatchObject({ status: 'True', reason: 'Served' });
    expect(ready.status).toMatchObject({
      shares: [
        { name: '/a', ready: true },
        { name: '/b', ready: true },
      ],
    });

    const may = async (verb: string, object: string): Promise<string> =>
      tenant
        .kubectl('auth', 'can-i', verb, object, `--as=system:serviceaccount:${tenant.namespace}:files-provisioner`)
        .catch(() => 'no\n');
    expect(await may('patch', 'configmaps/files-provisioner-status')).toBe('yes\n');
    for (const [verb, object] of [
      ['patch', 'configmaps/files-config'],
      ['delete', 'configmaps/files-provisioner-status'],
      ['get', 'secrets'],
      ['list', 'configmaps'],
    ] as const)
      expect(await may(verb, object), `${verb} ${object}`).toBe('no\n');

    // Without prune a share that leaves the spec stays on the server, with its files.
    await tenant.patch('files', { spec: { shares: [{ name: '/a', defaultPermission: 'read' }] } });
    await tenant.until('files', 'waiting', (one) => condition(one, 'Provisioned')?.reason === 'Provisioning');
    await expect
      .poll(async () => {
        await pods.refresh();
        return pods.provision();
      })
      .toMatchObject({ ok: true });
    const less = await tenant.untilSettled('files');
    expect(less.status).toMatchObject({ shares: [{ name: '/a', ready: true }] });
    expect((await nfs({ uid: 2001, gid: 2001 }).list('/b')).output).not.toContain('MNT3ERR_NOENT');
    await lab.resume('provisioners');
  });

  it.concurrent(
    'the API server takes what everybody accepts, and refuses in our words what breaks a rule',
    async ({ expect }) => {
      const { namespace } = await newTenant(lab);
      const ask = askWith(lab.kubeconfig);
      const path = `/apis/dittofs.dittofs.com/v1alpha1/namespaces/${namespace}/dittoservers`;
      const headers = { 'content-type': 'application/json' };
      /** What the API server says against a spec; empty where it takes it. */
      const refusalOf = async (spec: Json): Promise<string> => {
        const body = { ...dittoServer('files', {}), spec };
        const answer = await ask('POST', `${path}?dryRun=All&fieldValidation=Strict`, { body, headers });
        return answer.status < 300 ? '' : (textAt(answer.body, 'message') ?? `status ${answer.status}`);
      };
      for (const [title, spec] of accepted) expect(await refusalOf(spec), title).toBe('');
      for (const { title, spec, problems } of refusedSpecs) {
        const { cel = [], schema = [], strict = [] } = problems;
        const refusal = await refusalOf(spec);
        expect(refusal !== '', title).toBe(cel.length + schema.length + strict.length > 0);
        // Rules are looked at only where the schema holds.
        if (schema.length + strict.length > 0) continue;
        for (const problem of cel) expect(refusal, title).toContain(problem.slice(problem.indexOf(': ') + 2));
      }
    },
  );

  it.concurrent('an edit changes what it says, and nothing else', async ({ expect }) => {
    const tenant = await newTenant(lab);
    await tenant.apply(dittoServer('files', { storage: { metadataSize: '1Gi', contentSize: '1Gi' } }));
    await tenant.untilSettled('files');

    const shares = Array.from({ length: 200 }, (_, index) => ({ name: `/share-${index}` }));
    const stops = ['Deployment/files-provisioner', 'StatefulSet/files'];
    const provisions = [
      'ConfigMap/files-config',
      'ConfigMap/files-provisioner-status',
      'Deployment/files-provisioner',
      'Secret/files-connection',
    ];
    const edits: readonly { spec: JsonObject; changed: readonly string[]; restarts: boolean }[] = [
      { spec: { image: 'marmos91c/dittofs:v0.29.1' }, changed: ['StatefulSet/files'], restarts: true },
      { spec: { extraEnv: [{ name: 'TZ', value: 'Europe/Rome' }] }, changed: ['StatefulSet/files'], restarts: true },
      { spec: { shares }, changed: provisions, restarts: false },
      {
        spec: { service: { annotations: { 'example.com/team': 'storage' } } },
        changed: ['Service/files-file'],
        restarts: false,
      },
      { spec: { replicas: 0 }, changed: stops, restarts: true },
      { spec: { replicas: 1 }, changed: stops, restarts: true },
    ];
    for (const { spec, changed, restarts } of edits) {
      const [before, pod] = [await tenant.snapshot(), await uidOf(tenant, 'pod/files-0')];
      await tenant.patch('files', { spec });
      await tenant.untilSettled('files');
      expect(changes(before, await tenant.snapshot())).toEqual(changed);
      expect((await uidOf(tenant, 'pod/files-0')) !== pod, JSON.stringify(spec)).toBe(restarts);
    }

    const [before, pod] = [await tenant.snapshot(), await uidOf(tenant, 'pod/files-0')];
    await tenant.patch('files', { spec: { storage: { contentSize: '2Gi' } } });
    await tenant.until('files', 'resizing', (one) => condition(one, 'StorageReady')?.reason === 'VolumeResizing');
    // Nobody resizes a folder: the test does what a storage driver would.
    const done = JSON.stringify({ status: { capacity: { storage: '2Gi' } } });
    await tenant.kubectl('patch', 'pvc', 'content-files-0', '--subresource=status', '--type=merge', '-p', done);
    await tenant.untilSettled('files');
    expect(changes(before, await tenant.snapshot())).toEqual(['PersistentVolumeClaim/content-files-0']);
    expect(await uidOf(tenant, 'pod/files-0')).toBe(pod);
  });

  it.concurrent('a bad spec is refused in our words, and the server is left as it was', async ({ expect }) => {
    const tenant = await newTenant(lab);
    await tenant.apply(example('quickstart', 'files'));
    await tenant.untilSettled('files');
    const before = await tenant.snapshot();
    await refusesABadSpec(tenant, 'files', expect);

    await tenant.patch('files', { spec: { resources: null } });
    await tenant.untilSettled('files');
    expect(await tenant.snapshot()).toEqual(before);
  });

  it.concurrent('what a person does by hand is undone, but for a volume', async ({ expect }) => {
    const tenant = await newTenant(lab);
    await tenant.apply(example('quickstart', 'files'));
    await tenant.untilSettled('files');
    const key = async (): Promise<JsonObject | undefined> =>
      objectAt(await tenant.get('secret/files-jwt-secret'), 'data');
    const generated = await key();
    expect(generated).toBeDefined();

    const without = JSON.stringify([{ op: 'remove', path: '/spec/ports/1' }]);
    await tenant.kubectl('patch', 'service', 'files-file', '--type=json', '-p', without);
    await poll(tenant);
    await expect.poll(async () => listAt(await tenant.get('service/files-file'), 'spec', 'ports').length).toBe(2);

    for (const object of [
      'configmap/files-config',
      'service/files-file',
      'statefulset/files',
      'secret/files-jwt-secret',
      'configmap/files-provisioner-status',
    ]) {
      const uid = await uidOf(tenant, object);
      await tenant.kubectl('delete', object);
      await poll(tenant);
      await expect.poll(async () => (await uidOf(tenant, object)) ?? uid).not.toBe(uid);
      await tenant.untilSettled('files');
    }
    expect(await key()).toEqual(generated);

    await tenant.patch('files', { spec: { replicas: 0 } });
    await tenant.untilSettled('files');
    await tenant.kubectl('delete', 'pvc', 'controlplane-files-0');
    const reported = (server: JsonObject): boolean => condition(server, 'StorageReady')?.reason === 'VolumeLost';
    await tenant.until('files', 'missing a volume', reported);
    await poll(tenant);
    await expect
      .poll(async () =>
        textAt(condition(await tenant.get(`${OBJECTS}/files-volume-controlplane`), 'Synced'), 'message'),
      )
      .toContain('no existing object was found');
    expect(await tenant.get('pvc/controlplane-files-0')).toBeUndefined();

    // Nor is it in the way of a deletion.
    await tenant.kubectl('delete', 'dittoserver', 'files', '--timeout=120s');
    await expect.poll(async () => tenant.get(OBJECTS)).toBeUndefined();
  });

  it.concurrent('deletion keeps what the spec keeps, and who comes again finds it', async ({ expect }) => {
    const tenant = await newTenant(lab);
    await tenant.apply(example('quickstart', 'files'));
    await tenant.untilSettled('files');
    const kept = [
      'PersistentVolumeClaim/controlplane-files-0',
      'PersistentVolumeClaim/metadata-files-0',
      'Secret/files-admin-bootstrap-credentials',
      'Secret/files-jwt-secret',
    ];
    const uids = async (): Promise<readonly (string | undefined)[]> =>
      Promise.all(kept.map(async (object) => uidOf(tenant, object)));
    const before = await uids();

    await tenant.kubectl('delete', 'dittoserver', 'files', '--timeout=120s');
    await expect.poll(async () => Object.keys(await tenant.snapshot()).sort()).toEqual([...EMPTY, ...kept].sort());
    await expect.poll(async () => tenant.get(OBJECTS)).toBeUndefined();

    await tenant.apply(example('quickstart', 'files'));
    await tenant.untilSettled('files');
    expect(await uids()).toEqual(before);
  });

  it.concurrent('deletion takes everything where the spec says Delete', async ({ expect }) => {
    const tenant = await newTenant(lab);
    await tenant.apply(dittoServer('files', { storage: { retentionPolicy: 'Delete' } }));
    await tenant.untilSettled('files');
    await tenant.kubectl('delete', 'dittoserver', 'files', '--timeout=120s');
    await expect.poll(async () => Object.keys(await tenant.snapshot())).toEqual(EMPTY);
  });

  describe('whatever fails, nothing is deleted and all is Ready again', () => {
    let tenant: Tenant;
    beforeAll(async () => {
      tenant = await newTenant(lab);
      await tenant.apply(example('quickstart', 'files'));
      await tenant.untilSettled('files');
    });

    /** An edit that reaches the StatefulSet proves that everything works again. */
    async function untilWorking(image: string): Promise<void> {
      await tenant.patch('files', { spec: { image } });
      await expect
        .poll(async () =>
          textAt(await tenant.get('statefulset/files'), 'spec', 'template', 'spec', 'containers', 0, 'image'),
        )
        .toBe(image);
      await tenant.untilSettled('files');
    }

    const faults: readonly { fault: string; happens: () => Promise<void> }[] = [
      {
        fault: 'the function is killed, and started again',
        happens: async () => {
          await lab.halt('function-dittofs', 'SIGKILL');
          await lab.resume('function-dittofs');
        },
      },
      {
        fault: 'provider-kubernetes restarts',
        happens: async () => {
          await lab.halt('provider-kubernetes', 'SIGKILL');
          await lab.resume('provider-kubernetes');
        },
      },
      { fault: 'etcd is compacted', happens: async () => compactEtcd(lab) },
    ];
    it.each(faults)('$fault', async ({ happens }) => {
      const audit = auditFrom(lab.auditLog);
      const before = Object.keys(await tenant.snapshot());
      await happens();
      await untilWorking(`marmos91c/dittofs:v0.29.${Date.now()}`);
      expect(Object.keys(await tenant.snapshot())).toEqual(before);
      const deleted = audit
        .since()
        .filter(({ verb, namespace }) => namespace === tenant.namespace && verb.includes('delete'));
      // The StatefulSet's controller replaces the pod; nobody deletes anything else.
      expect(deleted.filter(({ resource }) => resource !== 'pods')).toEqual([]);
    });
  });

  // Last, because afterwards there are no DittoServers any more.
  it('docs/install.md says how to use it, who may, and how to take it away', async () => {
    expect(await lab.shell(commandsOf('A share, mounted'))).toContain('my-dittofs');
    await lab.shell(commandsOf('Rights'));
    // For those who have the provider already, and no binding of that name.
    await lab.kubectl('delete', 'clusterrolebinding', 'dittofs-provider-kubernetes');
    await lab.shell(commandsOf('What runs'));
    // Its registry does not exist, so nothing of this may be applied for good.
    await lab.shell('kubectl apply --dry-run=server -k install/private-registry');
    await lab.shell('kubectl apply --dry-run=server -k install/signatures');
    await lab.shell(commandsOf('Upgrade'));

    await lab.shell(commandsOf('Uninstall'));
    expect(await lab.shell(commandsOf('Uninstall', 2))).toContain('persistentvolumeclaim/metadata-my-dittofs-0');
  });
});
