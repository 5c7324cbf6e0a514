import { describe, expect, it } from 'vitest';
import { listAt, objectAt, type JsonObject } from '../../src/lib/json.ts';
import { copy, type Mutable } from '../support/json.ts';
import { perconaCrd, perconaVersions } from '../../lab/percona-versions.ts';
import { minimalCluster, productionCluster } from '../support/percona-manifests.ts';
import { crdProblems, manifestProblems } from '../support/schemas.ts';

/*
 * PerconaPGClusters against the definitions of all supported versions of Percona's operator; the goldens use the same
 * checks.
 */

const manifests = {
  minimal: minimalCluster('files-postgres', 'team-a'),
  production: productionCluster('files-postgres', 'team-a', 'backup-credentials'),
};

describe.each(perconaVersions)('Percona’s operator %s', (version) => {
  it.each(Object.entries(manifests))('takes the %s cluster', (_, manifest) => {
    expect(crdProblems(perconaCrd(version), manifest)).toEqual([]);
  });

  it.each<[string, (spec: Mutable) => void]>([
    ['an unknown field', (spec) => (spec.postgressVersion = 17)],
    ['an unknown field deep inside', (spec) => (repository(spec).bukket = 'b')],
    ['a wrong type', (spec) => (spec.postgresVersion = '17')],
    ['a version of PostgreSQL that is none', (spec) => (spec.postgresVersion = 11)],
    ['the loss of a required field', (spec) => delete spec.instances],
    ['the loss of the endpoint of a repository', (spec) => delete repository(spec).endpoint],
    ['two sets of instances of one name', (spec) => (spec.instances as unknown[]).push(first(spec, 'instances'))],
    ['two users of one name', (spec) => (spec.users as unknown[]).push({ name: 'dittofs' })],
    ['two databases of one name', (spec) => (first(spec, 'users').databases = ['dittofs', 'dittofs'])],
    ['a quantity that is none', (spec) => (first(spec, 'instances').resources = { limits: { memory: '1 GB' } })],
    ['backups without a repository', (spec) => (spec.backups = { enabled: true, pgbackrest: {} })],
    ['backups that nobody turned off', (spec) => (spec.backups = {})],
    ['rights that PostgreSQL 14 does not have', (spec) => (spec.postgresVersion = 14)],
  ])('refuses %s', (_, change) => {
    const manifest = copy(manifests.production);
    change(objectAt(manifest, 'spec') as Mutable);
    expect(crdProblems(perconaCrd(version), manifest)).not.toEqual([]);
    expect(manifestProblems(manifest)).not.toEqual([]);
  });
});

it('a manifest is held to all versions, and to what holds for every object', () => {
  for (const manifest of Object.values(manifests)) expect(manifestProblems(manifest)).toEqual([]);
  // Only since v2.9.0.
  expect(manifestProblems(withSpec({ clusterServiceDNSSuffix: 'cluster.local' }))).toHaveLength(1);
  expect(manifestProblems({ ...manifests.minimal, metadata: { name: 'Files' } })).not.toEqual([]);
});

function withSpec(more: JsonObject): JsonObject {
  return { ...manifests.minimal, spec: { ...objectAt(manifests.minimal, 'spec'), ...more } };
}

function first(spec: Mutable, list: string): Mutable {
  return listAt(spec as JsonObject, list)[0] as Mutable;
}

function repository(spec: Mutable): Mutable {
  return objectAt(spec as JsonObject, 'backups', 'pgbackrest', 'repos', 0, 's3') as Mutable;
}
