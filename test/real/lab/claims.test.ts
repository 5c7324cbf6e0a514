import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlavourName } from '../../../lab/flavours.ts';
import type { Lab } from '../../../lab/lab.ts';
import { commandsOf } from '../../../lab/shell.ts';
import { textAt } from '../../../src/lib/json.ts';
import { canRunLab } from './support/can-run.ts';
import { labFor } from './support/start.ts';
import { condition, eventsOf, example, holds, newTenant } from './support/tenant.ts';

const can = await canRunLab();
const labs: readonly { flavour: FlavourName; on: string }[] = [
  { flavour: 'claims', on: 'Crossplane v2' },
  { flavour: 'claims-v1', on: 'Crossplane v1.20' },
];

describe.skipIf(!can).each(labs)('claims on $on', { timeout: 240_000 }, ({ flavour }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await labFor(flavour);
  }, 180_000);
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  }, 120_000);

  it.concurrent('the quickstart gets Ready, and its tenant sees it on the claim', async ({ expect }) => {
    const tenant = await newTenant(lab);
    const begun = Date.now();
    await tenant.apply(example('quickstart', 'files'));
    const claim = await tenant.untilSettled('files');
    console.log(`Ready after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    const types = ['Available', 'ConfigReady', 'EndpointReady', 'Ready', 'ResourcesApplied', 'StorageReady', 'Synced'];
    for (const type of types) expect(condition(claim, type), type).toMatchObject({ status: 'True' });
    expect(textAt(claim, 'status', 'phase')).toBe('Running');
    expect(textAt(claim, 'status', 'endpoints', 'nfs', 'host')).toBe(`files-file.${tenant.namespace}.svc`);
    await expect.poll(async () => eventsOf(tenant), { timeout: 30_000 }).toContain('ServerReady');
  });

  it.concurrent('a bad spec is refused by the API server, and by the function on the claim', async ({ expect }) => {
    const tenant = await newTenant(lab);
    await tenant.apply(example('quickstart', 'files'));
    await tenant.untilSettled('files');
    const before = await tenant.snapshot();
    const shrink = tenant.patch('files', { spec: { storage: { metadataSize: '1Gi' } } });
    await expect(shrink).rejects.toThrow('is less than before: a volume can grow, never shrink');
    await tenant.patch('files', { spec: { resources: { limits: { memory: '1 GB' } } } });
    const claim = await tenant.until('files', 'refused', (one) => holds(one, 'ConfigReady', 'False'));
    expect(textAt(condition(claim, 'ConfigReady'), 'message')).toContain('spec.resources.limits.memory');
    expect(await tenant.snapshot()).toEqual(before);
  });

  it.concurrent('deletion keeps what the spec keeps, and who comes again finds it', async ({ expect }) => {
    const tenant = await newTenant(lab);
    await tenant.apply(example('quickstart', 'files'));
    await tenant.untilSettled('files');
    const volume = async (): Promise<string | undefined> =>
      textAt(await tenant.get('pvc', 'controlplane-files-0'), 'metadata', 'uid');
    const before = await volume();
    await tenant.kubectl('delete', 'dittoserver', 'files', '--timeout=120s');
    await expect
      .poll(async () => Object.keys(await tenant.snapshot()).filter((key) => key.startsWith('StatefulSet/')), {
        timeout: 60_000,
      })
      .toEqual([]);
    await tenant.apply(example('quickstart', 'files'));
    await tenant.untilSettled('files');
    expect(await volume()).toBe(before);
  });

  // Last, because afterwards there are no DittoServers any more.
  it('docs/install.md says how to use it, and how to take it away', async () => {
    expect(await lab.shell(commandsOf('A share, mounted'))).toContain('my-dittofs');
    await lab.shell(commandsOf('Uninstall', 1));
    expect(await lab.shell(commandsOf('Uninstall', 2))).toContain('persistentvolumeclaim/metadata-my-dittofs-0');
  });
});
