import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../lab/lab.ts';
import { textAt } from '../../src/lib/json.ts';
import { canRunLab } from '../real/lab/support/can-run.ts';
import { labFor } from '../real/lab/support/start.ts';
import { changes, condition, dittoServer, newTenant, OBJECTS, poll } from '../real/lab/support/tenant.ts';

const can = await canRunLab();

/** With Kubernetes' own controller of volumes, which looks at a claim again every 15 seconds. */
describe.skipIf(!can)('volumes of shares', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await labFor('namespaced');
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  it('are bound, come back, and go when they are not wanted', async () => {
    const tenant = await newTenant(lab);
    const [projects, archive] = [
      { name: '/projects', quota: '1Gi' },
      { name: '/archive', quota: '1Gi' },
    ];
    const inTree = { ...archive, volume: { driver: 'inTree' } };
    const pv = `pv/${tenant.namespace}.files`;
    const volumes = ['projects', 'archive'].flatMap((share) => [`${pv}.${share}`, `pvc/files.${share}`]);
    const [volume = '', claim = ''] = volumes;
    /** The uids of the volume and the claim of a share, if they are bound to each other. */
    const bound = async (share = 'projects'): Promise<readonly (string | undefined)[]> => {
      const both = [await tenant.get(`${pv}.${share}`), await tenant.get(`pvc/files.${share}`)];
      const [made, uid] = both.map((one) => textAt(one, 'metadata', 'uid'));
      const isBound = both.every((one) => textAt(one, 'status', 'phase') === 'Bound');
      return isBound && textAt(both[0], 'spec', 'claimRef', 'uid') === uid ? [made, uid] : [];
    };
    /** Waits until one of them, by its place, is another than before, and all is well. */
    const untilAnother = async (place: 0 | 1, before: string | undefined, share?: string): Promise<void> => {
      await expect.poll(async () => (await bound(share))[place] ?? before, { timeout: 90_000 }).not.toBe(before);
      await tenant.untilSettled('files');
    };
    const remove = async (object: string): Promise<string> => tenant.kubectl('delete', object, '--wait=false');

    await tenant.apply(dittoServer('files', { shares: [{ ...projects, volume: {} }, inTree] }));
    await tenant.untilSettled('files');
    const [firstVolume, firstClaim] = await bound();
    const [archived] = await bound('archive');
    expect([firstVolume, firstClaim, archived]).not.toContain(undefined);
    expect(textAt(await tenant.get(claim), 'status', 'capacity', 'storage')).toBe('1Gi');

    // The quota grows, and with it the volume; a claim for which nothing is provisioned cannot.
    const before = await tenant.snapshot();
    await tenant.patch('files', { spec: { shares: [{ ...projects, quota: '2Gi', volume: {} }, inTree] } });
    const capacity = async (): Promise<string | undefined> =>
      textAt(await tenant.get(volume), 'spec', 'capacity', 'storage');
    await expect.poll(capacity, { timeout: 60_000 }).toBe('2Gi');
    await tenant.untilSettled('files');
    const provisions = ['ConfigMap/files-config', 'ConfigMap/files-provisioner-status', 'Deployment/files-provisioner'];
    expect(changes(before, await tenant.snapshot())).toEqual(provisions);
    expect(await bound()).toEqual([firstVolume, firstClaim]);

    // A claim is deleted: the same volume is given to the next one, which shows what it holds now.
    await remove(claim);
    await untilAnother(1, firstClaim);
    const [sameVolume, secondClaim] = await bound();
    expect(sameVolume).toBe(firstVolume);
    expect(textAt(await tenant.get(claim), 'status', 'capacity', 'storage')).toBe('2Gi');

    // A volume is deleted: Kubernetes keeps it for its claim, and both come back when somebody lets that go.
    await remove(volume);
    await tenant.until('files', 'told', (one) => condition(one, 'StorageReady')?.reason === 'VolumeDeleted');
    expect(await bound()).toEqual([firstVolume, secondClaim]);
    await remove(claim);
    await untilAnother(0, firstVolume);
    const [secondVolume, thirdClaim] = await bound();
    expect(thirdClaim).not.toBe(secondClaim);

    // Somebody takes away what protects a volume: its claim is lost, and bound again to the next one.
    await remove(volume);
    await tenant.kubectl('patch', volume, '--type=merge', '-p', JSON.stringify({ metadata: { finalizers: null } }));
    await untilAnother(0, secondVolume);
    const third = await bound();
    expect(third[1]).toBe(thirdClaim);

    // The kubelet mounts by an address: another one is another volume.
    await remove('service/files-file');
    await poll(tenant);
    await untilAnother(0, archived, 'archive');
    const address = textAt(await tenant.get('service/files-file'), 'spec', 'clusterIP');
    expect(textAt(await tenant.get(`${pv}.archive`), 'spec', 'nfs', 'server')).toBe(address);
    expect(await bound()).toEqual(third);

    // Without its volume the share is served as before.
    const left = async (): Promise<readonly string[]> => {
      const found = await Promise.all(volumes.map(async (object) => tenant.get(object)));
      return volumes.filter((_, index) => found[index] !== undefined);
    };
    await tenant.patch('files', { spec: { shares: [projects, inTree] } });
    await expect.poll(left, { timeout: 90_000 }).toEqual(volumes.slice(2));
    await tenant.untilSettled('files');
    expect(textAt(await tenant.get('configmap/files-config'), 'data', 'plan.json')).toContain('"/projects"');

    await tenant.kubectl('delete', 'dittoserver', 'files', '--timeout=120s');
    await expect.poll(left, { timeout: 90_000 }).toEqual([]);
    await expect.poll(async () => tenant.get(OBJECTS), { timeout: 90_000 }).toBeUndefined();
  });
});
