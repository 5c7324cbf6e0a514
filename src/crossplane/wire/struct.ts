import type { Json, JsonObject } from '../../lib/json.ts';
import { deeper, endOf, setOwn, skipField, text, writeEntries, type Reader, type Type, type Writer } from './types.ts';

/**
 * google.protobuf.Struct as the JSON object that it stands for.
 * https://protobuf.dev/reference/protobuf/google.protobuf/#struct
 *
 * Nearly all bytes of a request are Structs, so these readers are plain loops over tags, not tables of fields.
 */
export const struct: Type<JsonObject> = { wireType: 2, read: readStruct, write: writeStruct };

/** google.protobuf.Value as the JSON value that it stands for. */
const value: Type<Json> = { wireType: 2, read: readValue, write: writeValue };

/** Tags: a field's number and its wire type in one. */
const tags = {
  /** Struct.fields and ListValue.values. */
  element: 0x0a,
  entryKey: 0x0a,
  entryValue: 0x12,
  nullValue: 0x08,
  numberValue: 0x11,
  stringValue: 0x1a,
  boolValue: 0x20,
  structValue: 0x2a,
  listValue: 0x32,
} as const;

function readStruct(reader: Reader, depth: number): JsonObject {
  const inside = deeper(depth);
  const end = endOf(reader);
  const object: Record<string, Json> = {};
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === tags.element) readField(reader, inside, object);
    else skipField(reader, tag, inside);
  }
  return within(reader, end, object);
}

/** Reads one entry of Struct's map into the object. */
function readField(reader: Reader, depth: number, object: Record<string, Json>): void {
  const end = endOf(reader);
  let key = '';
  let json: Json = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === tags.entryKey) key = text.read(reader, depth);
    else if (tag === tags.entryValue) json = readValue(reader, depth);
    else skipField(reader, tag, depth);
  }
  setOwn(object, key, within(reader, end, json));
}

function readList(reader: Reader, depth: number): Json {
  const inside = deeper(depth);
  const end = endOf(reader);
  const items: Json[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === tags.element) items.push(readValue(reader, inside));
    else skipField(reader, tag, inside);
  }
  return within(reader, end, items);
}

/** A Value without a kind is read as null. */
function readValue(reader: Reader, depth: number): Json {
  const inside = deeper(depth);
  const end = endOf(reader);
  let json: Json = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === tags.stringValue) json = text.read(reader, inside);
    else if (tag === tags.structValue) json = readStruct(reader, inside);
    else if (tag === tags.listValue) json = readList(reader, inside);
    else if (tag === tags.numberValue) json = reader.double();
    else if (tag === tags.boolValue) json = reader.bool();
    else if (tag === tags.nullValue) {
      reader.int32();
      json = null;
    } else skipField(reader, tag, inside);
  }
  return within(reader, end, json);
}

/** What was read, if it ended where its length said. */
function within<T>(reader: Reader, end: number, read: T): T {
  if (reader.pos !== end) throw new RangeError('malformed message: a field goes beyond its message');
  return read;
}

function writeStruct(writer: Writer, object: JsonObject): void {
  writer.fork();
  writeEntries(writer, 1, object, value);
  writer.ldelim();
}

function writeValue(writer: Writer, json: Json): void {
  writer.fork();
  if (json === null) writer.uint32(tags.nullValue).int32(0);
  else if (typeof json === 'number') writer.uint32(tags.numberValue).double(json);
  else if (typeof json === 'string') writer.uint32(tags.stringValue).string(json);
  else if (typeof json === 'boolean') writer.uint32(tags.boolValue).bool(json);
  else if (Array.isArray(json)) {
    writer.uint32(tags.listValue).fork();
    for (const item of json as readonly Json[]) {
      writer.uint32(tags.element);
      writeValue(writer, item);
    }
    writer.ldelim();
  } else {
    writer.uint32(tags.structValue);
    writeStruct(writer, json as JsonObject);
  }
  writer.ldelim();
}
