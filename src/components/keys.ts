/**
 * The keys of all composed resources, in the order in which they are composed: one that others use stands before them.
 *
 * Permanent. A key is a resource's identity: renaming one deletes the resource and makes another.
 */
export const componentKeys = [
  'database',
  'config',
  'jwt-secret',
  'admin-secret',
  'headless-service',
  'file-service',
  'api-service',
  'storage-class',
  'volume-metadata',
  'volume-content',
  'volume-controlplane',
  'server',
] as const;
export type ComponentKey = (typeof componentKeys)[number];
