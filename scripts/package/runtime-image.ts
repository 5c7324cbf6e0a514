import { debianLibraries } from './debian-libraries.ts';
import { emptyImage, withLabels, withLayer, type Architecture, type Image } from './image.ts';
import { layerOf } from './layer.ts';
import { nodeProgram, nodeVersion } from './node-program.ts';
import type { TarEntry } from './tar.ts';

function file(path: string, ...lines: readonly string[]): TarEntry {
  return { type: 'file', path, content: Buffer.from(lines.map((line) => `${line}\n`).join('')) };
}

/** What programs expect of a system: users, the order in which names are resolved, and a place for temporary files. */
const system: readonly TarEntry[] = [
  file(
    'etc/passwd',
    'root:x:0:0:root:/root:/sbin/nologin',
    'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin',
  ),
  file('etc/group', 'root:x:0:', 'nonroot:x:65532:'),
  file('etc/nsswitch.conf', 'hosts: files dns'),
  { type: 'directory', path: 'tmp', mode: 0o1777 },
];

/** How the function is run: as the Dockerfile says. */
export const runtimeConfig = {
  User: '65532',
  WorkingDir: '/app',
  Entrypoint: ['/nodejs/bin/node', '/app/dist/main.js'],
  ExposedPorts: { '9443/tcp': {}, '8080/tcp': {} },
} as const;

/**
 * Puts the function's image together without a container engine: as the Dockerfile's, it has Node, the libraries that
 * Node is linked to, and the program, and no shell.
 */
export async function assembleRuntimeImage(architecture: Architecture, program: Buffer): Promise<Image> {
  const libraries = await debianLibraries(architecture);
  const image = emptyImage(architecture, runtimeConfig);
  const base = withLayer(image, await layerOf([...system, ...libraries.entries]), 'Debian’s shared libraries');
  const node = withLayer(base, await layerOf(await nodeProgram(architecture)), `Node ${nodeVersion}`);
  const app: readonly TarEntry[] = [
    { type: 'directory', path: 'app' },
    { type: 'directory', path: 'app/dist' },
    { type: 'file', path: 'app/dist/main.js', content: program },
  ];
  return withLabels(withLayer(node, await layerOf(app), 'the function'), {
    'com.dittofs.runtime': [`node ${nodeVersion}`, ...libraries.versions].join(', '),
  });
}
