import type { DeclaredShare, DeclaredStore, DeclaredUser, ServingPlan } from '../../src/api/provisioning.ts';

/** A plan that declares nothing but the two adapters as a new server has them. */
export function planWith(differences: Partial<ServingPlan> = {}): ServingPlan {
  return {
    revision: 'r1',
    admin: { secret: 'admin', key: 'password' },
    prune: false,
    metadata_stores: [],
    local_block_stores: [],
    remote_block_stores: [],
    groups: [],
    users: [],
    shares: [],
    snapshot_policies: {},
    adapters: {
      nfs: { enabled: true, port: 12049, settings: {} },
      smb: { enabled: true, port: 1445, settings: {} },
    },
    ...differences,
  };
}

/** A store in memory. */
export function store(name: string, differences: Partial<DeclaredStore> = {}): DeclaredStore {
  return { name, type: 'memory', config: {}, identity: [], secrets: {}, fallback: false, ...differences };
}

/** A user whose password is in the Secret of the same name. */
export function user(name: string, differences: Partial<DeclaredUser> = {}): DeclaredUser {
  return { name, password: { secret: name, key: 'password' }, role: 'user', groups: [], enabled: true, ...differences };
}

/** A share in the stores "meta" and "local". */
export function share(name: string, differences: Partial<DeclaredShare> = {}): DeclaredShare {
  return {
    name,
    metadata_store: 'meta',
    local_block_store: 'local',
    enabled: true,
    settings: {},
    nfs: {},
    permissions: [],
    quotas: [],
    fallback: false,
    ...differences,
  };
}
