import type { AddressInfo } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { functionName, packageNames, registry, source } from '../../scripts/package/repository.ts';
import { ownVersion } from '../../scripts/package/version.ts';
import { at, listAt, numberAt, objectAt, textAt, textsAt, type Json } from '../../src/lib/json.ts';
import { serveCommand } from '../../src/server/command.ts';
import { createHttpServer } from '../../src/listen/http.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { clusterWith, example } from '../support/examples.ts';
import { texts } from '../support/json.ts';
import { crdProblems } from '../support/schemas.ts';
import { applied, build, installed, manifestFiles, only } from './kustomization.ts';

const nameOf = (object: Json | undefined): string => textAt(object, 'metadata', 'name') ?? '';

/** The name that Crossplane gives to a package that it installs as a dependency (crossplane-runtime: pkg/xpkg/name.go). */
function dnsLabel(repository: string): string {
  return repository.replaceAll(/[./:]/g, '-').slice(0, 63);
}

/** The repository of a package without its registry, for example `dittofs/function-dittofs`. */
function repositoryOf(image: string): string {
  return image.slice(image.indexOf('/') + 1, image.lastIndexOf(':'));
}

/**
 * The definitions of the oldest and the newest Crossplane that are supported, and of the provider; kinds of Kubernetes itself
 * have none. DeploymentRuntimeConfig is nearly the whole of a Deployment, and the same in both.
 */
const definitions: Readonly<Record<string, readonly string[]>> = {
  Function: [
    'crossplane-v1.20.5.pkg.crossplane.io_functions.yaml',
    'crossplane-v2.3.4.pkg.crossplane.io_functions.yaml',
  ],
  Provider: [
    'crossplane-v1.20.5.pkg.crossplane.io_providers.yaml',
    'crossplane-v2.3.4.pkg.crossplane.io_providers.yaml',
  ],
  ImageConfig: [
    'crossplane-v1.20.5.pkg.crossplane.io_imageconfigs.yaml',
    'crossplane-v2.3.4.pkg.crossplane.io_imageconfigs.yaml',
  ],
  DeploymentRuntimeConfig: ['crossplane-v2.3.4.pkg.crossplane.io_deploymentruntimeconfigs.yaml'],
  ClusterProviderConfig: ['provider-kubernetes-v1.2.1.kubernetes.m.crossplane.io_clusterproviderconfigs.yaml'],
  ProviderConfig: ['provider-kubernetes-v1.2.1.kubernetes.crossplane.io_providerconfigs.yaml'],
};
const ofKubernetes = ['ClusterRole', 'ClusterRoleBinding', 'PodDisruptionBudget'];

describe('the folders that are applied', () => {
  it.each(applied)('%s has objects, each of its own kind and name', (folder) => {
    const identities = build(folder).map(({ object }) => `${textAt(object, 'kind') ?? ''}/${nameOf(object)}`);
    expect(identities.length).toBeGreaterThan(0);
    expect(identities.filter((identity) => !/^\w+\/[a-z0-9-]+$/.test(identity))).toEqual([]);
    expect([...new Set(identities)]).toEqual(identities);
  });

  it('leave no file out', () => {
    expect([...new Set(installed.map(({ file }) => file))].sort()).toEqual(manifestFiles());
  });

  const defined = installed.filter(({ object }) => !ofKubernetes.includes(textAt(object, 'kind') ?? ''));
  it.each(defined.map(({ file, object }) => [nameOf(object), file, object] as const))(
    '%s of %s is what the API server takes',
    (_name, _file, object) => {
      const files = definitions[textAt(object, 'kind') ?? ''] ?? [];
      expect(files).not.toEqual([]);
      expect(files.flatMap((file) => crdProblems(file, object))).toEqual([]);
    },
  );

  it('would be refused by Crossplane v1.20, did an ImageConfig choose the runtime', () => {
    expect(
      crdProblems('crossplane-v1.20.5.pkg.crossplane.io_imageconfigs.yaml', {
        apiVersion: 'pkg.crossplane.io/v1beta1',
        kind: 'ImageConfig',
        metadata: { name: 'runtime' },
        spec: { matchImages: [{ prefix: 'ghcr.io/' }], runtime: { configRef: { name: 'function-dittofs' } } },
      }),
    ).not.toEqual([]);
  });
});

