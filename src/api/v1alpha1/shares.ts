import * as z from 'zod';
import { compareQuantities } from '../../lib/quantity.ts';
import { distinct, distinctBy, duration, each, SIZE, size, text } from './fields.ts';
import { operationList } from './operations.ts';
import { personName } from './people.ts';
import { matching, withRules, type Rule } from './rule.ts';
import { SnapshotPolicy } from './snapshots.ts';
import { storeName } from './stores.ts';

/** What a share is: its name on the server, after which its volume is named, too. */
const SHARE_NAME = '^/[a-z0-9]([-a-z0-9]*[a-z0-9])?$';

/** The longest lists within a share: the API server bounds what their rules may cost. */
const MOST_PERMISSIONS = 64;
const MOST_QUOTAS = 32;

const levels = z.enum(['none', 'read', 'read-write', 'admin']);
const who = z.enum(['user', 'group']);

const Permission = z.strictObject({
  type: who.meta({ description: 'Whether it is a user’s or a group’s.' }),
  name: personName().meta({ description: 'Name of a declared user or group, or of one that every server has.' }),
  level: levels.meta({ description: 'What is permitted.' }),
});

const files = () => z.int().min(1).max(Number.MAX_SAFE_INTEGER);

const Quota = withRules(
  z.strictObject({
    type: who.meta({ description: 'Whether it is a user’s or a group’s.' }),
    name: personName().meta({ description: 'Name of a user who has a uid, or of a group that has a gid.' }),
    limit: size().optional().meta({ description: 'Most bytes.' }),
    softLimit: size().optional().meta({ description: 'Bytes that may be passed for the time of grace only.' }),
    files: files().optional().meta({ description: 'Most files.' }),
    softFiles: files().optional().meta({ description: 'Files that may be passed for the time of grace only.' }),
    grace: duration('1s', '87600h').optional().meta({
      description: 'How long a soft limit may be passed; the server’s own default when left out.',
    }),
  }),
  [
    {
      cel: 'has(self.limit) || has(self.softLimit) || has(self.files) || has(self.softFiles)',
      says: 'limits nothing: say what, with limit, softLimit, files or softFiles',
      reads: ['limit', 'softLimit', 'files', 'softFiles'],
      holds: ({ limit, softLimit, files: most, softFiles }) =>
        limit !== undefined || softLimit !== undefined || most !== undefined || softFiles !== undefined,
    },
    {
      cel: `!has(self.limit) || !has(self.softLimit) || !${SIZE.cel('self.limit')} || !${SIZE.cel('self.softLimit')} || quantity(self.softLimit).compareTo(quantity(self.limit)) <= 0`,
      says: 'is more than limit',
      field: ['softLimit'],
      reads: ['limit', 'softLimit'],
      holds: ({ limit, softLimit }) =>
        limit === undefined || softLimit === undefined || compareQuantities(softLimit, limit) <= 0,
    },
    {
      cel: '!has(self.files) || !has(self.softFiles) || self.softFiles <= self.files',
      says: 'is more than files',
      field: ['softFiles'],
      reads: ['files', 'softFiles'],
      holds: ({ files: most, softFiles }) => most === undefined || softFiles === undefined || softFiles <= most,
    },
  ],
);

const Retention = withRules(
  z.strictObject({
    policy: z.enum(['pin', 'ttl', 'lru']).default('lru').meta({
      description:
        'pin keeps all of it; ttl what was used within the time; lru what was used last, as far as there is room.',
    }),
    ttl: duration('1s', '87600h').optional().meta({ description: 'The time, with policy ttl.' }),
  }),
  [
    {
      cel: `!has(self.policy) || self.policy != 'ttl' || has(self.ttl)`,
      says: 'is required with policy ttl',
      field: ['ttl'],
      reads: ['policy', 'ttl'],
      holds: ({ policy, ttl }) => policy !== 'ttl' || ttl !== undefined,
    },
  ],
);

const anonymous = () => z.int().min(0).max(4_294_967_294).optional();

const NfsExport = z.strictObject({
  squash: z
    .enum(['none', 'root_to_admin', 'root_to_guest', 'all_to_admin', 'all_to_guest'])
    .default('root_to_guest')
    .meta({ description: 'Whom clients’ users become: guest is the anonymous one, admin root.' }),
  anonymousUid: anonymous().meta({ description: 'uid of the anonymous user; 65534 when left out.' }),
  anonymousGid: anonymous().meta({ description: 'gid of the anonymous user; 65534 when left out.' }),
  allowAuthSys: z.boolean().default(true).meta({
    description: 'Whether clients may say themselves who their users are. A change restarts the server.',
  }),
  requireKerberos: z.boolean().default(false).meta({
    description: 'Whether clients have to use Kerberos. A change restarts the server.',
  }),
  minKerberosLevel: z.enum(['krb5', 'krb5i', 'krb5p']).default('krb5').meta({
    description: 'Least protection with Kerberos: identity, integrity, privacy. A change restarts the server.',
  }),
  disableReaddirplus: z.boolean().default(false).meta({
    description: 'Whether folders are listed without the attributes of files. A change restarts the server.',
  }),
});

