import type * as z from 'zod';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';

/**
 * Fields of a PerconaPGCluster's spec that `percona.overrides` may not set, with what to use instead: what is decided
 * here from other fields, and what would let go of data.
 */
const ownedFields: Readonly<Record<string, string>> = {
  crVersion: 'use spec.percona.crVersion',
  postgresVersion: 'use spec.percona.postgresVersion',
  image: 'use spec.percona.images.postgres',
  imagePullSecrets: 'use spec.percona.imagePullSecrets',
  port: 'the server connects to the port that Percona’s Secret names',
  instances: 'use replicas, storageSize, resources and the other fields of spec.percona',
  users: 'the server’s user is made with its database',
  autoCreateUserSchema: 'the server’s tables need a schema of its user’s own',
  pause: 'use spec.percona.paused',
  unmanaged: 'nothing would be reconciled',
  standby: 'the server needs a primary',
  dataSource: 'use spec.percona.restoreFrom',
  'secrets.customTLSSecret': 'the server trusts the authority that Percona’s operator makes',
  'secrets.customRootCATLSSecret': 'the server trusts the authority that Percona’s operator makes',
  'proxy.pgBouncer.replicas': 'use spec.percona.pgBouncer.replicas',
  'proxy.pgBouncer.image': 'use spec.percona.images.pgBouncer',
  'proxy.pgBouncer.resources': 'use spec.percona.pgBouncer.resources',
  'proxy.pgBouncer.affinity': 'use spec.percona.affinity',
  'proxy.pgBouncer.tolerations': 'use spec.percona.tolerations',
  'proxy.pgBouncer.topologySpreadConstraints': 'use spec.percona.topologySpreadConstraints',
  'proxy.pgBouncer.priorityClassName': 'use spec.percona.priorityClassName',
  ...Object.fromEntries(
    ['enabled', 'image', 'serverHost', 'secret', 'querySource'].map((field) => [
      `pmm.${field}`,
      'use spec.percona.monitoring.pmm',
    ]),
  ),
  'backups.enabled': 'use spec.percona.backup.enabled',
  'backups.pgbackrest.image': 'use spec.percona.images.pgBackRest',
  'backups.pgbackrest.configuration': 'use spec.percona.backup.credentialsSecretRef',
  'backups.pgbackrest.repos': 'use the fields of spec.percona.backup',
  'backups.pgbackrest.restore': 'a restore makes a new cluster: use spec.percona.restoreFrom',
  ...Object.fromEntries(
    [
      'path',
      'retention-full',
      'retention-full-type',
      'type',
      's3-bucket',
      's3-endpoint',
      's3-region',
      's3-uri-style',
      's3-key',
      's3-key-secret',
      'storage-verify-tls',
    ].map((option) => [`backups.pgbackrest.global.repo1-${option}`, 'use the fields of spec.percona.backup']),
  ),
};

/** Every field of a nested object with the way to it. */
function* fieldsOf(object: JsonObject, above: readonly string[] = []): Generator<[readonly string[], Json]> {
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue;
    const path = [...above, name];
    yield [path, value];
    if (isObject(value)) yield* fieldsOf(value, path);
  }
}

/** Refuses overrides of fields that are decided elsewhere; the values are not quoted, they may be long. */
export function checkOverrides(overrides: JsonObject, ctx: z.core.$RefinementCtx): void {
  for (const [path, value] of fieldsOf(overrides)) {
    const field = path.join('.');
    const owned = Object.entries(ownedFields).find(
      ([name]) => field === name || (name.startsWith(`${field}.`) && !isObject(value)),
    );
    if (owned === undefined) continue;
    const message = `cannot be overridden: ${owned[1]}`;
    ctx.addIssue({ code: 'custom', path: [...path], message, params: { hideValue: true } });
  }
}
