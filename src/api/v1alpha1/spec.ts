import * as z from 'zod';
import { isCidr, isIpAddress, isQualifiedName } from '../../kubernetes/syntax.ts';
import {
  annotations,
  checkedText,
  core,
  coreList,
  coreMap,
  distinct,
  duration,
  freeForm,
  image,
  labels,
  objectName,
  port,
  SecretKey,
  text,
} from './fields.ts';
import { Database } from './database.ts';
import { checkExtraConfig, checkMounts, mountPathRules } from './extras.ts';
import {
  reservedEnv,
  reservedEnvPrefixes,
  reservedKeyPrefixes,
  reservedPodLabels,
  reservedVolumes,
} from './reserved.ts';
import { Percona } from './percona.ts';
import { checkPeople, checkSharePeople } from './people-checks.ts';
import { Groups, Users } from './people.ts';
import { Nfs, Smb } from './protocols.ts';
import { isAnObject, soundly, withRules } from './rule.ts';
import { servingRules } from './serving-rules.ts';
import { Shares } from './shares.ts';
import { checkShareVolumes, checkSnapshotPolicies } from './share-checks.ts';
import { SnapshotPolicies } from './snapshots.ts';
import { Storage } from './storage.ts';
import { checkPassphrases, checkShareStores, checkStores } from './store-checks.ts';
import { BlockStores, MetadataStores } from './stores.ts';

/** Ports on which the server listens inside its pod; the Services publish them under the ports of the spec. */
const LISTENERS = [12049, 1445];

const serviceType = () => z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']);

const Service = z.strictObject({
  type: serviceType().optional().meta({
    description:
      'Type of the file Service, through which clients mount. Left out: adapterServices.type, then the platform’s default, then ClusterIP.',
  }),
  annotations: annotations().optional().meta({
    description:
      'Annotations of the file Service, for example of a cloud’s load balancer. One that leaves the spec leaves the Service.',
  }),
  loadBalancerClass: checkedText(253, isQualifiedName, 'is not a class such as "example.com/internal"')
    .optional()
    .meta({
      description:
        'Class of the load balancer, with type LoadBalancer. It cannot change while the type stays LoadBalancer.',
    }),
  loadBalancerIP: checkedText(45, isIpAddress, 'is not an IP address such as "192.0.2.10"')
    .optional()
    .meta({ description: 'Address to ask the load balancer for, where its controller supports that.' }),
  loadBalancerSourceRanges: z
    .array(checkedText(49, isCidr, 'is not an address range such as "192.0.2.0/24"'))
    .max(64)
    .optional()
    .meta({ description: 'Client address ranges that may pass the load balancer, with type LoadBalancer.' }),
  externalTrafficPolicy: z.enum(['Cluster', 'Local']).optional().meta({
    description:
      'Local keeps the client’s address and skips nodes without the pod; with type NodePort or LoadBalancer.',
  }),
  nodePorts: withRules(
    z.strictObject({
      nfs: port().optional().meta({ description: 'Node port for NFS; chosen by the cluster when left out.' }),
      smb: port().optional().meta({ description: 'Node port for SMB; chosen by the cluster when left out.' }),
    }),
    [
      {
        cel: '!has(self.nfs) || !has(self.smb) || self.nfs != self.smb',
        says: 'is the node port of NFS too: give each protocol its own',
        field: ['smb'],
        reads: ['nfs', 'smb'],
        holds: ({ nfs, smb }) => nfs === undefined || nfs !== smb,
      },
    ],
  )
    .optional()
    .meta({ description: 'Fixed node ports, with type NodePort or LoadBalancer.' }),
  waitForAddress: z.boolean().default(true).meta({
    description: 'false: a LoadBalancer without an address does not hold Ready back.',
  }),
});

const ControlPlane = z.strictObject({
  port: withRules(port(), [
    {
      cel: `!(self in [${LISTENERS.join(', ')}])`,
      says: `is a port on which the server listens for NFS or SMB: choose another, such as 8080`,
      holds: (value) => !LISTENERS.includes(value),
    },
  ])
    .default(8080)
    .meta({ description: 'Port of the REST API, in the pod and on its Service.' }),
  service: z
    .strictObject({
      type: serviceType().default('ClusterIP').meta({
        description: 'Type of the API Service; never public unless asked for.',
      }),
      annotations: annotations().optional().meta({ description: 'Annotations of the API Service.' }),
    })
    .prefault({})
    .meta({ description: 'The API Service <name>-api.' }),
  tls: z.boolean().optional().meta({
    description: 'Accepted for compatibility, without effect.',
  }),
});

