import * as z from 'zod';
import { growing, objectName, size } from './fields.ts';
import { withRules } from './rule.ts';

/** The spec of the server's volumes. */
export const Storage = withRules(
  z.strictObject({
    metadataSize: size().optional().meta({
      description:
        'Size of the volume for metadata, mounted at /data/store/metadata. 10Gi when something lives on it, as the default metadata store does. It can grow, never shrink.',
    }),
    contentSize: size().optional().meta({
      description:
        'Size of the volume for file content, mounted at /data/store/block; without it there is no such volume. It can be added later and grow, never shrink.',
    }),
    cacheSize: size().optional().meta({
      description:
        'Size of the volume for the local tier of shares whose data lies in S3, mounted at /data/store/cache; without it there is no such volume. It can be added later and grow, never shrink.',
    }),
    controlPlaneSize: size().prefault('1Gi').meta({
      description:
        'Size of the volume for the control-plane database, mounted at /data/controlplane. It can grow, never shrink.',
    }),
    storageClassName: objectName('StorageClass').optional().meta({
      description: 'StorageClass of all volumes; the cluster’s default when left out. It cannot change after creation.',
    }),
    retentionPolicy: z.enum(['Retain', 'Delete']).default('Retain').meta({
      description:
        'What happens to the volumes, and to the generated Secrets that open them, when the DittoServer is deleted. Secrets that open a database which stays are kept in any case.',
    }),
  }),
  [
    growing('metadataSize'),
    growing('contentSize'),
    growing('cacheSize'),
    growing('controlPlaneSize'),
    {
      cel: '!has(self.storageClassName) || (has(oldSelf.storageClassName) && self.storageClassName == oldSelf.storageClassName)',
      says: 'is not the class that the volumes were made with: it cannot change after creation',
      field: ['storageClassName'],
    },
    {
      cel: 'has(self.storageClassName) || !has(oldSelf.storageClassName)',
      says: 'is missing: the volumes were made with a class, and it cannot change after creation',
      field: ['storageClassName'],
    },
  ],
);
