import { describe, expect, it } from 'vitest';
import { at, textAt, type JsonObject } from '../../src/lib/json.ts';
import { firstContainer } from '../support/api-server.ts';
import { createCluster, type Cluster } from '../support/cluster.ts';
import { base64, secret } from '../support/json.ts';
import { changedSince, conditions, desiredKeys, manifest, picture, specs, ttl } from '../support/see.ts';
import { dittoServer } from '../support/server.ts';

const KEY = 'k'.repeat(32);

/** A server whose user brings both Secrets. */
const own = {
  identity: {
    jwt: { secretRef: { name: 'my-keys', key: 'jwt' } },
    admin: { passwordSecretRef: { name: 'my-admin', key: 'password' } },
  },
};

function put(cluster: Cluster, name: string, data: Readonly<Record<string, string>>): void {
  cluster.api.put(secret('team-a', name, data));
}

function withSecrets(): Cluster {
  const cluster = createCluster({ xr: dittoServer(own) });
  put(cluster, 'my-keys', { jwt: KEY });
  put(cluster, 'my-admin', { password: 'first' });
  return cluster;
}

function templateOf(cluster: Cluster): JsonObject | undefined {
  return at(manifest(cluster, 'server'), 'spec', 'template') as JsonObject | undefined;
}

const jwtChecksum = ['metadata', 'annotations', 'checksum.dittofs.com/jwt'] as const;

it('a key that signs tokens is rotated: its checksum changes, and nothing else', () => {
  const cluster = withSecrets();
  cluster.bringUp();
  const [before, template] = [specs(cluster), templateOf(cluster)];

  put(cluster, 'my-keys', { jwt: 'n'.repeat(48) });
  cluster.step();
  expect(changedSince(before, cluster)).toEqual(['server']);
  const rotated = templateOf(cluster);
  expect(at(rotated, ...jwtChecksum)).toMatch(/^[0-9a-f]{64}$/);
  expect(at(rotated, ...jwtChecksum)).not.toBe(at(template, ...jwtChecksum));
  const annotations = { ...(at(rotated, 'metadata', 'annotations') as JsonObject) };
  expect({
    ...rotated,
    metadata: {
      ...(rotated?.metadata as JsonObject),
      annotations: { ...annotations, 'checksum.dittofs.com/jwt': at(template, ...jwtChecksum) },
    },
  }).toEqual(template);

  put(cluster, 'my-keys', { jwt: KEY });
  cluster.step();
  expect(changedSince(before, cluster)).toEqual([]);
});

it('the first password is rotated, or another key of a Secret is: nothing changes, because the server does not read it', () => {
  const cluster = withSecrets();
  cluster.bringUp();
  const before = specs(cluster);
  put(cluster, 'my-admin', { password: 'second' });
  put(cluster, 'my-keys', { jwt: KEY, 'something-else': 'x' });
  cluster.settle();
  expect(changedSince(before, cluster)).toEqual([]);
});

it('a generated Secret that somebody edited is taken as it is: the server restarts with it, nothing writes it back', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const before = at(templateOf(cluster), ...jwtChecksum);
  const ref = { kind: 'Secret', namespace: 'team-a', name: 'files-jwt-secret' };
  cluster.api.patch(ref, (object) => (object.data = base64({ 'jwt-secret': 'e'.repeat(40) })));

  cluster.settle();
  expect(at(cluster.live('Secret', 'files-jwt-secret'), 'data')).toEqual(base64({ 'jwt-secret': 'e'.repeat(40) }));
  expect(at(templateOf(cluster), ...jwtChecksum)).not.toBe(before);
});

it('a generated Secret is lost: it is made again as it was, and nothing restarts', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const [data, before] = [at(cluster.live('Secret', 'files-jwt-secret'), 'data'), specs(cluster)];
  cluster.api.remove({ kind: 'Secret', namespace: 'team-a', name: 'files-jwt-secret' });
  cluster.settle();
  expect(at(cluster.live('Secret', 'files-jwt-secret'), 'data')).toEqual(data);
  expect(changedSince(before, cluster)).toEqual([]);
});

it('a generated Secret that holds bytes that are no text is kept byte for byte', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const ref = { kind: 'Secret', namespace: 'team-a', name: 'files-admin-bootstrap-credentials' };
  const certificate = Buffer.from([0xff, 0xfe, 0x80, 0x00, 0xc3]).toString('base64');
  cluster.api.patch(ref, (object) => (object.data = { ...(object.data as JsonObject), certificate }));
  cluster.settle();
  cluster.api.remove(ref);
  cluster.settle();
  expect(at(cluster.live('Secret', ref.name), 'data', 'certificate')).toBe(certificate);
});

it('the provider hides what Secrets hold: everything works, and no Secret changes', () => {
  const cluster = createCluster({ xr: dittoServer(), hideSecrets: true });
  cluster.bringUp();
  expect(at(cluster.objects()['jwt-secret'], 'status', 'atProvider', 'manifest', 'data')).toEqual({ redacted: null });
  const data = at(manifest(cluster, 'jwt-secret'), 'data');
  expect(at(cluster.live('Secret', 'files-jwt-secret'), 'data')).toEqual(data);
  expect(conditions(cluster)).toMatchObject({ Ready: 'True Available' });
  cluster.settle();
  expect(at(manifest(cluster, 'jwt-secret'), 'data')).toEqual(data);
});

