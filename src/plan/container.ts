/** What is fixed about the server's container: ports on which it listens, and where its files lie. */

/** Ports inside the pod; only that of the REST API can be chosen. */
export const listenerPorts = { nfs: 12049, smb: 1445 } as const;

/** Where volumes are mounted, by volume. */
export const dataFolders = {
  metadata: '/data/store/metadata',
  content: '/data/store/block',
  cache: '/data/store/cache',
  controlplane: '/data/controlplane',
} as const;

/** Folder of the mounted ConfigMap, and the server's file in it. */
export const configFolder = '/config';
export const configFile = 'config.yaml';

/** The provisioner's file in the same ConfigMap. */
export const planFile = 'plan.json';

/** Group that owns the volumes: that of the image's user. */
export const fileGroup = 65532;

/** Seconds for which a stopping pod still serves, so that Services forget it first. */
export const drainSeconds = 5;

/** Where the key files are mounted with which the server encrypts. */
export const encryptionFolder = '/etc/dittofs/encryption';

/** Where the certificates are mounted that the server trusts when it connects to PostgreSQL. */
export const databaseAuthority = {
  folder: '/etc/dittofs/database-ca',
  file: '/etc/dittofs/database-ca/ca.crt',
} as const;