describe('the names', () => {
  const [functionObject, provider] = [only('Function'), only('Provider')];

  it('of the packages are those that Crossplane gives to dependencies', () => {
    expect(nameOf(functionObject)).toBe(functionName);
    expect(textAt(functionObject, 'spec', 'package')).toBe(`${registry}/function-dittofs:${ownVersion()}`);
    for (const object of [functionObject, provider])
      expect(nameOf(object)).toBe(dnsLabel(repositoryOf(textAt(object, 'spec', 'package') ?? '')));
  });

  it('lead from each package to its runtime', () => {
    for (const object of [functionObject, provider])
      expect(only('DeploymentRuntimeConfig', textAt(object, 'spec', 'runtimeConfigRef', 'name'))).toBeDefined();
  });

  it('lead from the binding to the role and to the account under which the provider runs', () => {
    const binding = only('ClusterRoleBinding');
    const runtime = only('DeploymentRuntimeConfig', textAt(provider, 'spec', 'runtimeConfigRef', 'name'));
    expect(textAt(binding, 'roleRef', 'name')).toBe(nameOf(only('ClusterRole')));
    expect(at(binding, 'subjects')).toEqual([
      {
        kind: 'ServiceAccount',
        name: textAt(runtime, 'spec', 'serviceAccountTemplate', 'metadata', 'name'),
        namespace: textAt(only('PodDisruptionBudget'), 'metadata', 'namespace'),
      },
    ]);
  });

  it('select the pods as Crossplane labels them', () => {
    const labels = { 'pkg.crossplane.io/function': nameOf(functionObject) };
    expect(at(only('PodDisruptionBudget'), 'spec', 'selector')).toEqual({ matchLabels: labels });
    const spread = at(podSpec, 'topologySpreadConstraints', 0, 'labelSelector');
    expect(spread).toEqual({ matchLabels: labels });
  });

  it.each([
    ['namespaced', 'ClusterProviderConfig'],
    ['claim', 'ProviderConfig'],
  ] as const)('of the configuration is the one to which %s Objects refer', (flavour, kind) => {
    const cluster = clusterWith(example('quickstart'), flavour);
    cluster.step();
    const refs = Object.values(cluster.objects()).map((object) => at(object, 'spec', 'providerConfigRef'));
    const name = nameOf(only(kind));
    expect(refs.length).toBeGreaterThan(0);
    for (const ref of refs) expect(ref).toEqual(flavour === 'namespaced' ? { kind, name } : { name });
  });
});

const runtime = only('DeploymentRuntimeConfig', 'function-dittofs');
const template = objectAt(runtime, 'spec', 'deploymentTemplate', 'spec', 'template') ?? {};
const podSpec = objectAt(template, 'spec') ?? {};
const container = objectAt(podSpec, 'containers', 0) ?? {};

