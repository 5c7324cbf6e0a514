/**
 * Names that the server's pod and configuration need for themselves. A spec that uses one of them is refused, because
 * it would break what the plan decides: the database, the address, the secrets, the volumes.
 */

/** Environment variables that carry the server's secrets or override what the plan owns. */
export const reservedEnv = [
  'DITTOFS_CONTROLPLANE_SECRET',
  'DITTOFS_CONTROLPLANE_JWT_SECRET',
  'DITTOFS_CONTROLPLANE_HOST',
  'DITTOFS_CONTROLPLANE_PORT',
  'DITTOFS_ADMIN_INITIAL_PASSWORD',
  'DITTOFS_METRICS_HOST',
  'DITTOFS_METRICS_PORT',
  'DITTOFS_SHUTDOWN_TIMEOUT',
  'DITTOFS_ENCRYPTION_PASSPHRASE',
  'PGCONNECT_TIMEOUT',
] as const;

/** Beginnings of environment variables that the plan owns as a group. */
export const reservedEnvPrefixes = ['DITTOFS_DATABASE_', 'DITTOFS_CONTROLPLANE_TLS_'] as const;

/** Volumes of the pod that the server needs. */
export const reservedVolumes = [
  'config',
  'tmp',
  'metadata',
  'content',
  'cache',
  'controlplane',
  'database-ca',
  'encryption',
] as const;

/** Folders of the container in which the server keeps its data, its configuration and its temporary files. */
export const reservedFolders = [
  '/config',
  '/tmp',
  '/etc/dittofs',
  '/data/controlplane',
  '/data/store/metadata',
  '/data/store/block',
  '/data/store/cache',
] as const;

/** Pod labels by which Services and the StatefulSet find the pod. */
export const reservedPodLabels = ['app', 'instance'] as const;

/** Beginnings of keys that only the function writes, on pods and their annotations. */
export const reservedKeyPrefixes = ['app.kubernetes.io/', 'checksum.dittofs.com/'] as const;

/**
 * Keys of config.yaml that `extraConfig` may not set, with what to use instead: the plan owns them, or they carry a
 * secret, which has no place in a ConfigMap. The server reads keys in any case, and a dot in a key as a level.
 */
export const reservedConfig: Readonly<Record<string, string>> = {
  database: 'use spec.database',
  'controlplane.host': 'the server always listens on all addresses of its pod',
  'controlplane.port': 'use spec.controlPlane.port',
  'controlplane.tls': 'TLS of the REST API is not configured here',
  'controlplane.jwt.access_token_duration': 'use spec.identity.jwt.accessTokenDuration',
  'controlplane.jwt.refresh_token_duration': 'use spec.identity.jwt.refreshTokenDuration',
  'controlplane.jwt.secret': 'use spec.identity.jwt.secretRef',
  'metrics.host': 'the server always listens on all addresses of its pod',
  'metrics.port': 'metrics are not configured here',
  'admin.password_hash': 'use spec.identity.admin.passwordSecretRef',
  'ldap.bind_password': 'a secret has no place in a ConfigMap',
  'kerberos.machine_account.secret': 'a secret has no place in a ConfigMap',
  'kerberos.machine_account.online_join.bind_password': 'a secret has no place in a ConfigMap',
  'logging.level': 'use spec.logging.level',
  'logging.format': 'use spec.logging.format',
  'logging.output': 'use spec.logging.output',
  shutdown_timeout: 'use spec.shutdownTimeout, which the grace period follows',
};