const Identity = z.strictObject({
  type: z.enum(['memory']).optional().meta({ description: 'Accepted for compatibility, without effect.' }),
  jwt: z
    .strictObject({
      secretRef: SecretKey.optional().meta({
        description:
          'Secret with the key that signs tokens, at least 32 characters. Left out: Secret <name>-jwt-secret is generated once.',
      }),
      accessTokenDuration: duration().prefault('15m').meta({ description: 'Life of an access token.' }),
      refreshTokenDuration: duration().prefault('168h').meta({ description: 'Life of a refresh token.' }),
    })
    .prefault({})
    .meta({ description: 'Tokens of the REST API.' }),
  admin: z
    .strictObject({
      username: text(64).default('admin').meta({
        description: 'The server knows only admin; another name has no effect, and a condition says so.',
      }),
      passwordSecretRef: SecretKey.optional().meta({
        description:
          'Secret with the administrator’s password in clear text. The server starts with it, and the provisioner logs in with it: a password that changes here is changed on the server. Left out: Secret <name>-admin-bootstrap-credentials is generated once.',
      }),
    })
    .prefault({})
    .meta({ description: 'The administrator.' }),
});

/** The ways of writing a reserved pod label or annotation key. */
function isReservedKey(key: string): boolean {
  return reservedPodLabels.some((name) => name === key) || reservedKeyPrefixes.some((prefix) => key.startsWith(prefix));
}

function refuseReservedKeys(map: Record<string, string>, ctx: z.core.$RefinementCtx): void {
  const message = 'cannot be set: the server’s pod needs this key for itself';
  for (const key of Object.keys(map).filter(isReservedKey)) {
    ctx.addIssue({ code: 'custom', path: [key], message, params: { hideValue: true } });
  }
}

const envList = `[${reservedEnv.map((name) => `'${name}'`).join(', ')}]`;
const envPrefixes = reservedEnvPrefixes.map((prefix) => `self.startsWith('${prefix}')`).join(' || ');

