import * as z from 'zod';
import { port } from './fields.ts';
import { nfsOperationList, smbOperationList } from './operations.ts';
import { withRules } from './rule.ts';

const nfsVersions = ['3', '4.0', '4.1'] as const;
const smbDialects = ['SMB2.0', 'SMB2.1', 'SMB3.0', 'SMB3.0.2', 'SMB3.1.1'] as const;

/** A number of the server's own; what is left out stays as the server has it. */
function setting(least: number, most: number, description: string) {
  return z.int().min(least).max(most).optional().meta({ description });
}

/** A switch of the server's own. */
function flag(description: string) {
  return z.boolean().optional().meta({ description });
}

/** Least and most bytes of one transfer. */
const TRANSFER = [4_096, 16_777_216] as const;

function celList(texts: readonly string[]): string {
  return `[${texts.map((text) => `'${text}'`).join(', ')}]`;
}

/** A rule of two versions: whether the order of `versions` puts the first after the second. */
function isAfter<T>(versions: readonly T[], first: T | undefined, second: T | undefined): boolean {
  return first !== undefined && second !== undefined && versions.indexOf(first) > versions.indexOf(second);
}

/** CEL for "min is not after max", by their places in a list in rising order. */
function celInOrder(min: string, max: string, versions: readonly string[]): string {
  const before = versions.map((version, index) => {
    const upTo = celList(versions.slice(0, index + 1));
    return `(self.${max} == '${version}' && self.${min} in ${upTo})`;
  });
  return `!has(self.${min}) || !has(self.${max}) || ${before.join(' || ')}`;
}

const NfsSettings = withRules(
  z.strictObject({
    minVersion: z.enum(nfsVersions).optional().meta({ description: 'Oldest version that is spoken.' }),
    maxVersion: z.enum(nfsVersions).optional().meta({ description: 'Newest version that is spoken.' }),
    leaseTime: setting(10, 3_600, 'Seconds after which a silent NFSv4 client loses its state.'),
    gracePeriod: setting(10, 3_600, 'Seconds after a start in which NFSv4 clients reclaim their state.'),
    delegationRecallTimeout: setting(10, 600, 'Seconds that a client has to return a delegation.'),
    callbackTimeout: setting(1, 60, 'Seconds that a call back to a client may take.'),
    leaseBreakTimeout: setting(5, 120, 'Seconds that a client has to give up a lease.'),
    maxConnections: setting(0, 100_000, 'Most connections; 0 is no limit.'),
    maxClients: setting(1, 1_000_000, 'Most NFSv4 clients.'),
    maxCompoundOps: setting(4, 1_000, 'Most operations in one NFSv4 request.'),
    maxReadSize: setting(...TRANSFER, 'Most bytes that one request reads.'),
    maxWriteSize: setting(...TRANSFER, 'Most bytes that one request writes.'),
    preferredTransferSize: setting(...TRANSFER, 'Bytes that clients are advised to transfer at once.'),
    delegationsEnabled: flag('Whether files are delegated to clients.'),
    maxDelegations: setting(0, 1_000_000, 'Most delegations.'),
    dirDelegBatchWindowMs: setting(0, 5_000, 'Milliseconds for which changes of a delegated folder are gathered.'),
    blockedOperations: nfsOperationList().optional().meta({ description: 'Operations that are refused to everybody.' }),
  }),
  [
    {
      cel: celInOrder('minVersion', 'maxVersion', nfsVersions),
      says: 'is newer than maxVersion',
      field: ['minVersion'],
      reads: ['minVersion', 'maxVersion'],
      holds: ({ minVersion, maxVersion }) => !isAfter(nfsVersions, minVersion, maxVersion),
    },
  ],
);

const SmbSettings = withRules(
  z.strictObject({
    minDialect: z.enum(smbDialects).optional().meta({ description: 'Oldest dialect that is spoken.' }),
    maxDialect: z.enum(smbDialects).optional().meta({ description: 'Newest dialect that is spoken.' }),
    sessionTimeout: setting(60, 86_400, 'Seconds after which a silent session ends.'),
    oplockBreakTimeout: setting(5, 120, 'Seconds that a client has to give up an oplock.'),
    maxConnections: setting(0, 100_000, 'Most connections; 0 is no limit.'),
    maxSessions: setting(1, 1_000_000, 'Most sessions.'),
    enableEncryption: flag('Whether SMB 3 encryption is offered.'),
    signing: z.enum(['disabled', 'enabled', 'required']).optional().meta({
      description:
        'Whether messages are signed; required when left out: an anonymous client may otherwise write to a share whose default permission is read-write.',
    }),
    directoryLeasingEnabled: flag('Whether folders are leased to clients.'),
    blockedOperations: smbOperationList().optional().meta({ description: 'Operations that are refused to everybody.' }),
  }),
  [
    {
      cel: celInOrder('minDialect', 'maxDialect', smbDialects),
      says: 'is newer than maxDialect',
      field: ['minDialect'],
      reads: ['minDialect', 'maxDialect'],
      holds: ({ minDialect, maxDialect }) => !isAfter(smbDialects, minDialect, maxDialect),
    },
  ],
);

const enabled = (name: string) =>
  z
    .boolean()
    .default(true)
    .meta({ description: `Whether the file Service offers ${name}.` });

const servicePort = (name: string, standardPort: number) =>
  port()
    .default(standardPort)
    .meta({ description: `Port of ${name} on the file Service; the container listens on an unprivileged one.` });

const settingsAre = 'Settings of the server’s adapter, in force within seconds; what is left out stays as it is.';

/** NFS, as the file Service offers it. */
export const Nfs = z.strictObject({
  enabled: enabled('NFS'),
  port: servicePort('NFS', 2049),
  settings: NfsSettings.optional().meta({ description: settingsAre }),
});

/** SMB, as the file Service offers it. */
export const Smb = z.strictObject({
  enabled: enabled('SMB'),
  port: servicePort('SMB', 445),
  settings: SmbSettings.optional().meta({ description: settingsAre }),
});
