import { describe, expect, it } from 'vitest';
import { at, type JsonObject, textAt } from '../../src/lib/json.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { conditions, content, desiredKeys, manifest, policies } from '../support/see.ts';
import { dittoServer, type XrFlavour } from '../support/server.ts';

const claims = ['content-files-0', 'controlplane-files-0', 'metadata-files-0'];
const secrets = ['files-admin-bootstrap-credentials', 'files-jwt-secret'];

function serverWith(retentionPolicy?: 'Retain' | 'Delete', flavour: XrFlavour = 'namespaced'): JsonObject {
  return dittoServer({ storage: { contentSize: '20Gi', ...(retentionPolicy && { retentionPolicy }) } }, { flavour });
}

function names(cluster: Cluster, kind: string): readonly unknown[] {
  return cluster.api
    .all()
    .filter((object) => object.kind === kind)
    .map((object) => at(object, 'metadata', 'name'))
    .sort();
}

function kinds(cluster: Cluster): readonly unknown[] {
  return [...new Set(cluster.api.all().map(({ kind }) => kind))].sort();
}

function dataOf(cluster: Cluster): readonly unknown[] {
  return [
    ...claims.map((name) => content(cluster.live('PersistentVolumeClaim', name))),
    ...secrets.map((name) => content(cluster.live('Secret', name))),
  ];
}

describe.each(['namespaced', 'claim'] as const)('a DittoServer (%s) is deleted', (flavour) => {
  it.each(['Retain', undefined] as const)(
    'with retentionPolicy %s: volumes and Secrets stay, all else goes',
    (policy) => {
      const cluster = createCluster({ xr: serverWith(policy, flavour) });
      cluster.bringUp();
      const before = dataOf(cluster);
      cluster.remove();
      cluster.provide();
      expect(kinds(cluster)).toEqual(['PersistentVolumeClaim', 'Secret']);
      expect(dataOf(cluster)).toEqual(before);
    },
  );

  it('with retentionPolicy Delete: everything goes', () => {
    const cluster = createCluster({ xr: serverWith('Delete', flavour) });
    cluster.bringUp();
    cluster.remove();
    cluster.provide();
    expect(cluster.api.all()).toEqual([]);
  });

  it('and created again with Retain: it takes its volumes and Secrets back as they are', () => {
    const cluster = createCluster({ xr: serverWith('Retain', flavour) });
    cluster.bringUp();
    const [before, template] = [dataOf(cluster), at(manifest(cluster, 'server'), 'spec', 'template')];
    cluster.remove();
    cluster.provide();

    cluster.recreate();
    const { response } = cluster.bringUp();
    expect(dataOf(cluster)).toEqual(before);
    expect(at(manifest(cluster, 'server'), 'spec', 'template')).toEqual(template);
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
    expect(policies(cluster, 'volume-metadata')).toBe('Observe, Update');
    // The Object holds the same password as the live Secret, so that a lost Secret is made again as it was.
    const made = response.desired?.resources['admin-secret']?.resource;
    expect(at(made, 'spec', 'forProvider', 'manifest', 'data')).toEqual(
      at(cluster.live('Secret', 'files-admin-bootstrap-credentials'), 'data'),
    );
  });

  it('and created again while its Objects are dying: it waits for them, because their names are the same', () => {
    const cluster = createCluster({ xr: serverWith('Retain', flavour) });
    cluster.bringUp();
    const before = dataOf(cluster);
    cluster.remove();
    cluster.recreate();

    const waiting = cluster.step();
    expect([...waiting.unsynced].sort()).toEqual(desiredKeys(waiting));
    expect(cluster.objects()).toEqual({});

    cluster.provide();
    cluster.bringUp();
    expect(dataOf(cluster)).toEqual(before);
    expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
  });
});

describe('the retentionPolicy is changed', () => {
  it('from Delete to Retain: from the next reconcile on nothing would delete data', () => {
    const cluster = createCluster({ xr: serverWith('Delete') });
    cluster.bringUp();
    for (const key of ['volume-metadata', 'volume-content', 'volume-controlplane'])
      expect(policies(cluster, key)).toBe('*');
    for (const key of ['jwt-secret', 'admin-secret']) expect(policies(cluster, key)).toBe('Observe, Create, Delete');

    cluster.edit((spec) => (spec.storage = { contentSize: '20Gi' }));
    cluster.step();
    for (const [key, object] of Object.entries(cluster.objects())) {
      // Where the server is, is no data, and of no use without it.
      if (key === 'connection') continue;
      const kind = textAt(object, 'spec', 'forProvider', 'manifest', 'kind') ?? '';
      if (!['PersistentVolumeClaim', 'Secret'].includes(kind)) continue;
      expect(at(object, 'spec', 'managementPolicies')).not.toContain('Delete');
      expect(at(object, 'spec', 'managementPolicies')).not.toContain('*');
    }

    // Deleted at once, before the provider looked again.
    cluster.remove();
    cluster.provide();
    expect(names(cluster, 'PersistentVolumeClaim')).toEqual(claims);
    expect(names(cluster, 'Secret')).toEqual(secrets);
  });

  it('from Retain to Delete: volumes and Secrets go with the DittoServer, and status says so', () => {
    const cluster = createCluster({ xr: serverWith('Retain') });
    cluster.bringUp();
    expect(at(cluster.status(), 'volumes', 0, 'retention')).toBe('Retain');
    cluster.edit((spec) => (spec.storage = { contentSize: '20Gi', retentionPolicy: 'Delete' }));
    cluster.settle();
    expect(policies(cluster, 'volume-metadata')).toBe('*');
    expect(policies(cluster, 'jwt-secret')).toBe('Observe, Create, Delete');
    expect(at(cluster.status(), 'volumes', 0, 'retention')).toBe('Delete');
    cluster.remove();
    cluster.provide();
    expect(cluster.api.all()).toEqual([]);
  });
});
