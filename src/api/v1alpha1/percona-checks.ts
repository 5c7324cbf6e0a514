import type { Input } from './input.ts';
import { perconaNameProblem } from './name.ts';
import { backupFolder, clusterName, defaultPostgresVersion, defaultPrefix, majorOf, testedImages } from './percona.ts';
import { quote, type Problem } from './problem.ts';
import { isAmongBlocks, isSamePlace, placeInS3 } from './s3.ts';
import type { Spec } from './spec.ts';

function* imageProblems({ images, postgresVersion }: Spec['percona'], input: Input): Generator<Problem> {
  const version = postgresVersion ?? input.postgresVersion ?? defaultPostgresVersion;
  const { postgres } = images;
  const field = 'spec.percona.images.postgres';
  if (postgres !== undefined) {
    const major = majorOf(postgres);
    if (major !== undefined && major !== version)
      yield {
        field,
        detail: `${quote(postgres)} is an image of PostgreSQL ${major}, and version ${version} is wanted`,
      };
    return;
  }
  const platform = version === (input.postgresVersion ?? defaultPostgresVersion) && input.images.postgres !== undefined;
  if (!platform && testedImages.postgres[version] === undefined)
    yield { field, detail: `is required with PostgreSQL ${version}: no image of it is known here` };
}

function* restoreProblems({ restoreFrom }: Spec['percona'], server: string): Generator<Problem> {
  if (restoreFrom?.cluster !== clusterName(server)) return;
  const detail = `${quote(restoreFrom.cluster)} is this DittoServer’s own cluster: a restore makes a new one, under another name`;
  yield { field: 'spec.percona.restoreFrom.cluster', detail };
}

/** The backups of a cluster lie neither where those are that it is made from nor where a store clears away. */
function* backupProblems(
  { percona, blockStores }: Spec,
  server: { readonly name: string; readonly namespace: string },
): Generator<Problem> {
  const { restoreFrom, backup } = percona;
  const { enabled, bucket, endpoint, prefix = defaultPrefix } = backup;
  if (!enabled || bucket === undefined || endpoint === undefined) return;
  const place = placeInS3({ bucket, endpoint, prefix: backupFolder(percona, server.namespace, server.name) });
  const field = 'spec.percona.backup.prefix';
  if (restoreFrom?.s3 !== undefined && isSamePlace(place, placeInS3(restoreFrom.s3))) {
    const detail = `${quote(prefix)} leads to the backups that the cluster is made from: give the new ones another`;
    yield { field, detail };
  }
  for (const { name, s3 } of blockStores?.remote ?? []) {
    const store = s3 && placeInS3(s3);
    if (store === undefined || !(isSamePlace(place, store) || isAmongBlocks(place, store))) continue;
    const detail = `${quote(prefix)} leads to where store ${quote(name)} clears away what it does not know: give the backups another bucket or prefix`;
    yield { field, detail };
  }
}

/**
 * What is wrong with a Percona cluster that only shows with the DittoServer's name and the platform's input. One that
 * exists keeps its version and image, whatever the platform names by now (plan/cluster.ts).
 */
export function checkPercona(
  spec: Spec,
  server: { readonly name: string; readonly namespace: string },
  input: Input,
  exists: boolean,
): readonly Problem[] {
  const { percona } = spec;
  if (!percona.enabled) return [];
  const name = perconaNameProblem(server.name);
  return [
    ...(name === undefined ? [] : [name]),
    ...(exists ? [] : imageProblems(percona, input)),
    ...restoreProblems(percona, server.name),
    ...backupProblems(spec, server),
  ];
}
