import { dump } from 'js-yaml';
import { withLabels, withLayer, type Image } from './image.ts';
import { layerOf } from './layer.ts';

/** Objects as one YAML stream. */
function toYamlStream(objects: readonly object[]): Buffer {
  return Buffer.from(objects.map((object) => `---\n${dump(object, { lineWidth: -1, noRefs: true })}`).join(''));
}

/**
 * Adds a layer with one file, and the label by which Crossplane's CLI knows the layer when it pushes the image.
 * An archive cannot keep the layer's annotation, which the CLI makes of the label.
 */
async function withPackageLayer(image: Image, annotation: string, path: string, content: Buffer): Promise<Image> {
  const layer = await layerOf([{ type: 'file', path, content }]);
  return withLabels(withLayer(image, layer, `xpkg ${path}`), { [`io.crossplane.xpkg:${layer.digest}`]: annotation });
}

/**
 * Makes a Crossplane package of an image: its objects, metadata first, and examples for marketplaces to show.
 *
 * @see https://github.com/crossplane/crossplane/blob/main/contributing/specifications/xpkg.md
 */
export async function toPackage(image: Image, objects: readonly object[], examples?: Buffer): Promise<Image> {
  const withObjects = await withPackageLayer(image, 'base', 'package.yaml', toYamlStream(objects));
  return examples === undefined ? withObjects : withPackageLayer(withObjects, 'upbound', '.up/examples.yaml', examples);
}