describe('the runtime of the function', () => {
  const command = serveCommand(() => undefined);
  const flag = (name: string): string =>
    String(command.options.find(({ long }) => long === name)?.defaultValueDescription);
  const metricsPort = Number(flag('--metrics-address').split(':').at(-1));

  it('gives only flags that the server has', () => {
    const known = command.options.map(({ long }) => long);
    const given = texts(listAt(container, 'args')).map((arg) => arg.split('=')[0]);
    expect(given.filter((arg) => !known.includes(arg))).toEqual([]);
    expect(known).toContain('--metrics-address');
  });

  it('asks the server where it answers', async () => {
    const asked = [at(container, 'readinessProbe', 'httpGet'), at(container, 'livenessProbe', 'httpGet')].map(
      (get) => [textAt(get, 'path'), numberAt(get, 'port')] as const,
    );
    const annotations = textsAt(template, 'metadata', 'annotations');
    const scraped = [annotations['prometheus.io/path'], Number(annotations['prometheus.io/port'])] as const;
    expect(annotations['prometheus.io/scrape']).toBe('true');

    const server = createHttpServer(createMetrics(), () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      for (const [path, onPort] of [...asked, scraped]) {
        expect(onPort).toBe(metricsPort);
        expect((await fetch(`http://127.0.0.1:${port}${path ?? ''}`)).status).toBe(200);
      }
    } finally {
      server.close();
    }
  });

  it('distinguishes a server that runs from one that answers', () => {
    expect(textAt(container, 'readinessProbe', 'httpGet', 'path')).not.toBe(
      textAt(container, 'livenessProbe', 'httpGet', 'path'),
    );
  });

  it('is what the restricted Pod Security Standard asks for', () => {
    expect(textAt(container, 'name')).toBe('package-runtime');
    expect(container.securityContext).toMatchObject({
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  it('survives the loss of a node', () => {
    expect(numberAt(runtime, 'spec', 'deploymentTemplate', 'spec', 'replicas')).toBeGreaterThan(1);
    expect(at(only('PodDisruptionBudget'), 'spec', 'maxUnavailable')).toBe(1);
  });
});

/** The ImageConfig that Crossplane takes for a purpose: that with the longest prefix (crossplane-runtime: pkg/xpkg/config.go). */
function configFor(image: string, purpose: 'rewriteImage' | 'registry' | 'verification') {
  const matches = installed
    .map(({ object }) => object)
    .filter((object) => object.kind === 'ImageConfig' && at(object, 'spec', purpose) !== undefined)
    .flatMap((config) =>
      listAt(config, 'spec', 'matchImages').map((match) => ({ config, prefix: textAt(match, 'prefix') ?? '' })),
    )
    .filter(({ prefix }) => image.startsWith(prefix));
  return matches.sort((one, other) => other.prefix.length - one.prefix.length)[0];
}

describe('the ImageConfigs', () => {
  const ours = packageNames.map((name) => `${registry}/${name}:${ownVersion()}`);
  const provider = textAt(only('Provider'), 'spec', 'package') ?? '';

  it.each([...ours, provider])('rewrite %s to a mirror for which there are credentials', (image) => {
    const found = configFor(image, 'rewriteImage');
    const prefix = textAt(found?.config, 'spec', 'rewriteImage', 'prefix') ?? '';
    const rewritten = `${prefix}${image.slice(found?.prefix.length)}`;
    expect(rewritten).toBe(`registry.example.com/${repositoryOf(image)}${image.slice(image.lastIndexOf(':'))}`);
    expect(
      textAt(configFor(rewritten, 'registry')?.config, 'spec', 'registry', 'authentication', 'pullSecretRef', 'name'),
    ).toBe('dittofs-mirror-credentials');
  });

  it.each(ours)('let %s in only with a signature of the release workflow', (image) => {
    const authorities = listAt(
      configFor(image, 'verification')?.config,
      'spec',
      'verification',
      'cosign',
      'authorities',
    );
    expect(authorities).toHaveLength(1);
    const identities = listAt(authorities[0], 'keyless', 'identities');
    expect(identities).toHaveLength(1);
    expect(textAt(identities[0], 'issuer')).toBe('https://token.actions.githubusercontent.com');
    const subject = new RegExp(textAt(identities[0], 'subjectRegExp') ?? '');
    const file = '.github/workflows/release.yml';
    expect(existsSync(new URL(`../../${file}`, import.meta.url))).toBe(true);
    const workflow = `${source}/${file}`;
    expect(`${workflow}@refs/tags/${ownVersion()}`).toMatch(subject);
    for (const other of [
      `${workflow}@refs/heads/main`,
      `${source}/.github/workflows/ci.yml@refs/tags/${ownVersion()}`,
      `https://github.com/somebody/function-dittofs/${file}@refs/tags/${ownVersion()}`,
      `https://example.com/${workflow}@refs/tags/${ownVersion()}`,
    ])
      expect(other).not.toMatch(subject);
  });

  it('leave other packages alone', () => {
    for (const purpose of ['rewriteImage', 'registry', 'verification'] as const)
      expect(configFor('xpkg.crossplane.io/crossplane-contrib/function-auto-ready:v0.5.0', purpose)).toBeUndefined();
  });
});

describe('docs/install.md', () => {
  const text = readFileSync(new URL('../../docs/install.md', import.meta.url), 'utf8');
  const commands = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
    block
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('#')),
  );

  it('applies and deletes folders that are there, all of them', () => {
    const folders = commands.flatMap((command) =>
      [...command.matchAll(/ -k install\/(\S+)/g)].map(([, folder = '']) => folder),
    );
    for (const folder of folders) expect(build(folder)).not.toEqual([]);
    expect(folders).toEqual(expect.arrayContaining([...applied]));
  });

  it('applies files that are there', () => {
    const files = commands.flatMap((command) => [...command.matchAll(/ -f (\S+)/g)].map(([, file = '']) => file));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')).not.toBe('');
  });

  it('names packages as they are called, in this version', () => {
    const images = [...text.matchAll(/ghcr\.io\/dittofs\/([a-z-]+):(\S+?)[\s`]/g)];
    expect(images.length).toBeGreaterThan(0);
    for (const [, name, version] of images) {
      expect(packageNames).toContain(name);
      expect(version).toBe(ownVersion());
    }
    const objects = [...text.matchAll(/\b(provider|function|configuration)\.pkg\.crossplane\.io\/([a-z-]+)/g)];
    const names = [
      nameOf(only('Provider')),
      ...packageNames.map((name) => dnsLabel(repositoryOf(`${registry}/${name}:v0`))),
    ];
    expect(new Set(objects.map(([, , name]) => name))).toEqual(new Set(names));
  });
});