const SmbShare = z.strictObject({
  accessBasedEnumeration: z.boolean().default(false).meta({
    description: 'Whether users see only what they may read.',
  }),
  changeNotify: z.boolean().default(true).meta({ description: 'Whether clients are told of changes.' }),
  streams: z.boolean().default(true).meta({ description: 'Whether files may have alternate data streams.' }),
  continuousAvailability: z.boolean().default(false).meta({
    description: 'Whether open files outlive a restart of the server.',
  }),
  mfsymlinks: z.boolean().default(false).meta({
    description: 'Whether the symbolic links of macOS and Linux clients are links for NFS, too.',
  }),
});

/** A pattern as Go's path.Match takes it. */
const PATTERN = '^([^\\[\\\\]|\\\\.|\\[\\^?((\\\\.|[^\\]\\\\-])(-(\\\\.|[^\\]\\\\-]))?)+\\])*$';

const Trash = z.strictObject({
  enabled: z.boolean().meta({
    description: 'Whether what is deleted goes to the folder #recycle; false empties that.',
  }),
  retentionDays: z.int().min(0).max(36_500).default(0).meta({
    description: 'Days after which it is deleted for good; 0 is never.',
  }),
  restrictToAdmin: z.boolean().default(false).meta({ description: 'Whether only administrators may look into it.' }),
  maxSize: size().optional().meta({ description: 'Most that it holds; no limit when left out.' }),
  excludePatterns: each(withRules(text(128), [matching(PATTERN, 'is not a pattern of names such as "*.tmp"')]), 32)
    .default([])
    .meta({ description: 'Names that are deleted at once, such as *.tmp.' }),
});

/** The version of NFS by which volumes are mounted, unless their options say another. */
export const volumeVersion = '4.1';

const accessModes = ['ReadWriteMany', 'ReadOnlyMany', 'ReadWriteOnce', 'ReadWriteOncePod'] as const;

/** A transition rule of a share's volume: while there is one, it cannot become another. */
const sameVolume = (field: string): Rule<unknown> => {
  const has = (of: string): string => `has(${of}.volume) && has(${of}.volume.${field})`;
  return {
    cel: `!has(self.volume) || !has(oldSelf.volume) || (!(${has('self')}) && !(${has('oldSelf')})) || (${has('self')} && ${has('oldSelf')} && self.volume.${field} == oldSelf.volume.${field})`,
    says: 'is not what the volume was made with: Kubernetes cannot change it; leave the volume out first, then make another',
    field: ['volume', field],
  };
};

const Volume = withRules(
  z.strictObject({
    protocol: z.enum(['nfs', 'smb']).default('nfs').meta({ description: 'How it is mounted. It cannot change.' }),
    driver: z.enum(['csi', 'inTree']).default('csi').meta({
      description:
        'What mounts it: csi is csi-driver-nfs or csi-driver-smb; inTree is the nfs volume of Kubernetes itself. It cannot change.',
    }),
    user: personName().optional().meta({
      description:
        'As whom an SMB volume is mounted: a declared user without passwordSecretRef, whose Secret is then of the right form. It cannot change.',
    }),
    accessModes: each(z.enum(accessModes), 4).default(['ReadWriteMany']).meta({
      description: 'How pods may use it. It cannot change.',
    }),
    mountOptions: each(text(128), 32).default([]).meta({
      description: 'More options of the mount, beside the platform’s.',
    }),
  }),
  [
    {
      cel: `!has(self.driver) || self.driver != 'inTree' || !has(self.protocol) || self.protocol == 'nfs'`,
      says: 'cannot mount SMB: use csi',
      field: ['driver'],
      reads: ['driver', 'protocol'],
      holds: ({ driver, protocol }) => driver !== 'inTree' || protocol === 'nfs',
    },
    {
      cel: `!has(self.protocol) || self.protocol != 'smb' || has(self.user)`,
      says: 'is required with protocol smb: as whom the volume is mounted',
      field: ['user'],
      reads: ['protocol', 'user'],
      holds: ({ protocol, user }) => protocol !== 'smb' || user !== undefined,
    },
    {
      cel: `!has(self.user) || (has(self.protocol) && self.protocol == 'smb')`,
      says: 'is only for SMB: leave it out, or choose protocol smb',
      field: ['user'],
      reads: ['protocol', 'user'],
      holds: ({ protocol, user }) => user === undefined || protocol === 'smb',
    },
    {
      cel: '!has(self.accessModes) || self.accessModes.size() > 0',
      says: 'is empty: Kubernetes needs one, such as ReadWriteMany',
      field: ['accessModes'],
      reads: ['accessModes'],
      holds: ({ accessModes }) => accessModes.length > 0,
    },
    {
      cel: `!has(self.accessModes) || self.accessModes.size() < 2 || !('ReadWriteOncePod' in self.accessModes)`,
      says: 'has other access modes beside ReadWriteOncePod, which Kubernetes takes alone only',
      field: ['accessModes'],
      reads: ['accessModes'],
      holds: ({ accessModes }) => accessModes.length < 2 || !accessModes.includes('ReadWriteOncePod'),
    },
  ],
);

