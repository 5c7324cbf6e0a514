import type { Json, JsonObject } from '../../lib/json.ts';
import {
  deeper,
  endOf,
  readEntry,
  readFields,
  text,
  writeEntries,
  type Reader,
  type Type,
  type Writer,
} from './types.ts';

/**
 * google.protobuf.Struct as the JSON object that it stands for.
 * https://protobuf.dev/reference/protobuf/google.protobuf/#struct
 */
export const struct: Type<JsonObject> = { wireType: 2, read: readStruct, write: writeStruct };

/** google.protobuf.Value as the JSON value that it stands for. */
const value: Type<Json> = { wireType: 2, read: readValue, write: writeValue };

function readStruct(reader: Reader, depth: number): JsonObject {
  const inside = deeper(depth);
  const fields: Record<string, Json> = {};
  readFields(reader, endOf(reader), inside, (number, wireType) => {
    if (number !== 1 || wireType !== 2) return false;
    readEntry(reader, inside, fields, value, () => null);
    return true;
  });
  return fields;
}

function readList(reader: Reader, depth: number): Json {
  const inside = deeper(depth);
  const items: Json[] = [];
  readFields(reader, endOf(reader), inside, (number, wireType) => {
    if (number !== 1 || wireType !== 2) return false;
    items.push(readValue(reader, inside));
    return true;
  });
  return items;
}

/** A Value without a kind is read as null. */
function readValue(reader: Reader, depth: number): Json {
  const inside = deeper(depth);
  let result: Json = null;
  readFields(reader, endOf(reader), inside, (number, wireType) => {
    const tag = (number << 3) | wireType;
    if (tag === 0x08) {
      reader.int32();
      result = null;
    } else if (tag === 0x11) result = reader.double();
    else if (tag === 0x1a) result = text.read(reader, inside);
    else if (tag === 0x20) result = reader.bool();
    else if (tag === 0x2a) result = readStruct(reader, inside);
    else if (tag === 0x32) result = readList(reader, inside);
    else return false;
    return true;
  });
  return result;
}

function writeStruct(writer: Writer, object: JsonObject): void {
  writer.fork();
  writeEntries(writer, 1, object, value);
  writer.ldelim();
}

function writeValue(writer: Writer, json: Json): void {
  writer.fork();
  if (json === null) writer.uint32(0x08).int32(0);
  else if (typeof json === 'number') writer.uint32(0x11).double(json);
  else if (typeof json === 'string') writer.uint32(0x1a).string(json);
  else if (typeof json === 'boolean') writer.uint32(0x20).bool(json);
  else if (Array.isArray(json)) {
    writer.uint32(0x32).fork();
    for (const item of json as readonly Json[]) {
      writer.uint32(0x0a);
      writeValue(writer, item);
    }
    writer.ldelim();
  } else {
    writer.uint32(0x2a);
    writeStruct(writer, json as JsonObject);
  }
  writer.ldelim();
}
