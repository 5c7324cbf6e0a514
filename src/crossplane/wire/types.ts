import protobuf from 'protobufjs/minimal.js';

/** Reads protobuf's wire format from bytes. */
export type Reader = protobuf.Reader;
/** Writes protobuf's wire format. */
export type Writer = protobuf.Writer;

/** A type of the protocol: how a value is written, and read back. https://protobuf.dev/programming-guides/encoding/ */
export interface Type<T> {
  /** The wire type of the field's tag: 0 is a varint, 1 eight bytes, 2 a length and that many bytes. */
  readonly wireType: 0 | 1 | 2;
  /** `depth` counts the messages around the value, so that a request of nothing but nesting is refused. */
  readonly read: (reader: Reader, depth: number) => T;
  readonly write: (writer: Writer, value: T) => void;
}

/** A field of a message: how its occurrences become one value. */
export interface Field<T> {
  readonly number: number;
  readonly initial: () => T;
  /** The value after one more occurrence of the field; undefined where its wire type is not one of the field's. */
  readonly read: (reader: Reader, wireType: number, depth: number, before: T) => { readonly value: T } | undefined;
  readonly write: (writer: Writer, value: T) => void;
}

/** The fields of a message by their names in TypeScript. */
export type Fields<M> = { readonly [K in keyof M]-?: Field<M[K]> };

/**
 * How deep messages may be nested: an object takes three levels (value, struct, map entry) for each of its own, so
 * this is some 300 levels of an object, where Kubernetes itself stops at far fewer.
 */
const DEEPEST = 1000;

function malformed(detail: string): Error {
  return new RangeError(`malformed message: ${detail}`);
}

/** One level deeper, or an end of it. */
export function deeper(depth: number): number {
  if (depth >= DEEPEST) throw malformed('nested too deep');
  return depth + 1;
}

/** The end of a length-delimited value, which must lie inside what surrounds it. */
export function endOf(reader: Reader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw malformed('a length goes beyond the end');
  return end;
}

/** The character that stands for bytes that are not UTF-8, unless it was sent itself. */
const REPLACEMENT = '\uFFFD';

/** Decodes by Node's own, fast decoder; only where that replaced something the slow, strict one has the last word. */
function readText(reader: Reader): string {
  const start = reader.pos;
  const decoded = reader.string();
  if (!decoded.includes(REPLACEMENT)) return decoded;
  reader.pos = start;
  return reader.stringVerify();
}

/** UTF-8 text; bytes that are not UTF-8 are refused. */
export const text: Type<string> = {
  wireType: 2,
  read: readText,
  write: (writer, value) => void writer.string(value),
};

/** Bytes, copied, so that they do not keep the whole request in memory. */
export const bytes: Type<Buffer> = {
  wireType: 2,
  read: (reader) => Buffer.from(reader.bytes()),
  write: (writer, value) => void writer.bytes(value),
};

/** A 32-bit integer: an enum, or nanoseconds. */
export const int32: Type<number> = {
  wireType: 0,
  read: (reader) => reader.int32(),
  write: (writer, value) => void writer.int32(value),
};

/** A 64-bit integer that a number holds exactly: seconds. */
export const int64: Type<number> = {
  wireType: 0,
  read: (reader) => Number(reader.int64()),
  write: (writer, value) => void writer.int64(value),
};

function writeTagged<T>(writer: Writer, number: number, type: Type<T>, value: T): void {
  writer.uint32((number << 3) | type.wireType);
  type.write(writer, value);
}

/** A field that may be absent, which is another thing than its default. */
export function optional<T>(number: number, type: Type<T>): Field<T | undefined> {
  return {
    number,
    initial: () => undefined,
    read: (reader, wireType, depth) => (wireType === type.wireType ? { value: type.read(reader, depth) } : undefined),
    write: (writer, value) => {
      if (value !== undefined) writeTagged(writer, number, type, value);
    },
  };
}

/** A field with one value; its default is not written, as proto3 has it. */
export function single<T>(number: number, type: Type<T>, initial: T): Field<T> {
  return {
    number,
    initial: () => initial,
    read: (reader, wireType, depth) => (wireType === type.wireType ? { value: type.read(reader, depth) } : undefined),
    write: (writer, value) => {
      if (value !== initial) writeTagged(writer, number, type, value);
    },
  };
}

/** A field that repeats. */
export function repeated<T>(number: number, type: Type<T>): Field<T[]> {
  return {
    number,
    initial: () => [],
    read: (reader, wireType, depth, before) => {
      if (wireType !== type.wireType) return undefined;
      before.push(type.read(reader, depth));
      return { value: before };
    },
    write: (writer, values) => {
      for (const value of values) writeTagged(writer, number, type, value);
    },
  };
}

