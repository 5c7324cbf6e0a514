import * as z from 'zod';
import { annotations, duration, freeForm, image, labels, objectName, size, text } from './fields.ts';

/** The group, version and kind of the Composition's input. */
export const inputType = { group: 'dittofs.fn.crossplane.io', version: 'v1alpha1', kind: 'Input' } as const;

const serviceTypes = z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']);

/** The input of the Composition's step: what the platform team decides for all its tenants. */
export const Input = z.strictObject({
  apiVersion: z.literal(`${inputType.group}/${inputType.version}`).meta({ description: 'Version of the input.' }),
  kind: z.literal(inputType.kind).meta({ description: 'Kind of the input.' }),
  metadata: freeForm().optional().meta({ description: 'Not read.' }),
  images: z
    .strictObject({
      server: image().optional().meta({ description: 'Image of the server where a DittoServer names none.' }),
      provisioner: image().optional().meta({ description: 'Image of the provisioner.' }),
      postgres: image().optional().meta({
        description: 'Image of PostgreSQL in Percona clusters, of the major version in postgresVersion.',
      }),
      pgBouncer: image().optional().meta({ description: 'Image of pgBouncer in Percona clusters.' }),
      pgBackRest: image().optional().meta({ description: 'Image of pgBackRest in Percona clusters.' }),
    })
    .prefault({})
    .meta({ description: 'Default images.' }),
  postgresVersion: z.int().min(12).max(18).optional().meta({
    description:
      'Major version of PostgreSQL in new Percona clusters where a DittoServer names none; 17 when left out.',
  }),
  imagePullSecrets: z
    .array(z.strictObject({ name: objectName('Secret').meta({ description: 'Name of the Secret.' }) }))
    .max(16)
    .default([])
    .meta({ description: 'Secrets, in each DittoServer’s namespace, with which nodes pull images.' }),
  providerConfigRef: z
    .strictObject({
      kind: z.enum(['ClusterProviderConfig', 'ProviderConfig']).default('ClusterProviderConfig').meta({
        description: 'Kind of the provider configuration; for claims it is always the cluster-scoped ProviderConfig.',
      }),
      name: objectName('ProviderConfig').default('default').meta({ description: 'Its name.' }),
    })
    .prefault({})
    .meta({ description: 'Which configuration of provider-kubernetes the Objects use; tenants cannot choose it.' }),
  storageClassName: objectName('StorageClass').optional().meta({
    description: 'StorageClass where a DittoServer names none.',
  }),
  service: z
    .strictObject({
      type: serviceTypes.optional().meta({ description: 'Type of the file Service where a DittoServer names none.' }),
      annotations: annotations().default({}).meta({
        description: 'Annotations of every file Service; those of the DittoServer win.',
      }),
    })
    .prefault({})
    .meta({ description: 'Defaults of the file Service.' }),
  mountOptions: z.array(text(128)).max(32).default([]).meta({
    description: 'Mount options of every volume of a share; those of the DittoServer come after them.',
  }),
  labels: labels().default({}).meta({
    description:
      'Labels on every object, pods included, for example for cost accounting. A change restarts the servers, and their Percona clusters.',
  }),
  ttl: duration('1s', '24h').optional().meta({
    description: 'How long Crossplane may keep a response when all is settled; the function’s --ttl when left out.',
  }),
  allowedServiceTypes: z.array(serviceTypes).max(3).optional().meta({
    description: 'Service types that a DittoServer may ask for; all when left out.',
  }),
  allowedImagePrefixes: z.array(text(512)).max(64).optional().meta({
    description: 'Beginnings of the images that a DittoServer may ask for, up to a /, : or @; all when left out.',
  }),
  allowedStorageClasses: z.array(objectName('StorageClass')).max(64).optional().meta({
    description: 'StorageClasses that a DittoServer may ask for; all when left out.',
  }),
  maxSizes: z
    .strictObject({
      metadata: size().optional().meta({ description: 'Largest metadata volume.' }),
      content: size().optional().meta({ description: 'Largest content volume.' }),
      cache: size().optional().meta({ description: 'Largest cache volume.' }),
      controlPlane: size().optional().meta({ description: 'Largest control-plane volume.' }),
      postgres: size().optional().meta({ description: 'Largest volume of a Percona cluster’s instance.' }),
      quota: size().optional().meta({ description: 'Largest quota of a share, which each share needs then.' }),
    })
    .prefault({})
    .meta({ description: 'Limits of volume sizes.' }),
  allow: z
    .strictObject({
      deleteWithServer: z.boolean().default(true).meta({
        description: 'Whether a DittoServer may ask for its Percona cluster to be deleted with it.',
      }),
      prune: z.boolean().default(true).meta({
        description: 'Whether a DittoServer may ask for what it no longer declares to be removed from its server.',
      }),
    })
    .prefault({})
    .meta({ description: 'What a DittoServer may ask for.' }),
});
export type Input = z.output<typeof Input>;

/** What holds where the Composition's step has no input. */
export const noInput: Input = Input.parse({
  apiVersion: `${inputType.group}/${inputType.version}`,
  kind: inputType.kind,
});
