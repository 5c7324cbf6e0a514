import { describe, expect, it } from 'vitest';
import type { FlavourName } from '../../../../lab/flavours.ts';
import { commandsOf } from '../../../../lab/shell.ts';
import { textAt } from '../../../../src/lib/json.ts';
import { canRunLab } from './can-run.ts';
import { labOfBlock } from './start.ts';
import { refusesABadSpec, tellsItsTenant } from './stories.ts';
import { eventsOf, example, newTenant } from './tenant.ts';

const can = await canRunLab();

/** The stories of claims, which are the same on every Crossplane. */
export function claimsOn(crossplane: string, flavour: FlavourName): void {
  describe.skipIf(!can)(`claims on ${crossplane}`, () => {
    const lab = labOfBlock(flavour);

    it.concurrent('the quickstart gets Ready, and its tenant sees it on the claim', async ({ expect }) => {
      const tenant = await newTenant(lab);
      const begun = Date.now();
      await tenant.apply(example('quickstart', 'files'));
      const claim = await tenant.untilSettled('files');
      console.log(`Ready after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
      tellsItsTenant(claim, tenant, expect);
      await expect.poll(async () => eventsOf(tenant)).toContain('ServerReady');
    });

    it.concurrent('a bad spec is refused by the API server, and by the function on the claim', async ({ expect }) => {
      const tenant = await newTenant(lab);
      await tenant.apply(example('quickstart', 'files'));
      await tenant.untilSettled('files');
      await refusesABadSpec(tenant, 'files', expect);
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
        .poll(async () => Object.keys(await tenant.snapshot()).filter((key) => key.startsWith('StatefulSet/')))
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
}
