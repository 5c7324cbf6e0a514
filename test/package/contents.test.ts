import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contentsOf } from '../../scripts/package/contents.ts';
import { nodeVersion } from '../../scripts/package/node-program.ts';
import { packageNames, source, type PackageName } from '../../scripts/package/repository.ts';
import { runtimeConfig } from '../../scripts/package/runtime-image.ts';
import { ownVersion, parseVersion } from '../../scripts/package/version.ts';
import { testedImages } from '../../src/api/v1alpha1/percona.ts';
import { Input, noInput } from '../../src/api/v1alpha1/input.ts';
import { at, listAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { testedImage } from '../../src/plan/pod.ts';
import { ownImage } from '../../src/plan/provisioner.ts';
import { schemaProblems, unknownFields } from '../api/api-server.ts';
import type { StructuralSchema } from '../../src/api/v1alpha1/structural.ts';
import { crdProblems } from '../support/schemas.ts';
import { readYaml } from '../support/yaml.ts';

const contents = contentsOf(ownVersion());

/** The objects of a package as JSON, as its readers get them. */
function objectsOf(name: PackageName, version = ownVersion()): readonly JsonObject[] {
  return JSON.parse(JSON.stringify(Object.values(contentsOf(version)[name]))) as JsonObject[];
}

function objectOf(name: PackageName, kind: string): JsonObject {
  const [found, ...others] = objectsOf(name).filter((object) => textAt(object, 'kind') === kind);
  if (found === undefined || others.length > 0) throw new Error(`${name} has not exactly one ${kind}`);
  return found;
}

const configurations = ['configuration-dittofs', 'configuration-dittofs-claims'] as const;

describe.each(packageNames)('%s', (name) => {
  const [metadata = {}, ...others] = objectsOf(name);

  it('has what stands in its files', () => {
    for (const [file, object] of Object.entries(contents[name]))
      expect(readYaml(readFileSync(file, 'utf8')), file).toEqual(JSON.parse(JSON.stringify(object)));
  });

  it('has one metadata object, the first, and the name of its repository', () => {
    expect(textAt(metadata, 'apiVersion')).toBe('meta.pkg.crossplane.io/v1');
    expect(textAt(metadata, 'metadata', 'name')).toBe(name);
    expect(others.map((object) => textAt(object, 'apiVersion'))).not.toContain('meta.pkg.crossplane.io/v1');
  });

  // crossplane-runtime, pkg/xpkg/lint.go
  it('has only kinds that Crossplane allows in it', () => {
    const kinds = {
      'function-dittofs': ['CustomResourceDefinition'],
      'configuration-dittofs': ['ManagedResourceActivationPolicy', 'CompositeResourceDefinition', 'Composition'],
      'configuration-dittofs-claims': ['CompositeResourceDefinition', 'Composition'],
    };
    expect(others.map((object) => textAt(object, 'kind'))).toEqual(kinds[name]);
  });

  it('shows itself in marketplaces', () => {
    const annotation = (key: string): string => textAt(metadata, 'metadata', 'annotations', key) ?? '';
    expect(annotation('friendly-name.meta.crossplane.io')).toBe('DittoFS');
    expect(annotation('meta.crossplane.io/source')).toBe(source);
    expect(annotation('meta.crossplane.io/license')).toBe('Apache-2.0');
    expect(annotation('meta.crossplane.io/maintainer')).not.toBe('');
    expect(annotation('meta.crossplane.io/description')).toMatch(/^\S.{20,}\.$/);
    expect(annotation('meta.crossplane.io/readme')).toMatch(/^# .+\n\n/);
    const [type, icon = ''] = annotation('meta.crossplane.io/iconURI').split(',');
    expect(type).toBe('data:image/svg+xml;base64');
    expect(Buffer.from(icon, 'base64').toString()).toMatch(/^<svg [^>]*viewBox=.*<\/svg>\n$/);
  });
});

describe('the Function package', () => {
  it('runs on every supported Crossplane, and composes', () => {
    const spec = at(objectOf('function-dittofs', 'Function'), 'spec');
    expect(spec).toEqual({ crossplane: { version: '>=v1.20.0-0' }, capabilities: ['composition'] });
  });

  const definition = objectOf('function-dittofs', 'CustomResourceDefinition');
  const schema = at(definition, 'spec', 'versions', 0, 'schema', 'openAPIV3Schema') as unknown as StructuralSchema;

  it('defines the input, under the name that its type has', () => {
    const spec = at(definition, 'spec');
    const group = textAt(spec, 'group') ?? '';
    expect(textAt(definition, 'metadata', 'name')).toBe(`${textAt(spec, 'names', 'plural') ?? ''}.${group}`);
    const apiVersion = `${group}/${textAt(spec, 'versions', 0, 'name') ?? ''}`;
    expect([apiVersion, textAt(spec, 'names', 'kind')]).toEqual([noInput.apiVersion, noInput.kind]);
  });

  it('says of the fields that all objects have no more than their type, as Kubernetes demands', () => {
    const { apiVersion, kind, metadata } = schema.properties ?? {};
    expect([apiVersion, kind, metadata]).toEqual([{ type: 'string' }, { type: 'string' }, { type: 'object' }]);
    expect(schema.required).toBeUndefined();
  });

  it('takes every input that the function takes, and knows all its fields', () => {
    const full: JsonObject = {
      apiVersion: noInput.apiVersion,
      kind: noInput.kind,
      images: { server: testedImage, postgres: 'p:16', pgBouncer: 'b:1', pgBackRest: 'r:2' },
      postgresVersion: 16,
      allow: { deleteWithServer: false },
      imagePullSecrets: [{ name: 'registry' }],
      providerConfigRef: { kind: 'ProviderConfig', name: 'own' },
      storageClassName: 'fast',
      service: { type: 'LoadBalancer', annotations: { a: 'b' } },
      labels: { team: 'a' },
      ttl: '5m',
      allowedServiceTypes: ['ClusterIP'],
      allowedImagePrefixes: ['example.com/'],
      allowedStorageClasses: ['fast'],
      maxSizes: { content: '1Ti' },
    };
    expect(Input.safeParse(full).error).toBeUndefined();
    expect(schemaProblems(schema, full)).toEqual([]);
    expect(unknownFields(schema, full)).toEqual([]);
    expect(unknownFields(schema, { ...full, image: 'typo' })).toEqual(['image']);
  });
});

describe.each([
  ['configuration-dittofs', '>=v2.0.3-0', 'DittoServer'],
  ['configuration-dittofs-claims', '>=v1.20.0-0', 'XDittoServer'],
] as const)('%s', (name, crossplane, kind) => {
  const composition = objectOf(name, 'Composition');
  const definition = objectOf(name, 'CompositeResourceDefinition');
  const [step] = listAt(composition, 'spec', 'pipeline');

  it('says where it runs and what it needs', () => {
    const spec = at(objectOf(name, 'Configuration'), 'spec');
    expect(spec).toEqual({
      crossplane: { version: crossplane },
      dependsOn: [
        {
          apiVersion: 'pkg.crossplane.io/v1',
          kind: 'Function',
          package: 'ghcr.io/dittofs/function-dittofs',
          version: `>=${ownVersion()}`,
        },
        {
          apiVersion: 'pkg.crossplane.io/v1',
          kind: 'Provider',
          package: 'xpkg.crossplane.io/crossplane-contrib/provider-kubernetes',
          version: '>=v1.2.0',
        },
      ],
    });
  });

  it('has a Composition as Crossplane takes it', () => {
    expect(crdProblems('crossplane-v2.3.4.apiextensions.crossplane.io_compositions.yaml', composition)).toEqual([]);
  });

  it('composes the kind that it defines, by the Composition that the definition names', () => {
    const spec = at(definition, 'spec');
    expect(at(composition, 'spec', 'compositeTypeRef')).toEqual({
      apiVersion: `${textAt(spec, 'group') ?? ''}/${textAt(spec, 'versions', 0, 'name') ?? ''}`,
      kind,
    });
    expect(textAt(spec, 'names', 'kind')).toBe(kind);
    expect(textAt(composition, 'metadata', 'name')).toBe(textAt(spec, 'defaultCompositionRef', 'name'));
  });

  // crossplane-runtime, pkg/xpkg/name.go: the repository without its registry, as a DNS label
  it('calls the function by the name under which its dependency is installed', () => {
    const dependency = textAt(objectOf(name, 'Configuration'), 'spec', 'dependsOn', 0, 'package') ?? '';
    const repository = dependency.slice(dependency.indexOf('/') + 1);
    expect(textAt(step, 'functionRef', 'name')).toBe(repository.replaceAll(/[./:]/g, '-'));
  });

  it('gives the function an input that it takes, with the images that this release was tested with', () => {
    const input = at(step, 'input');
    expect(Input.safeParse(input).error).toBeUndefined();
    const { postgres, ...others } = testedImages;
    const images = { server: testedImage, provisioner: ownImage, postgres: postgres[17], ...others };
    expect(at(input, 'images')).toEqual(images);
    expect(at(input, 'postgresVersion')).toBe(17);
  });
});

describe('the activation policy', () => {
  it('is one as Crossplane takes it, for the kind in which everything is composed', () => {
    const policy = objectOf('configuration-dittofs', 'ManagedResourceActivationPolicy');
    const crd = 'crossplane-v2.3.4.apiextensions.crossplane.io_managedresourceactivationpolicies.yaml';
    expect(crdProblems(crd, policy)).toEqual([]);
    expect(listAt(policy, 'spec', 'activate')).toEqual(['objects.kubernetes.m.crossplane.io']);
  });
});

describe('both Configurations', () => {
  it('differ in nothing that the function gets', () => {
    const [namespaced, claims] = configurations.map((name) => at(objectOf(name, 'Composition'), 'spec', 'pipeline'));
    expect(namespaced).toEqual(claims);
  });

  it.each(configurations)('%s of a pre-release finds a function of that pre-release', (name) => {
    const [metadata] = objectsOf(name, 'v0.2.0-rc.1');
    expect(textAt(metadata, 'spec', 'dependsOn', 0, 'version')).toBe('>=v0.2.0-rc.1');
  });
});

describe('a version', () => {
  it.each(['v0.1.0', 'v10.20.30', 'v0.2.0-rc.1', 'v0.2.0-5.g0123abc'])('may be %s', (version) => {
    expect(parseVersion(version)).toBe(version);
  });

  it.each(['0.1.0', 'v1', 'v1.2', 'latest', 'v1.2.3 ', 'v1.2.3+build', ''])('may not be "%s"', (version) => {
    expect(() => parseVersion(version)).toThrow(`cannot use the version "${version}"`);
  });
});

describe('the Dockerfile', () => {
  it('makes the image that packages are otherwise put together around', () => {
    const dockerfile = readFileSync('Dockerfile', 'utf8');
    const { Entrypoint, WorkingDir, User, ExposedPorts } = runtimeConfig;
    expect(dockerfile).toContain(`\nENTRYPOINT ${JSON.stringify(Entrypoint).replaceAll(',', ', ')}\n`);
    expect(dockerfile).toContain(`\nWORKDIR ${WorkingDir}\n`);
    expect(dockerfile).toContain(`\nUSER ${User}\n`);
    const ports = Object.keys(ExposedPorts).map((port) => port.replace('/tcp', ''));
    expect(dockerfile).toContain(`\nEXPOSE ${ports.join(' ')}\n`);
    expect(dockerfile).toContain(`image.source="${source}"`);
    expect(dockerfile).toContain(`node:${nodeVersion}-`);
  });
});

describe('what is pinned in several places', () => {
  it.each(['.github/workflows/ci.yml', '.github/workflows/release.yml'])('%s has the Node of the image', (workflow) => {
    const versions = [...readFileSync(workflow, 'utf8').matchAll(/\bnode(?:-version: |:)(\d[\d.]*)/g)];
    expect(new Set(versions.map(([, version]) => version))).toEqual(new Set([nodeVersion]));
  });

  it.each(['scripts/package/metadata.ts', 'install/base/provider/provider.yaml'])(
    'Renovate finds what is marked for it in %s',
    (file) => {
      const { customManagers } = JSON.parse(readFileSync('renovate.json', 'utf8')) as {
        readonly customManagers: readonly { managerFilePatterns: readonly string[]; matchStrings: readonly string[] }[];
      };
      const found = customManagers
        .filter(({ managerFilePatterns }) =>
          managerFilePatterns.some((pattern) => new RegExp(pattern.slice(1, -1)).test(file)),
        )
        .flatMap(({ matchStrings }) =>
          matchStrings.map((pattern) => new RegExp(pattern).exec(readFileSync(file, 'utf8'))?.groups?.currentValue),
        );
      expect(found).toEqual([expect.stringMatching(/^v\d+\.\d+\.\d+$/)]);
    },
  );
});