/** A transition rule of a share: its files would read as zeros from another store. */
function sameStore(field: 'metadataStore' | 'localBlockStore'): Rule<unknown> {
  return {
    cel: `!has(self.${field}) || !has(oldSelf.${field}) || self.${field} == oldSelf.${field}`,
    says: 'is not the store that the share was made with: its files would read as zeros; moving data is a new share',
    field: [field],
  };
}

const Share = withRules(
  z.strictObject({
    name: withRules(text(33), [
      matching(SHARE_NAME, 'is not the name of a share such as "/export": lower-case letters, digits and -'),
    ]).meta({ description: 'Name under which clients mount it.' }),
    metadataStore: storeName().optional().meta({
      description:
        'Metadata store. Left out: the only one that is declared, or default where none is. It cannot change.',
    }),
    localBlockStore: storeName().optional().meta({
      description:
        'Local block store. Left out: the only one that is declared, or default where none is. It cannot change.',
    }),
    remoteBlockStore: storeName().optional().meta({
      description:
        'Remote block store, where the data ends up; none when left out. Shares of one metadata store have the same one. It cannot be added, change or go.',
    }),
    enabled: z.boolean().default(true).meta({ description: 'false: the share stays and cannot be used.' }),
    readOnly: z.boolean().default(false).meta({ description: 'Whether nobody may write.' }),
    owner: personName().optional().meta({
      description:
        'User who owns the topmost folder, with a uid; root when left out. Without effect on a share that exists.',
    }),
    defaultPermission: levels.default('none').meta({
      description: 'What everybody may do for whom permissions say nothing.',
    }),
    permissions: distinctBy(z.array(Permission).max(MOST_PERMISSIONS), ['type', 'name'])
      .default([])
      .meta({ description: 'What users and groups may do.' }),
    quota: size().optional().meta({ description: 'Most that the share holds; no limit when left out.' }),
    quotas: distinctBy(z.array(Quota).max(MOST_QUOTAS), ['type', 'name'])
      .default([])
      .meta({ description: 'Most that single users and groups keep in it.' }),
    retention: Retention.optional().meta({
      description:
        'What of the data stays in the local block store; left as the server has it, by itself lru, when left out.',
    }),
    cacheSize: size().optional().meta({
      description:
        'Most that the share keeps in its local block store, over its maxSize. A change restarts the server.',
    }),
    readBufferSize: size().optional().meta({
      description: 'Memory for what is read; the server’s own default when left out. A change restarts the server.',
    }),
    encryptData: z.boolean().default(false).meta({
      description: 'Whether SMB clients have to encrypt. A change restarts the server.',
    }),
    blockedOperations: operationList().default([]).meta({
      description: 'Operations of NFS and SMB that are refused. A change restarts the server.',
    }),
    nfs: NfsExport.prefault({}).meta({ description: 'The share for NFS.' }),
    smb: SmbShare.prefault({}).meta({ description: 'The share for SMB; a change restarts the server.' }),
    snapshotPolicy: SnapshotPolicy.optional().meta({ description: 'When snapshots are made.' }),
    trash: Trash.optional().meta({ description: 'The recycle bin; left as the server has it when left out.' }),
    volume: Volume.optional().meta({
      description: 'Makes a PersistentVolumeClaim <name>.<share> that pods can use at once; its capacity is the quota.',
    }),
  }),
  [
    {
      cel: '!has(self.volume) || has(self.quota)',
      says: 'is required with a volume: it is the volume’s capacity',
      field: ['quota'],
      reads: ['volume', 'quota'],
      holds: ({ volume, quota }) => volume === undefined || quota !== undefined,
    },
    sameStore('metadataStore'),
    sameStore('localBlockStore'),
    {
      cel: '!has(self.remoteBlockStore) || (has(oldSelf.remoteBlockStore) && self.remoteBlockStore == oldSelf.remoteBlockStore)',
      says: 'is not the store that the share was made with: its files would read as zeros; moving data is a new share',
      field: ['remoteBlockStore'],
    },
    {
      cel: 'has(self.remoteBlockStore) || !has(oldSelf.remoteBlockStore)',
      says: 'is missing: the share was made with a remote store, in which its files are; moving data is a new share',
      field: ['remoteBlockStore'],
    },
    sameVolume('protocol'),
    sameVolume('driver'),
    sameVolume('user'),
    sameVolume('accessModes'),
  ],
);

/** Shares that are declared. */
export const Shares = distinct(z.array(Share).max(256), 'name');
