/** What is fixed about the server's container: ports on which it listens, and where its files lie. */

/** Ports inside the pod; only that of the REST API can be chosen. */
export const listenerPorts = { nfs: 12049, smb: 1445 } as const;

/** Where volumes are mounted, by volume. */
export const dataFolders = {
  metadata: '/data/store/metadata',
  content: '/data/store/block',
  controlplane: '/data/controlplane',
} as const;

/** Folder of the mounted ConfigMap, and the file in it. */
export const configFolder = '/config';
export const configFile = 'config.yaml';

/** Group that owns the volumes: that of the image's user. */
export const fileGroup = 65532;

/** Seconds for which a stopping pod still serves, so that Services forget it first. */
export const drainSeconds = 5;

/** Where the certificates are mounted that the server trusts when it connects to PostgreSQL. */
export const databaseAuthority = {
  folder: '/etc/dittofs/database-ca',
  file: '/etc/dittofs/database-ca/ca.crt',
} as const;
