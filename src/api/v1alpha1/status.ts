import * as z from 'zod';
import type { JsonObject } from '../../lib/json.ts';
import { text } from './fields.ts';

const endpoint = (what: string) =>
  z
    .strictObject({
      host: text().optional().meta({ description: 'Name or address; left out for a node port, which every node has.' }),
      port: z.int().min(1).max(65535).meta({ description: 'TCP port.' }),
    })
    .optional()
    .meta({ description: `Where clients reach ${what}.` });

/** The status that the function writes. Crossplane adds conditions and fields of its own. */
export const Status = z.strictObject({
  phase: z.enum(['Pending', 'Running', 'Degraded', 'Stopped']).optional().meta({
    description:
      'Pending: coming up, for the first time or after Stopped. Running: ready. Degraded: was ready, now something is unhealthy. Stopped: replicas is 0.',
  }),
  replicas: z.int().min(0).max(1_000).optional().meta({ description: 'Pods that exist.' }),
  readyReplicas: z.int().min(0).max(1_000).optional().meta({ description: 'Pods that serve.' }),
  labelSelector: text().optional().meta({ description: 'Selects the pods; for the scale subresource.' }),
  version: text(512).optional().meta({ description: 'Image that the server runs.' }),
  configHash: text(64).optional().meta({ description: 'SHA-256 of the rendered config.yaml.' }),
  endpoint: text(260).optional().meta({
    description: 'host:port of the first protocol that is offered, NFS before SMB; ":port" for a node port.',
  }),
  endpoints: z
    .strictObject({ nfs: endpoint('NFS'), smb: endpoint('SMB'), api: endpoint('the REST API') })
    .optional()
    .meta({ description: 'Addresses that a client can use.' }),
  perconaClusterName: text().optional().meta({ description: 'Name of the PerconaPGCluster that the server uses.' }),
  database: z
    .strictObject({
      type: z.enum(['sqlite', 'postgres', 'percona']).meta({ description: 'What the control-plane database is.' }),
      host: text().optional().meta({ description: 'Host of PostgreSQL, as far as it is known.' }),
      state: text(63).optional().meta({ description: 'State of the Percona cluster, in its operator’s words.' }),
      postgresReady: z.int().min(0).max(1_000).optional().meta({ description: 'Instances of PostgreSQL that serve.' }),
      postgresSize: z.int().min(0).max(1_000).optional().meta({ description: 'Instances that there should be.' }),
    })
    .optional()
    .meta({ description: 'The control-plane database.' }),
  volumes: z
    .array(
      z.strictObject({
        name: text().meta({ description: 'Name of the PersistentVolumeClaim.' }),
        requested: text(32).optional().meta({ description: 'Size that is asked for.' }),
        capacity: text(32).optional().meta({ description: 'Size that it has.' }),
        phase: text(32).optional().meta({ description: 'Its phase: Pending, Bound or Lost.' }),
        retention: z
          .enum(['Retain', 'Delete'])
          .meta({ description: 'What happens to it when the DittoServer is deleted.' }),
      }),
    )
    .max(16)
    .optional()
    .meta({ description: 'The server’s volumes.' }),
  shares: z
    .array(
      z.strictObject({
        name: text().meta({ description: 'Name of the share.' }),
        ready: z.boolean().meta({
          description: 'Whether the provisioner last found it as declared, loaded and healthy, and the server answers.',
        }),
        message: text(1024).optional().meta({ description: 'Why not.' }),
      }),
    )
    .max(256)
    .optional()
    .meta({ description: 'The declared shares.' }),
  binding: z
    .strictObject({ name: text().meta({ description: 'Name of the Secret.' }) })
    .optional()
    .meta({ description: 'Secret with the endpoints, for service binding.' }),
  blocked: z
    .array(
      z.strictObject({
        kind: text(63).meta({ description: 'Kind of the object.' }),
        name: text().meta({ description: 'Name of the object.' }),
        reason: text(63).meta({ description: 'Why, in one word.' }),
        message: text(1024).meta({ description: 'Why, in the words of the API server or the provider.' }),
      }),
    )
    .max(64)
    .optional()
    .meta({ description: 'What stands in the way.' }),
  observedGeneration: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional().meta({
    description: 'Generation of the spec that this status is about; left out under a claim.',
  }),
});
export type Status = z.output<typeof Status>;

/**
 * The status without the fields that its own schema refuses. One field that the XRD does not declare, or of a wrong
 * type, would make the API server drop the whole status, conditions included.
 */
export function soundStatus(status: JsonObject): JsonObject {
  const checked = Status.safeParse(status);
  if (checked.success) return status;
  const unsound = new Set(
    checked.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys : [String(issue.path[0])],
    ),
  );
  return Object.fromEntries(Object.entries(status).filter(([field]) => !unsound.has(field)));
}
