/**
 * The folder layers of docs/architecture.md: imports go down only, and only the edge knows the SDK.
 *
 * @type {Record<string, string[]>} folder → the folders (and npm packages) that it may import besides itself
 */
const layers = {
  lib: [],
  kubernetes: ['lib'],
  api: ['lib', 'kubernetes'],
  plan: ['lib', 'kubernetes', 'api'],
  composition: ['lib', 'kubernetes'],
  components: ['lib', 'kubernetes', 'composition', 'plan'],
  status: ['lib', 'kubernetes', 'composition', 'plan'],
  crossplane: ['lib', 'kubernetes', 'composition', 'status'],
};

/** The packages that the pure core may use. */
const corePackages = { lib: [], api: ['zod', 'croner'], plan: ['js-yaml'] };

const folder = (name) => `^src/${name}/`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/', pathNot: '\\.d\\.ts$' }, to: {} },
    {
      name: 'no-tests',
      severity: 'error',
      comment: 'tests use the lab and the function, not the other way round',
      from: { path: '^(src|lab)/' },
      to: { path: '^test/' },
    },
    {
      name: 'no-lab',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^lab/' },
    },
    {
      name: 'no-dev-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    ...Object.entries(layers).map(([from, allowed]) => ({
      name: `layer-${from}`,
      severity: 'error',
      from: { path: folder(from) },
      to: { path: '^src/', pathNot: [from, ...allowed].map(folder) },
    })),
    ...Object.keys(layers)
      .filter((name) => name !== 'crossplane')
      .map((name) => ({
        name: `pure-${name}`,
        severity: 'error',
        comment: 'the core knows no Node module but node:crypto (hashing), and few packages',
        from: { path: folder(name) },
        to: {
          dependencyTypesNot: ['local', 'type-only'],
          path: '.',
          pathNot: ['^src/', '^(node:)?crypto$', ...(corePackages[name] ?? []).map((p) => `node_modules/${p}/`)],
        },
      })),
    {
      name: 'layer-function',
      severity: 'error',
      from: { path: '^src/function\\.ts$' },
      to: { path: '^src/(render|server|listen|provisioner|main)' },
    },
    {
      name: 'layer-provisioner',
      severity: 'error',
      comment: 'a program of its own: it shares the words of plan.json with the function, and no more',
      from: { path: folder('provisioner') },
      to: {
        path: '^src/',
        pathNot: [...['provisioner', 'listen', 'lib'].map(folder), '^src/api/provisioning\\.ts$'],
      },
    },
    {
      name: 'layer-listen',
      severity: 'error',
      from: { path: folder('listen') },
      to: { path: '^src/', pathNot: folder('listen') },
    },
    {
      name: 'sdk-at-the-edge',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(crossplane/|server/|function\\.ts)' },
      to: { path: 'node_modules/(@crossplane-org|@grpc|protobufjs|@bufbuild)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