/** Numbers that repeat: written as one length and all of them, read in that form and one by one. */
export function packed(number: number): Field<number[]> {
  return {
    number,
    initial: () => [],
    read: (reader, wireType, _depth, before) => {
      if (wireType === 0) before.push(reader.int32());
      else if (wireType === 2) for (const end = endOf(reader); reader.pos < end;) before.push(reader.int32());
      else return undefined;
      return { value: before };
    },
    write: (writer, values) => {
      if (values.length === 0) return;
      writer.uint32((number << 3) | 2).fork();
      for (const value of values) writer.int32(value);
      writer.ldelim();
    },
  };
}

/** Reads the fields of one message up to `end`; those that `visit` does not take are passed over. */
function readFields(
  reader: Reader,
  end: number,
  depth: number,
  visit: (number: number, wireType: number) => boolean,
): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (!visit(tag >>> 3, tag & 7)) skipField(reader, tag, depth);
  }
  if (reader.pos !== end) throw malformed('a field goes beyond its message');
}

/** Passes over a field that is not known. */
export function skipField(reader: Reader, tag: number, depth: number): void {
  reader.skipType(tag & 7, depth, tag >>> 3);
}

/** Sets a field of an object's own, whatever its name: `__proto__` is a name like any other. */
export function setOwn<T>(object: Record<string, T>, key: string, value: T): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Reads one entry of a map into an object. A later entry of the same key wins. */
function readEntry<T>(reader: Reader, depth: number, map: Record<string, T>, type: Type<T>, initial: () => T): void {
  let key = '';
  let value: T | undefined;
  const inside = deeper(depth);
  readFields(reader, endOf(reader), inside, (field, wireType) => {
    if (field === 1 && wireType === text.wireType) key = text.read(reader, inside);
    else if (field === 2 && wireType === type.wireType) value = type.read(reader, inside);
    else return false;
    return true;
  });
  setOwn(map, key, value ?? initial());
}

/** Writes a map's entries in the order of their keys, so that equal maps are equal bytes. */
export function writeEntries<T>(
  writer: Writer,
  number: number,
  map: Readonly<Record<string, T | undefined>>,
  type: Type<T>,
): void {
  for (const key of Object.keys(map).sort()) {
    const value = map[key];
    if (value === undefined) continue;
    writer.uint32((number << 3) | 2).fork();
    writeTagged(writer, 1, text, key);
    writeTagged(writer, 2, type, value);
    writer.ldelim();
  }
}

/** A map by text. */
export function mapOf<T>(number: number, type: Type<T>, initial: () => T): Field<Record<string, T>> {
  return {
    number,
    initial: () => ({}),
    read: (reader, wireType, depth, before) => {
      if (wireType !== 2) return undefined;
      readEntry(reader, depth, before, type, initial);
      return { value: before };
    },
    write: (writer, map) => {
      writeEntries(writer, number, map, type);
    },
  };
}

/** A message: a type like others, and what is sent as a whole. */
export interface Message<M> extends Type<M> {
  /** The message with every field at its default. */
  readonly empty: () => M;
  /** Reads a whole message; throws a RangeError with what is malformed. */
  readonly decode: (data: Uint8Array) => M;
  readonly encode: (value: M) => Buffer;
}

/** A message with the given fields. */
export function message<M extends object>(fields: Fields<M>): Message<M> {
  const entries = Object.entries(fields) as [keyof M & string, Field<unknown>][];
  const byNumber = new Map(entries.map(([name, field]) => [field.number, [name, field] as const]));

  const empty = (): M => Object.fromEntries(entries.map(([name, field]) => [name, field.initial()])) as M;

  function readUntil(reader: Reader, end: number, depth: number): M {
    const result = empty() as Record<string, unknown>;
    readFields(reader, end, depth, (number, wireType) => {
      const [name, field] = byNumber.get(number) ?? [];
      if (name === undefined || field === undefined) return false;
      const read = field.read(reader, wireType, depth, result[name]);
      if (read !== undefined) result[name] = read.value;
      return read !== undefined;
    });
    return result as M;
  }

  function writeFields(writer: Writer, value: M): Writer {
    for (const [name, field] of entries) field.write(writer, value[name]);
    return writer;
  }

  return {
    wireType: 2,
    empty,
    read: (reader, depth) => {
      const inside = deeper(depth);
      return readUntil(reader, endOf(reader), inside);
    },
    write: (writer, value) => {
      writeFields(writer.fork(), value).ldelim();
    },
    decode: (data) => {
      const reader = protobuf.Reader.create(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      return readUntil(reader, reader.len, 0);
    },
    encode: (value) => Buffer.from(writeFields(protobuf.Writer.create(), value).finish()),
  };
}
