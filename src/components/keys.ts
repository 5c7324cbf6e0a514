/**
 * The keys of the resources that every DittoServer has, in the order in which they are composed: one that others use stands before them.
 *
 * Permanent. A key is a resource's identity: renaming one deletes the resource and makes another.
 */
export const commonKeys = [
  'database',
  'jwt-secret',
  'admin-secret',
  'headless-service',
  'file-service',
  'api-service',
  'storage-class',
  'volume-metadata',
  'volume-content',
  'volume-cache',
  'volume-controlplane',
  'config',
  'server',
  'provisioner-account',
  'provisioner-role',
  'provisioner-binding',
  'provisioner-status',
  'provisioner',
  'connection',
] as const;
export type CommonKey = (typeof commonKeys)[number];

/** The key of any composed resource: also those of a user, or of the volume of a share, that the spec names. */
export type ComponentKey = CommonKey | `user.${string}` | `pv.${string}` | `pvc.${string}`;
