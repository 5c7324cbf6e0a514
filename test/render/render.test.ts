import { readFileSync } from 'node:fs';
import { load, loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { formats, render } from '../../src/render/render.ts';
import { previewOf, previewText, temporaryFile } from './preview-of.ts';

const quickstart = 'examples/quickstart.yaml';
const ready = 'test/render/fixtures/quickstart-ready';
const exposed = 'test/render/fixtures/exposed.yaml';

interface Shown {
  readonly xr: Record<string, never>;
  readonly ready: boolean;
  readonly resources: {
    key: string;
    ready: boolean;
    state: string;
    reason: string;
    later: boolean;
    waitsFor: string[];
    manifest: Record<string, Record<string, unknown>>;
    object: { apiVersion: string; metadata: { name: string } };
  }[];
  readonly conditions: { type: string; status: string; reason: string }[];
  readonly assumedSecrets: string[];
  readonly results: { severity: string }[];
  readonly removed: { key: string }[];
}

async function shown(yaml: string, options: Parameters<typeof previewText>[1] = {}): Promise<Shown> {
  const { stdout, stderr } = await previewText(yaml, { ...options, format: 'json' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Shown;
}

interface ObservedItem {
  readonly metadata: { annotations: Record<string, string> };
  readonly spec: { forProvider: { manifest: { kind: string; metadata: object; data?: object } } };
  readonly status: { atProvider: { manifest: object } };
}

function server(metadata: string, spec = '{}', kind = 'DittoServer'): string {
  return `apiVersion: dittofs.dittofs.com/v1alpha1\nkind: ${kind}\nmetadata: ${metadata}\nspec: ${spec}\n`;
}

describe.each([
  ['quickstart', { files: [quickstart] }],
  ['quickstart-ready', { files: [quickstart], observed: [ready] }],
  ['exposed', { files: [exposed] }],
])('%s', (name, options) => {
  it.each(formats)('prints %s as it was reviewed', async (format) => {
    const { stdout, stderr, failed } = await previewOf({ ...options, format });
    expect([stderr, failed]).toEqual(['', false]);
    await expect(stdout).toMatchFileSnapshot(`golden/${name}.${format}.txt`);
  });

  it('prints all as it was reviewed', async () => {
    const { stdout } = await previewOf({ ...options, format: 'yaml', all: true });
    await expect(stdout).toMatchFileSnapshot(`golden/${name}.yaml-all.txt`);
  });

  it('is the same every time', async () => {
    const once = await previewOf({ ...options, format: 'json' });
    expect(await previewOf({ ...options, format: 'json' })).toEqual(once);
  });
});

describe('flavours', () => {
  it('takes a DittoServer without a namespace as one in default, like kubectl', async () => {
    const { xr, resources } = await shown(server('{name: a}'));
    expect(xr).toMatchObject({ kind: 'DittoServer', metadata: { name: 'a', namespace: 'default' } });
    expect(resources[0]?.object.apiVersion).toBe('kubernetes.m.crossplane.io/v1alpha1');
  });

  it('takes a DittoServer with fields of a claim as one', async () => {
    const { xr, resources } = await shown(
      server('{name: a, namespace: team}', '{compositeDeletePolicy: Foreground, compositionRef: {name: x}}'),
    );
    expect(xr).toMatchObject({
      kind: 'XDittoServer',
      metadata: { name: 'a-claim', labels: { 'crossplane.io/claim-name': 'a' } },
      spec: { compositionRef: { name: 'x' }, claimRef: { kind: 'DittoServer', name: 'a', namespace: 'team' } },
    });
    expect(xr.spec).not.toHaveProperty('compositeDeletePolicy');
    expect(resources[0]?.object.apiVersion).toBe('kubernetes.crossplane.io/v1alpha2');
    expect(resources[0]?.manifest.metadata).toMatchObject({ name: 'a-jwt-secret', namespace: 'team' });
  });

  it('takes an XDittoServer as it is', async () => {
    const claim = '{claimRef: {apiVersion: x, kind: DittoServer, name: a, namespace: team}}';
    const { xr, resources } = await shown(server('{name: a-x7k2p}', claim, 'XDittoServer'));
    expect(xr).toMatchObject({ kind: 'XDittoServer', metadata: { name: 'a-x7k2p' } });
    expect(resources[0]?.manifest.metadata).toMatchObject({ name: 'a-jwt-secret', namespace: 'team' });
  });

  it('refuses an XDittoServer without a claim in the words of the cluster', async () => {
    const { stderr } = await previewText(server('{name: a}', '{}', 'XDittoServer'));
    expect(stderr).toContain('standard input: XDittoServer a is refused:\n  spec.claimRef: is required');
  });
});

describe('several documents', () => {
  const two = `${server('{name: one}')}---\n# nothing\n---\n${server('{name: two}')}`;

  it('prints each with a heading', async () => {
    const { stdout } = await previewText(two);
    expect(stdout.match(/^DittoServer .*$/gm)).toEqual([
      'DittoServer default/one  nothing exists yet · standard input',
      'DittoServer default/two  nothing exists yet · standard input',
    ]);
  });

  it('are a JSON list, also where only one of them is left', async () => {
    const { stdout, failed } = await previewText(`${server('{name: one}')}---\nkind: Pod\n`, { format: 'json' });
    expect([failed, (JSON.parse(stdout) as unknown[]).length]).toEqual([true, 1]);
  });

  it('are one diagram with ids of their own', async () => {
    const { stdout } = await previewText(two, { format: 'mermaid' });
    expect(stdout.match(/^flowchart/gm)).toHaveLength(1);
    expect(stdout).toContain('d0_server -. uses .-> d0_config');
    expect(stdout).toContain('d1_server -. uses .-> d1_config');
  });

  it('reads lists as kubectl prints them', async () => {
    const item = JSON.stringify(load(server('{name: one}')));
    const { stdout } = await previewText(
      `{apiVersion: v1, kind: List, items: [${item}, ${item.replace('one', 'two')}]}`,
    );
    expect(stdout.match(/^DittoServer /gm)).toHaveLength(2);
  });

  it('prints the others where one is refused', async () => {
    const { stdout, stderr, failed } = await previewText(
      `${server('{name: bad}', '{storage: {metadataSize: 10 GB}, replicsa: 1}')}---\n${server('{name: good}')}`,
    );
    expect(failed).toBe(true);
    expect(stderr).toBe(
      [
        'standard input: DittoServer default/bad is refused:',
        '  spec.replicsa: is not a field of spec; did you mean "replicas"?',
        '  spec.storage.metadataSize: "10 GB" is not a quantity such as "10Gi"',
        '',
      ].join('\n'),
    );
    expect(stdout).toMatch(/^DittoServer default\/good /);
  });
});

describe('what is wrong is told in one line', () => {
  const good = server('{name: a}');
  it.each([
    ['another kind', 'apiVersion: v1\nkind: Pod\n', {}, 'document 1: is not a DittoServer (kind Pod, apiVersion v1)'],
    ['a Secret', 'apiVersion: v1\nkind: Secret\n', {}, 'Secrets are read with --required'],
    [
      'no kind',
      'a: 1\n',
      {},
      '(no kind, no apiVersion); expected kind DittoServer, apiVersion dittofs.dittofs.com/v1alpha1',
    ],
    ['another version', good.replace('v1alpha1', 'v1'), {}, 'kind DittoServer, apiVersion dittofs.dittofs.com/v1)'],
    ['the second document', `---\n${good}---\n- 1\n`, {}, 'standard input, document 2: is not a manifest'],
    ['nothing', '# nothing\n', {}, 'standard input: holds no manifest'],
    ['bad YAML', 'a: 1\n b: [', {}, 'standard input, line 2: not valid YAML: bad indentation of a mapping entry'],
    ['what JSON does not know', 'a: .inf\n', {}, 'it holds a value that JSON does not know'],
    ['an anchor inside itself', 'a: &a [*a]\n', {}, 'standard input'],
    ['a missing file', '', { files: ['nope.yaml'] }, 'cannot read nope.yaml: no such file or directory'],
    ['a missing directory', good, { observed: ['nope'] }, 'cannot read nope: no such file or directory'],
    [
      'an empty directory',
      good,
      { observed: ['test/render/fixtures'].map(() => 'src/render') },
      'src/render: holds no .yaml',
    ],
    ['no Secret', good, { required: [quickstart] }, 'is not a Secret (kind DittoServer); --required takes Secrets'],
    [
      'no input',
      good,
      { input: quickstart },
      'holds no input: expected kind Input, apiVersion dittofs.fn.crossplane.io',
    ],
    [
      'a field beside spec',
      good.replace('spec', 'specs'),
      {},
      '  specs: is not a field of the manifest; did you mean "spec"?',
    ],
  ])('%s', async (_case, yaml, options, message) => {
    const { stderr, failed } = await previewText(yaml, options);
    expect(failed).toBe(true);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('an Object without its key', async () => {
    const path = temporaryFile('apiVersion: kubernetes.m.crossplane.io/v1alpha1\nkind: Object\nmetadata: {name: x}\n');
    const { stderr, failed, stdout } = await previewText(good, { observed: [path] });
    expect([failed, stdout]).toEqual([true, '']);
    expect(stderr).toContain('document 1: Object "x" has no annotation crossplane.io/composition-resource-name');
  });

  it('an input that the function refuses', async () => {
    const path = temporaryFile('apiVersion: dittofs.fn.crossplane.io/v1alpha1\nkind: Input\nttl: soon\n');
    const { stderr } = await previewText(good, { input: path });
    expect(stderr).toContain('is refused:\n  input.ttl: "soon" is not a duration');
  });
});

describe('--input', () => {
  it('takes the first step of a Composition that has an input of ours', async () => {
    const step = (input: string): string => `{step: s, functionRef: {name: f}, input: ${input}}`;
    const path = temporaryFile(
      `kind: Composition\nspec: {pipeline: [${step('{apiVersion: other/v1, kind: Input}')}, ${step(
        '{apiVersion: dittofs.fn.crossplane.io/v1alpha1, kind: Input, images: {server: "registry/dittofs:1"}}',
      )}]}\n`,
    );
    const { stdout } = await previewText(server('{name: a}'), { input: path });
    expect(stdout).toContain('1 × registry/dittofs:1');
  });
});

describe('--observed', () => {
  const waiting = readFileSync(`${ready}/objects.yaml`, 'utf8');

  it('shows a server that is ready', async () => {
    const {
      resources,
      conditions,
      ready: isReady,
      results,
    } = await shown(readFileSync(quickstart, 'utf8'), {
      observed: [ready],
    });
    expect(isReady).toBe(true);
    expect(resources.filter((resource) => !resource.ready || resource.later)).toEqual([]);
    expect(conditions.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'ConfigReady=True',
      'ResourcesApplied=True',
      'DatabaseReady=True',
      'StorageReady=True',
      'Available=True',
      'Progressing=False',
      'EndpointReady=True',
      'Provisioned=True',
    ]);
    expect(results).toEqual([]);
  });

  it('tells why a resource is not ready, and what changed since', async () => {
    const path = temporaryFile(waiting.replaceAll('phase: Bound', 'phase: Pending'));
    const { stdout } = await previewOf({ files: [quickstart], observed: [path, `${ready}/dittoserver.yaml`] });
    expect(stdout).toContain('Degraded, not ready: 13 of 15 resources are');
    expect(stdout).toMatch(/~ PersistentVolumeClaim\s+metadata-my-dittofs-0\s+volume-metadata\s+VolumePending/);
    expect(stdout).toContain('PersistentVolumeClaim "metadata-my-dittofs-0" is not bound yet; kubectl describe pvc');
    expect(stdout).toContain('warning VolumePending:');
  });

  it('shows what is created now and later beside what is there', async () => {
    const list = load(waiting) as { items: { metadata: { annotations: Record<string, string> } }[] };
    const keys = ['server', 'volume-metadata'];
    const left = list.items.filter(
      ({ metadata }) => !keys.includes(metadata.annotations['crossplane.io/composition-resource-name'] ?? ''),
    );
    const { resources } = await shown(readFileSync(quickstart, 'utf8'), {
      observed: [temporaryFile(JSON.stringify({ ...list, items: left }))],
    });
    const later = resources.filter((resource) => resource.later);
    expect(later.map(({ key, waitsFor }) => [key, waitsFor])).toEqual([['server', ['volume-metadata']]]);
    expect(resources.find(({ key }) => key === 'volume-metadata')).toMatchObject({ ready: false, reason: 'Creating' });
  });

  it('shows what is no longer wanted', async () => {
    const yaml = `${readFileSync(quickstart, 'utf8')}  nfs: {enabled: no}\n  smb: {enabled: no}\n`;
    const { removed } = await shown(yaml, { observed: [ready] });
    expect(removed.map(({ key }) => key).sort()).toEqual(['connection', 'file-service']);
  });

  it('keeps servers apart, and says what belongs to none', async () => {
    const both = `${readFileSync(quickstart, 'utf8')}---\n${server('{name: other}')}`;
    const { stdout, stderr } = await previewText(both, { observed: [ready] });
    expect(stderr).toBe('');
    expect(stdout).toContain('DittoServer default/my-dittofs  Running, ready');
    expect(stdout).toContain('DittoServer default/other  nothing exists yet');
    const alone = await previewText(server('{name: other}'), { observed: [ready] });
    expect(alone.failed).toBe(false);
    expect(alone.stderr).toContain('config belongs to none of these DittoServers and is not looked at');
  });
});

describe('Secrets', () => {
  const refers = server('{name: a}', '{identity: {jwt: {secretRef: {name: my-jwt, key: token}}}}');

  it('count as present where nobody says, and the tree says so', async () => {
    const { stdout } = await previewText(refers);
    expect(stdout).toContain(
      'Counted as present, because --required does not say which Secrets exist: Secret "my-jwt"',
    );
    const { assumedSecrets, conditions } = await shown(refers);
    expect(assumedSecrets).toEqual(['my-jwt']);
    expect(conditions[0]).toMatchObject({ type: 'ConfigReady', status: 'True' });
  });

  it('that are missing hold the server back, which still is shown', async () => {
    const path = temporaryFile('apiVersion: v1\nkind: Secret\nmetadata: {name: other}\n');
    const { conditions, resources, assumedSecrets } = await shown(refers, { required: [path] });
    expect(assumedSecrets).toEqual([]);
    expect(conditions[0]).toMatchObject({ type: 'ConfigReady', status: 'False', reason: 'SecretNotFound' });
    expect(resources.find(({ key }) => key === 'server')).toMatchObject({
      later: true,
      state: 'failed',
      reason: 'SecretNotFound',
      manifest: { kind: 'StatefulSet' },
    });
  });

  it.each([
    'stringData: {token: 0123456789012345678901234567890123}',
    'data: {token: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMw==}',
  ])('are read from %s', async (data) => {
    const path = temporaryFile(
      `apiVersion: v1\nkind: Secret\nmetadata: {name: my-jwt}\n${data.replace('0123456789012345678901234567890123}', '"0123456789012345678901234567890123"}')}\n`,
    );
    const { conditions } = await shown(refers, { required: [path] });
    expect(conditions[0]).toMatchObject({ type: 'ConfigReady', status: 'True' });
  });

  it('may be none at all', async () => {
    const path = temporaryFile('apiVersion: v1\nkind: List\nitems: []\n');
    const { conditions } = await shown(refers, { required: [path], observed: [path] });
    expect(conditions[0]).toMatchObject({ reason: 'SecretNotFound' });
  });

  it('of another namespace do not count', async () => {
    const path = temporaryFile(
      'apiVersion: v1\nkind: Secret\nmetadata: {name: my-jwt, namespace: other}\nstringData: {token: "0123456789012345678901234567890123"}\n',
    );
    const { conditions } = await shown(refers, { required: [path] });
    expect(conditions[0]).toMatchObject({ reason: 'SecretNotFound' });
  });
});

describe('the values of Secrets are never printed', () => {
  const marker = 'MARKER-0123456789-0123456789-abcdef';
  const encoded = Buffer.from(marker).toString('base64');
  const required = temporaryFile(
    `apiVersion: v1\nkind: Secret\nmetadata: {name: my-jwt, annotations: {note: x}}\nstringData: {token: ${marker}}\n`,
  );
  const objects = (load(readFileSync(`${ready}/objects.yaml`, 'utf8')) as { items: ObservedItem[] }).items;

  /** The observed state with the marker in every Secret, kubectl's copy of it, and whatever else is told. */
  function observedWith(status: Record<string, unknown>): string {
    const items = objects.map((item) => {
      const { manifest } = item.spec.forProvider;
      const values = Object.fromEntries(Object.keys(manifest.data ?? {}).map((key) => [key, encoded]));
      const secret = manifest.kind === 'Secret' ? { ...manifest, data: values } : manifest;
      const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': `{"data":"${marker}"}` };
      const copied = { ...secret, metadata: { ...secret.metadata, annotations } };
      return {
        ...item,
        metadata: { ...item.metadata, annotations: { ...item.metadata.annotations, ...annotations } },
        spec: { ...item.spec, forProvider: { manifest: copied } },
        status: {
          ...item.status,
          ...status,
          atProvider: { manifest: { ...item.status.atProvider.manifest, ...copied } },
        },
      };
    });
    // Data under a key that this version does not know is passed on as it is observed.
    const unknown = items
      .filter(({ spec }) => spec.forProvider.manifest.kind === 'Secret')
      .map(
        (item) =>
          JSON.parse(JSON.stringify(item).replaceAll(/(jwt-secret|admin-secret|connection)"/g, 'other-$1"')) as unknown,
      );
    return temporaryFile(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...items, ...unknown] }));
  }

  const observed = observedWith({});
  const message = `cannot apply: Secret is invalid: data: Invalid value: "${marker}" or ${encoded}`;
  const failing = observedWith({
    conditions: [{ type: 'Synced', status: 'False', reason: 'ReconcileError', message }],
  });
  const refers = `${readFileSync(quickstart, 'utf8')}  identity: {jwt: {secretRef: {name: my-jwt, key: token}}}\n`;

  it.each(
    formats.flatMap((format) => [
      { format, all: false, observed: [failing], replicas: '' },
      { format, all: true, observed: [failing], replicas: '  replicas: 0\n' },
      { format, all: true, observed: [observed], replicas: '' },
    ]),
  )('$format, all: $all', async ({ format, all, observed: of, replicas }) => {
    const { stdout, stderr } = await previewText(refers + replicas, {
      format,
      all,
      observed: of,
      required: [required],
    });
    expect(stdout.length).toBeGreaterThan(100);
    expect(stdout + stderr).not.toContain(marker);
    expect(stdout + stderr).not.toContain(encoded);
    expect(stdout + stderr).not.toContain(encoded.slice(0, -4));
  });

  it('but what the provider says is shown without them', async () => {
    const { stdout } = await previewText(`${refers}  replicas: 0\n`, { observed: [failing], required: [required] });
    expect(stdout).toContain('Invalid value: "<hidden>" or <hidden>');
  });

  it.each([
    `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {k: "${marker}!"}\n`,
    `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: [${marker}]}\n`,
    `apiVersion: v1\nkind: Secret\nstringData: {k: *${marker}}\n`,
    `apiVersion: v1\nkind: Secret\nstringData: {k: !${marker} x}\n`,
    `apiVersion: v1\nkind: Secret\nstringData:\n  k: "${marker}\n  l: ${marker}\n: ${marker}`,
    `${marker}\n`,
  ])('nor in what is wrong with %j', async (text) => {
    const { stderr, failed } = await previewText(refers, { required: [temporaryFile(text)] });
    expect(failed).toBe(true);
    expect(stderr).not.toContain(marker);
  });
});

describe('tree', () => {
  it('is coloured and wrapped where the screen says so', async () => {
    const options = { files: [exposed], observed: [], required: undefined, input: undefined, all: false } as const;
    const screen = { paint: (tone: string, text: string) => `<${tone}>${text}</>`, width: 80 };
    const { stdout } = await render({ ...options, format: 'tree' }, screen, () => Promise.resolve(''));
    expect(stdout).toContain('<cyan>+</> ConfigMap');
    expect(stdout).toContain('<bold>DittoServer team/exposed</>');
    const conditions = stdout.slice(stdout.indexOf('Conditions after'), stdout.indexOf('Endpoints once'));
    const widths = conditions.split('\n').map((line) => line.replaceAll(/<[^>]*>/g, '').length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(90);
  });
});

describe('yaml', () => {
  it('holds plain manifests only, with all that kubectl needs', async () => {
    const { stdout } = await previewOf({ files: [exposed], format: 'yaml' });
    const documents = loadAll(stdout) as Record<string, Record<string, unknown>>[];
    expect(documents.map(({ kind }) => kind)).not.toContain('StorageClass');
    expect(stdout).toContain('# StorageClass "fast" is left out: it is only looked at, never created');
    for (const { apiVersion, kind, metadata, data, stringData } of documents) {
      expect([typeof apiVersion, typeof kind]).toEqual(['string', 'string']);
      expect(metadata).toMatchObject({ namespace: 'team' });
      expect(metadata?.name).toMatch(/^[a-z0-9.-]+$/);
      expect(typeof kind === 'string' && kind === 'Secret' ? [data, stringData] : []).not.toContainEqual(
        expect.anything(),
      );
    }
  });

  it('quotes what YAML 1.1 would take for something else', async () => {
    const labels = '{a: "yes", b: "0777", c: "1_000", d: "2020-01-01", e: "null", f: "1e3"}';
    const { stdout } = await previewText(server('{name: a}', `{podAnnotations: ${labels}}`), { format: 'yaml' });
    for (const line of ["a: 'yes'", "b: '0777'", "c: '1_000'", "d: '2020-01-01'", "e: 'null'", "f: '1e3'"]) {
      expect(stdout).toContain(line);
    }
  });
});
