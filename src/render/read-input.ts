import { inputType } from '../api/v1alpha1/input.ts';
import { isObject, listAt, objectAt, textAt, type JsonObject } from '../lib/json.ts';
import type { Read } from './read-cluster.ts';
import type { SourceDocument } from './read-documents.ts';

const API_VERSION = `${inputType.group}/${inputType.version}`;

function isInput(value: JsonObject): boolean {
  return (textAt(value, 'apiVersion') ?? '').startsWith(`${inputType.group}/`);
}

/** The input of the first step of a Composition that has one of ours. */
function stepInput(composition: JsonObject): JsonObject | undefined {
  return listAt(composition, 'spec', 'pipeline')
    .map((step) => objectAt(step, 'input'))
    .filter(isObject)
    .find(isInput);
}

/** Reads what --input names: the input itself, or a Composition of which the first step with our input counts. */
export function readInput(documents: readonly SourceDocument[]): Read<JsonObject> {
  const inputs = documents.flatMap(({ value }) => {
    if (isInput(value)) return [value];
    const input = value.kind === 'Composition' ? stepInput(value) : undefined;
    return input === undefined ? [] : [input];
  });
  const [input] = inputs;
  if (input !== undefined) return { ok: true, value: input };
  const file = documents[0]?.file ?? '--input';
  return {
    ok: false,
    problems: [
      `${file}: holds no input: expected kind ${inputType.kind}, apiVersion ${API_VERSION}, or a Composition with a step that has such an input`,
    ],
  };
}
