import * as z from 'zod';
import { digestOf, toLayer, type Layer } from './layer.ts';
import { readTar, writeTar, type TarEntry } from './tar.ts';

/** Processors for which there is an image. */
export const architectures = ['amd64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/**
 * The configuration of an image; what is not named here is kept as it is.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/config.md
 */
const ImageConfig = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  config: z.looseObject({ Labels: z.record(z.string(), z.string()).nullish() }).default({}),
  rootfs: z.looseObject({ type: z.literal('layers'), diff_ids: z.array(z.string()) }),
  history: z.array(z.looseObject({ created_by: z.string().optional() })).default([]),
});
export type ImageConfig = z.output<typeof ImageConfig>;

/** An image for one processor. */
export interface Image {
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
}

/** The moment at which everything that we make was made: another one would give another digest. */
const created = '1970-01-01T00:00:00Z';

/** An image of nothing, for one processor, that runs as the configuration says. */
export function emptyImage(architecture: Architecture, config: ImageConfig['config']): Image {
  const rootfs: ImageConfig['rootfs'] = { type: 'layers', diff_ids: [] };
  return { config: { created, architecture, os: 'linux', config, rootfs, history: [] }, layers: [] };
}

/** The image with one more layer; the comment tells `docker history` what it is. */
export function withLayer({ config, layers }: Image, layer: Layer, comment: string): Image {
  return {
    config: {
      ...config,
      rootfs: { ...config.rootfs, diff_ids: [...config.rootfs.diff_ids, layer.diffId] },
      history: [...config.history, { created, created_by: comment }],
    },
    layers: [...layers, layer],
  };
}

/** The image with more labels. */
export function withLabels({ config, layers }: Image, labels: Readonly<Record<string, string>>): Image {
  return {
    config: { ...config, config: { ...config.config, Labels: { ...config.config.Labels, ...labels } } },
    layers,
  };
}

/** What a docker-archive says of the images in it. */
const Manifest = z.tuple([z.looseObject({ Config: z.string(), Layers: z.array(z.string()) })]);

/** Writes an image as a docker-archive, which `docker load` and Crossplane's CLI read. */
export async function writeImage({ config, layers }: Image, reference: string): Promise<Buffer> {
  const configBytes = Buffer.from(JSON.stringify(config));
  const configName = `${digestOf(configBytes).slice('sha256:'.length)}.json`;
  const nameOf = ({ digest }: Layer): string => `${digest.slice('sha256:'.length)}.tar.gz`;
  const manifest: z.input<typeof Manifest> = [
    { Config: configName, RepoTags: [reference], Layers: layers.map(nameOf) },
  ];
  const blobs = new Map(layers.map((layer) => [nameOf(layer), layer.blob]));
  return writeTar([
    { type: 'file', path: configName, content: configBytes },
    { type: 'file', path: 'manifest.json', content: Buffer.from(JSON.stringify(manifest)) },
    ...[...blobs].map(([path, content]): TarEntry => ({ type: 'file', path, content })),
  ]);
}

/**
 * Reads the image in a docker-archive, in the form of `docker save` before version 25 (a folder for each layer) or since
 * (an OCI layout with a manifest.json beside it). Throws where a layer is not the one that the configuration names.
 */
export async function readImage(archive: Buffer): Promise<Image> {
  const entries = new Map((await readTar(archive)).map((entry) => [entry.path, entry]));
  const fileAt = (path: string): Buffer => {
    const entry = entries.get(path);
    // Old archives keep a layer that occurs twice as a link to the first.
    if (entry?.type === 'symlink') return fileAt(new URL(entry.target, `file:///${path}`).pathname.slice(1));
    if (entry?.type !== 'file') throw new Error(`cannot read the image: its archive holds no ${path}`);
    return entry.content;
  };
  if (!entries.has('manifest.json')) {
    throw new Error('cannot read the image: its archive holds no manifest.json, as docker save and type=docker write');
  }
  const [manifest] = Manifest.parse(JSON.parse(fileAt('manifest.json').toString()));
  const config = ImageConfig.parse(JSON.parse(fileAt(manifest.Config).toString()));
  const layers = manifest.Layers.map((path) => toLayer(fileAt(path)));
  const named = config.rootfs.diff_ids.join(' ');
  const found = layers.map(({ diffId }) => diffId).join(' ');
  if (found !== named) throw new Error(`cannot read the image: its layers are ${found}, and it names ${named}`);
  return { config, layers };
}
