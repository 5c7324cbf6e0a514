import { listAt, numberAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { refOf, type ApiServer, type Ref } from './api-server.ts';
import { secret, type Mutable } from './json.ts';

/** What Percona's operator says of a cluster, beside the generation that it has seen. */
export interface ClusterReport {
  readonly state: 'initializing' | 'ready' | 'paused' | 'stopping';
  /** Instances that serve; all of them when left out. */
  readonly ready?: number;
  readonly conditions?: readonly JsonObject[];
}

/** A condition as the operator writes it. */
export function reported(type: string, status: 'True' | 'False', reason = type, message = ''): JsonObject {
  return { type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' };
}

/** The conditions of backups that work. */
export const backedUp = [
  reported('PGBackRestRepoHostReady', 'True'),
  reported('PGBackRestReplicaCreate', 'True'),
  reported('ReadyForBackup', 'True'),
];

/** What Percona's operator makes for a cluster, and leaves behind unless a finalizer says otherwise. */
export function belongings(cluster: JsonObject): readonly JsonObject[] {
  const name = textAt(cluster, 'metadata', 'name') ?? '';
  const namespace = textAt(cluster, 'metadata', 'namespace') ?? '';
  const users = listAt(cluster, 'spec', 'users').map((user) => {
    const [database] = listAt(user, 'databases');
    const userName = textAt(user, 'name') ?? '';
    return secret(namespace, `${name}-pguser-${userName}`, {
      host: `${name}-primary.${namespace}.svc`,
      port: '5432',
      dbname: typeof database === 'string' ? database : '',
      user: userName,
      password: `password of ${userName}`,
    });
  });
  const certificate = secret(namespace, `${name}-cluster-cert`, {
    'ca.crt': 'certificate of the authority',
    'tls.crt': 'certificate',
    'tls.key': 'key',
  });
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${name}-instance1-pgdata`, namespace },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
  };
  return [...users, certificate, volume];
}

/** What goes together with a cluster because of its finalizers. */
export function deletedWith(cluster: JsonObject): readonly Ref[] {
  const finalizers = listAt(cluster, 'metadata', 'finalizers');
  return belongings(cluster)
    .map(refOf)
    .filter(({ name }) =>
      finalizers.includes(name.endsWith('-cluster-cert') ? 'percona.com/delete-ssl' : 'percona.com/delete-pvc'),
    );
}

/** One reconcile of Percona's operator: it makes what belongs to each cluster, and reports. */
export function reconcileClusters(api: ApiServer, { state, ready, conditions = [] }: ClusterReport): void {
  for (const cluster of api.all().filter(({ kind }) => kind === 'PerconaPGCluster')) {
    for (const object of belongings(cluster)) {
      if (api.get(refOf(object)) === undefined) api.put(object);
    }
    const size = numberAt(cluster, 'spec', 'instances', 0, 'replicas') ?? 1;
    const ref = refOf(cluster);
    api.patch(ref, (object: Mutable) => {
      object.status = {
        state,
        host: `${ref.name}-pgbouncer.${ref.namespace ?? ''}.svc`,
        postgres: { size, ready: ready ?? (state === 'ready' ? size : 0) },
        conditions,
        observedGeneration: numberAt(cluster, 'metadata', 'generation'),
      };
    });
  }
}
