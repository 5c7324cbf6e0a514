import { readdirSync, readFileSync } from 'node:fs';
import { at, listAt, objectAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { createCluster, type Cluster } from './cluster.ts';
import { entropyOf } from './call.ts';
import { secret } from './json.ts';
import { identityOf, xrOf, type XrFlavour } from './server.ts';
import { readYaml } from './yaml.ts';

const folder = new URL('../../examples/', import.meta.url);

/** An example: a manifest that a user may apply as it is. */
export interface Example {
  readonly name: string;
  readonly text: string;
  readonly manifest: JsonObject;
}

/** Every manifest under examples/, by its file's name. */
export const examples: readonly Example[] = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .sort()
  .map((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    return { name: file.replace(/\.yaml$/, ''), text, manifest: readYaml(text) };
  });

export function example(name: string): Example {
  const found = examples.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no examples/${name}.yaml`);
  return found;
}

/** Credentials for S3 in the form that pgBackRest reads. */
export const backupCredentials = '[global]\nrepo1-s3-key=AKIA\nrepo1-s3-key-secret=secret\n';

/** The keys of Secrets that open what the server serves from, and by which users log in. */
function servingRefs(xr: JsonObject): readonly JsonObject[] {
  const remote = listAt(xr, 'spec', 'blockStores', 'remote').map((store) =>
    objectAt(store, 's3', 'credentialsSecretRef'),
  );
  const passwords = [
    ...listAt(xr, 'spec', 'metadataStores').map((store) => objectAt(store, 'postgres', 'passwordSecretRef')),
    ...listAt(xr, 'spec', 'users').map((user) => objectAt(user, 'passwordSecretRef')),
  ];
  return [
    ...passwords,
    ...remote.flatMap((ref) => [
      { name: textAt(ref, 'name'), key: textAt(ref, 'accessKeyIdKey') ?? 'access-key-id' },
      { name: textAt(ref, 'name'), key: textAt(ref, 'secretAccessKeyKey') ?? 'secret-access-key' },
    ]),
  ].filter((ref) => ref !== undefined);
}

/** The Secrets that a user brings, with values that the server takes. */
export function broughtSecrets(xr: JsonObject): readonly JsonObject[] {
  const identity = objectAt(xr, 'spec', 'identity') ?? {};
  const postgres = objectAt(xr, 'spec', 'database', 'postgres') ?? {};
  const refs = [
    at(identity, 'jwt', 'secretRef'),
    at(identity, 'admin', 'passwordSecretRef'),
    at(postgres, 'passwordSecretRef'),
    at(postgres, 'caSecretRef'),
    ...servingRefs(xr),
  ];
  const byName = new Map<string, Record<string, string>>();
  for (const ref of refs) {
    const [name, key] = [textAt(ref, 'name'), textAt(ref, 'key')];
    if (name === undefined || key === undefined) continue;
    byName.set(name, { ...byName.get(name), [key]: `a value of more than 32 characters under ${key}` });
  }
  const database = textAt(xr, 'spec', 'database', 'postgresSecretRef', 'name');
  if (database !== undefined)
    byName.set(database, { host: 'postgres.example.com', user: 'dittofs', password: 'secret', database: 'dittofs' });
  const backup = textAt(xr, 'spec', 'percona', 'backup', 'credentialsSecretRef', 'name');
  if (backup !== undefined) byName.set(backup, { 's3.conf': backupCredentials });
  return [...byName].map(([name, data]) => secret(identityOf(xr).namespace, name, data));
}

/** The flavour for which an example is written: only claims have a delete policy of their own. */
export function flavourOf({ manifest }: Example): XrFlavour {
  return at(manifest, 'spec', 'compositeDeletePolicy') === undefined ? 'namespaced' : 'claim';
}

/** A cluster in which somebody just applied a manifest, with what it needs beside it; the same entropy every time. */
export function clusterWith(example: Example, flavour = flavourOf(example)): Cluster {
  const xr = xrOf(example.manifest, flavour);
  const cluster = createCluster({ xr, crossplane: 'v2', entropy: () => entropyOf(7) });
  for (const brought of broughtSecrets(xr)) cluster.api.put(brought);
  const storageClass = textAt(xr, 'spec', 'storage', 'storageClassName');
  if (storageClass !== undefined) {
    cluster.api.put({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: storageClass },
      provisioner: 'example.com/disk',
      allowVolumeExpansion: true,
    });
  }
  return cluster;
}