/** The spec of a DittoServer: what a user may write. The order of fields is the order of the reference. */
export const Spec = withRules(
  z.strictObject({
    image: image().optional().meta({
      description: 'Image of the server. Left out: the platform’s, else the one that this release was tested with.',
    }),
    imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional().meta({
      description: 'When the node pulls the image; Kubernetes’ own default when left out.',
    }),
    imagePullSecrets: distinct(
      z.array(z.strictObject({ name: objectName('Secret').meta({ description: 'Name of the Secret.' }) })).max(16),
      'name',
    )
      .optional()
      .meta({ description: 'Secrets with which the node pulls the image, beside the platform’s.' }),
    replicas: z.int().min(0).max(1).default(1).meta({
      description: '0 stops the server and keeps everything; 1 runs it. A DittoFS server is never more than one pod.',
    }),
    resources: core('ResourceRequirements').optional().meta({ description: 'Resources of the server’s container.' }),
    securityContext: core('SecurityContext').optional().meta({
      description: 'Security context of the container; its fields win one by one over the restricted defaults.',
    }),
    podSecurityContext: core('PodSecurityContext').optional().meta({
      description: 'Security context of the pod; its fields win one by one over the restricted defaults.',
    }),
    nodeSelector: labels().optional().meta({ description: 'Labels of the nodes on which the server may run.' }),
    tolerations: coreList('Toleration', 32).optional().meta({ description: 'Taints that the pod tolerates.' }),
    affinity: core('Affinity').optional().meta({ description: 'Node and pod affinity.' }),
    topologySpreadConstraints: coreList('TopologySpreadConstraint', 16, ['topologyKey', 'whenUnsatisfiable'])
      .optional()
      .meta({
        description: 'How pods spread over the cluster.',
      }),
    priorityClassName: objectName('PriorityClass').optional().meta({ description: 'PriorityClass of the pod.' }),
    podLabels: labels()
      .superRefine(refuseReservedKeys, { when: isAnObject })
      .optional()
      .meta({ description: 'More labels of the pod.' }),
    podAnnotations: annotations().superRefine(refuseReservedKeys, { when: isAnObject }).optional().meta({
      description: 'More annotations of the pod. Changing one restarts the server.',
    }),
    extraEnv: coreMap('EnvVar', 'name', [
      {
        cel: `!(self in ${envList}) && !(${envPrefixes})`,
        says: 'is a variable that the server needs for itself',
        holds: (name) =>
          !reservedEnv.some((reserved) => reserved === name) &&
          !reservedEnvPrefixes.some((prefix) => name.startsWith(prefix)),
      },
    ])
      .optional()
      .meta({ description: 'More environment variables of the server.' }),
    extraVolumes: coreMap(
      'Volume',
      'name',
      [
        {
          cel: `!(self in [${reservedVolumes.map((name) => `'${name}'`).join(', ')}])`,
          says: 'is a volume that the server needs for itself',
          holds: (name) => !reservedVolumes.some((reserved) => reserved === name),
        },
      ],
      32,
    )
      .optional()
      .meta({ description: 'More volumes of the pod.' }),
    extraVolumeMounts: coreMap('VolumeMount', 'mountPath', mountPathRules, 32).optional().meta({
      description: 'Where the extra volumes are mounted in the server’s container.',
    }),
    terminationGracePeriodSeconds: z.int().min(36).max(86_400).optional().meta({
      description:
        'Time for the pod to stop. Left out: 5 + 3 × shutdownTimeout + 10 seconds, which the server needs at most.',
    }),
    shutdownTimeout: duration('1s', '1h').prefault('30s').meta({
      description: 'Time for each stage of the server’s shutdown; the grace period follows it.',
    }),
    startupTimeoutSeconds: z.int().min(30).max(3600).default(300).meta({
      description:
        'Time for the server to start, before the pod is restarted. Shares with data in S3 raise it by themselves: to 180 s for each of 1, 2, 4, 8 … of them, where that is more.',
    }),
    logging: z
      .strictObject({
        level: z
          .enum(['DEBUG', 'INFO', 'WARN', 'ERROR'])
          .default('INFO')
          .meta({ description: 'Least level that is logged.' }),
        format: z.enum(['text', 'json']).default('json').meta({ description: 'Form of a log line.' }),
        output: text(1024).default('stdout').meta({ description: 'stdout, stderr, or a path in the container.' }),
      })
      .prefault({})
      .meta({ description: 'The server’s log.' }),
    extraConfig: freeForm().superRefine(checkExtraConfig, { when: isAnObject }).optional().meta({
      description:
        'Keys of the server’s config.yaml, merged over the rendered ones. Keys that carry secrets or that other fields own are refused.',
    }),
    storage: Storage.prefault({}).meta({ description: 'The server’s volumes.' }),
    database: Database.prefault({}).meta({ description: 'The control-plane database: shares, users and stores.' }),
    percona: Percona.prefault({}).meta({
      description: 'A PostgreSQL cluster of the server’s own, run by Percona’s operator.',
    }),
    service: Service.prefault({}).meta({
      description: 'The file Service <name>-file, through which clients mount: NFS and SMB over TCP.',
    }),
    adapterServices: z
      .strictObject({
        type: serviceType()
          .optional()
          .meta({ description: 'Type of the file Service where service.type is left out.' }),
        annotations: annotations().optional().meta({
          description: 'Annotations of the file Service; those of service.annotations win.',
        }),
      })
      .optional()
      .meta({ description: 'Accepted for compatibility: fills in for service.' }),
    adapterDiscovery: z
      .strictObject({ pollingInterval: text(64).optional().meta({ description: 'Without effect.' }) })
      .optional()
      .meta({ description: 'Accepted for compatibility, without effect.' }),
    nfs: Nfs.prefault({}).meta({ description: 'NFS, the protocol.' }),
    smb: Smb.prefault({}).meta({ description: 'SMB, the protocol.' }),
    controlPlane: ControlPlane.prefault({}).meta({ description: 'The REST API.' }),
    identity: Identity.prefault({}).meta({ description: 'Who may use the REST API.' }),
    metadataStores: MetadataStores.optional().meta({
      description: 'Stores of names, permissions and the places of data. Left out: default, of type badger.',
    }),
    blockStores: BlockStores.optional().meta({ description: 'Stores of data.' }),
    groups: Groups.optional().meta({ description: 'Groups of users.' }),
    users: Users.optional().meta({ description: 'Users, beside the administrator.' }),
    shares: Shares.optional().meta({
      description:
        'What clients mount. Left out: a server that has no share yet gets /export, where everybody may read and write; []: none.',
    }),
    snapshotPolicies: SnapshotPolicies.optional().meta({
      description: 'Accepted for compatibility, as shares[].snapshotPolicy: also of shares that were made by hand.',
    }),
    prune: z.boolean().default(false).meta({
      description:
        'Whether what was declared once and is no longer is removed from the server, never what people made by hand. The data of a share that is removed stays in its stores; one that has snapshots is not removed, because they would go with it.',
    }),
  }),
  [
    {
      cel: '!self.nfs.enabled || !self.smb.enabled || self.nfs.port != self.smb.port',
      says: 'is the port of NFS too: give each protocol its own',
      field: ['smb', 'port'],
      reads: ['nfs', 'smb'],
      holds: ({ nfs, smb }) => !nfs.enabled || !smb.enabled || nfs.port !== smb.port,
    },
    {
      cel: `self.database.type != 'postgres' || has(self.database.postgres) || has(self.database.postgresSecretRef) || self.percona.enabled`,
      says: 'does not say which: it needs percona.enabled, database.postgres or database.postgresSecretRef',
      field: ['database', 'type'],
      reads: ['database', 'percona'],
      holds: ({ database, percona }) =>
        database.type !== 'postgres' ||
        database.postgres !== undefined ||
        database.postgresSecretRef !== undefined ||
        percona.enabled,
    },
    ...servingRules,
  ],
)
  .superRefine(checkMounts, { when: soundly(['extraVolumes', 'extraVolumeMounts']) })
  .superRefine(checkStores, { when: soundly(['storage', 'database', 'percona', 'metadataStores', 'blockStores']) })
  .superRefine(checkPassphrases, { when: soundly(['blockStores']) })
  .superRefine(checkPeople, { when: soundly(['users', 'groups']) })
  .superRefine(checkShareStores, { when: soundly(['storage', 'shares', 'metadataStores', 'blockStores']) })
  .superRefine(checkShareVolumes, { when: soundly(['shares', 'nfs', 'smb']) })
  .superRefine(checkSharePeople, { when: soundly(['shares', 'users', 'groups']) })
  .superRefine(checkSnapshotPolicies, { when: soundly(['shares', 'snapshotPolicies']) });
export type Spec = z.output<typeof Spec>;