describe('a Secret that is missing', () => {
  it('before the server exists holds the StatefulSet back, names Secret and key, and only a person can help', async () => {
    const cluster = createCluster({ xr: dittoServer(own) });
    const step = cluster.settle();

    expect(desiredKeys(step)).not.toContain('server');
    expect(cluster.live('StatefulSet', 'files')).toBeUndefined();
    expect(conditions(cluster)).toMatchObject({
      ConfigReady: 'False SecretNotFound',
      Available: 'False SecretNotFound',
      Ready: 'False Creating',
    });
    const { message } = cluster.condition('ConfigReady');
    for (const word of ['"my-keys"', '"jwt"', '"my-admin"', '"password"']) expect(message).toContain(word);
    expect(cluster.status().phase).toBe('Pending');
    // Everything else is made meanwhile.
    expect(cluster.live('Service', 'files-file')).toBeDefined();
    expect(cluster.live('PersistentVolumeClaim', 'metadata-files-0')).toBeDefined();
    await expect(picture(cluster, step)).toMatchFileSnapshot('secrets/missing-before-creation.yaml');

    put(cluster, 'my-keys', { jwt: KEY });
    put(cluster, 'my-admin', { password: 'first' });
    cluster.bringUp();
    expect(conditions(cluster)).toMatchObject({ ConfigReady: 'True ConfigValid', Ready: 'True Available' });
  });

  it('waits for a person: once the rest is up, Crossplane is asked to call again only every 60 seconds', () => {
    const cluster = createCluster({ xr: dittoServer(own) });
    cluster.settle();
    cluster.bind();
    expect(ttl(cluster.settle())).toBe(60);
  });

  it('whose key is missing is told with the key', () => {
    const cluster = withSecrets();
    put(cluster, 'my-keys', { other: KEY });
    cluster.settle();
    expect(cluster.live('StatefulSet', 'files')).toBeUndefined();
    expect(conditions(cluster)).toMatchObject({ ConfigReady: 'False SecretKeyMissing' });
    expect(cluster.condition('ConfigReady').message).toContain('"my-keys" has no value under key "jwt"');
  });

  it.each([
    [31, 'False SecretKeyMissing'],
    [32, 'True ConfigValid'],
  ])('a signing key of %i characters: ConfigReady is %s', (length, expected) => {
    const cluster = withSecrets();
    put(cluster, 'my-keys', { jwt: 'x'.repeat(length) });
    cluster.settle();
    expect(conditions(cluster).ConfigReady).toBe(expected);
    expect(cluster.live('StatefulSet', 'files') === undefined).toBe(length < 32);
    expect(JSON.stringify(cluster.status())).not.toContain('x'.repeat(20));
  });

  it('after the server exists leaves the StatefulSet as it is, but for replicas', async () => {
    const cluster = withSecrets();
    cluster.bringUp();
    const before = manifest(cluster, 'server');

    cluster.api.remove({ kind: 'Secret', namespace: 'team-a', name: 'my-keys' });
    cluster.edit((spec) => {
      spec.image = 'example.com/dittofs:2';
      spec.logging = { level: 'DEBUG' };
    });
    const step = cluster.settle();
    expect(manifest(cluster, 'server')).toEqual(before);
    expect(conditions(cluster)).toMatchObject({
      ConfigReady: 'False SecretNotFound',
      Available: 'True ServerReady',
      Ready: 'False Creating',
    });
    expect(cluster.status()).toMatchObject({ phase: 'Degraded', readyReplicas: 1 });
    await expect(picture(cluster, step)).toMatchFileSnapshot('secrets/missing-later.yaml');

    cluster.edit((spec) => (spec.replicas = 0));
    cluster.settle();
    expect(manifest(cluster, 'server')).toEqual({ ...before, spec: { ...(before?.spec as JsonObject), replicas: 0 } });
    expect(at(cluster.live('StatefulSet', 'files'), 'spec', 'replicas')).toBe(0);

    cluster.edit((spec) => (spec.replicas = 1));
    put(cluster, 'my-keys', { jwt: KEY });
    cluster.bringUp();
    expect(textAt(firstContainer(cluster.live('StatefulSet', 'files')), 'image')).toBe('example.com/dittofs:2');
    expect(conditions(cluster)).toMatchObject({ ConfigReady: 'True ConfigValid', Ready: 'True Available' });
  });
});

it('a user brings a Secret later, and goes back: the generated one stays, and is used again', () => {
  const cluster = createCluster({ xr: dittoServer() });
  cluster.bringUp();
  const generated = at(cluster.live('Secret', 'files-jwt-secret'), 'data');
  const before = templateOf(cluster);

  put(cluster, 'my-keys', { jwt: KEY });
  cluster.edit((spec) => (spec.identity = { jwt: { secretRef: { name: 'my-keys', key: 'jwt' } } }));
  cluster.bringUp();
  expect(at(firstContainer(manifest(cluster, 'server')), 'env', 0, 'valueFrom', 'secretKeyRef')).toEqual({
    name: 'my-keys',
    key: 'jwt',
  });
  expect(at(cluster.live('Secret', 'files-jwt-secret'), 'data')).toEqual(generated);

  cluster.edit((spec) => delete spec.identity);
  cluster.bringUp();
  expect(templateOf(cluster)).toEqual(before);
  expect(at(cluster.live('Secret', 'files-jwt-secret'), 'data')).toEqual(generated);
});
