import type * as z from 'zod';
import { report, type Check } from './check.ts';
import { quote } from './problem.ts';
import type { Nfs, Smb } from './protocols.ts';
import { volumeVersion, type Shares } from './shares.ts';
import { shareNamed, type SnapshotPolicies } from './snapshots.ts';

/** A volume is mounted by a protocol that is spoken, in the version that is. */
export const checkShareVolumes: Check<{
  readonly shares?: z.output<typeof Shares> | undefined;
  readonly nfs: z.output<typeof Nfs>;
  readonly smb: z.output<typeof Smb>;
}> = (spec, ctx) => {
  const { maxVersion = volumeVersion } = spec.nfs.settings ?? {};
  spec.shares?.forEach(({ volume }, index) => {
    if (volume === undefined) return;
    const saysVersion = volume.mountOptions.some((option) => /^(nfs)?vers=/.test(option));
    if (volume.protocol === 'nfs' && spec.nfs.enabled && maxVersion !== volumeVersion && !saysVersion) {
      const message = `is older than NFS ${volumeVersion}, by which spec.shares[${index}].volume is mounted: name another nfsvers in its mountOptions`;
      report(ctx, ['nfs', 'settings', 'maxVersion'], message);
    }
    if (spec[volume.protocol].enabled) return;
    const message = `is not spoken: spec.${volume.protocol}.enabled is false`;
    const path = ['shares', index, 'volume', 'protocol'];
    // It may be the default, which stands nowhere in what the user wrote.
    ctx.addIssue({ code: 'custom', path, message, params: { value: volume.protocol } });
  });
};

/** A share has one snapshot policy, wherever it stands. */
export const checkSnapshotPolicies: Check<{
  readonly shares?: z.output<typeof Shares> | undefined;
  readonly snapshotPolicies?: z.output<typeof SnapshotPolicies> | undefined;
}> = ({ shares = [], snapshotPolicies = [] }, ctx) => {
  const names = snapshotPolicies.map(({ share }) => shareNamed(share));
  snapshotPolicies.forEach(({ share }, index) => {
    const name = shareNamed(share);
    const path = ['snapshotPolicies', index, 'share'];
    const earlier = snapshotPolicies[names.indexOf(name)]?.share;
    // The same text twice is said of the list.
    if (earlier !== share && names.indexOf(name) < index)
      report(ctx, path, `is the share ${quote(earlier)}, which has a policy already`);
    const at = shares.findIndex((declared) => declared.name === name && declared.snapshotPolicy !== undefined);
    if (at >= 0) report(ctx, path, `has a policy in spec.shares[${at}].snapshotPolicy, too: leave one of them out`);
  });
};
