import * as sdk from '@crossplane-org/function-sdk-typescript';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunFunctionRequest, RunFunctionResponse } from '../../src/crossplane/protocol.ts';

/** Field names that the SDK's codec can carry: it loses `__proto__`. */
const name = fc.string({ maxLength: 8, unit: 'grapheme' }).filter((text) => text !== '__proto__');

/** JSON as protobuf carries it: no undefined, no negative zero. */
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(name, tie('value'), { maxKeys: 5, noNullPrototype: true }),
}));
const object = json.object as fc.Arbitrary<Record<string, never>>;

const resource = fc.record({
  resource: fc.option(object, { nil: undefined }),
  connectionDetails: fc.dictionary(
    name,
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    { maxKeys: 2, noNullPrototype: true },
  ),
  ready: fc.integer({ min: 0, max: 2 }),
});

const state = fc.record({
  composite: fc.option(resource, { nil: undefined }),
  resources: fc.dictionary(name, resource, { maxKeys: 4, noNullPrototype: true }),
});

const request = fc.record({
  meta: fc.option(fc.record({ tag: fc.string(), capabilities: fc.array(fc.integer({ min: 0, max: 5 })) }), {
    nil: undefined,
  }),
  observed: fc.option(state, { nil: undefined }),
  desired: fc.option(state, { nil: undefined }),
  input: fc.option(object, { nil: undefined }),
  context: fc.option(object, { nil: undefined }),
  requiredResources: fc.dictionary(name, fc.record({ items: fc.array(resource, { maxLength: 2 }) }), {
    maxKeys: 2,
    noNullPrototype: true,
  }),
});

const text = fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined });
const target = fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined });

const response = fc.record({
  meta: fc.option(
    fc.record({
      tag: fc.string(),
      ttl: fc.option(fc.record({ seconds: fc.integer({ min: 0 }), nanos: fc.integer({ min: 0 }) }), { nil: undefined }),
    }),
    { nil: undefined },
  ),
  desired: fc.option(state, { nil: undefined }),
  results: fc.array(
    fc.record({ severity: fc.integer({ min: 0, max: 3 }), message: fc.string(), reason: text, target }),
    {
      maxLength: 3,
    },
  ),
  context: fc.option(object, { nil: undefined }),
  requirements: fc.option(
    fc.record({
      resources: fc.dictionary(
        name,
        fc.record({ apiVersion: fc.string(), kind: fc.string(), matchName: text, namespace: text }),
        {
          maxKeys: 2,
          noNullPrototype: true,
        },
      ),
    }),
    { nil: undefined },
  ),
  conditions: fc.array(
    fc.record({
      type: fc.string(),
      status: fc.integer({ min: 0, max: 3 }),
      reason: fc.string(),
      message: text,
      target,
    }),
    { maxLength: 3 },
  ),
});

/** What the SDK's codec makes of bytes, without the fields that this function does not know. */
function throughSdk(data: Uint8Array): unknown {
  const known = Object.keys(RunFunctionRequest.empty());
  const entries = Object.entries(sdk.RunFunctionRequest.decode(data));
  return Object.fromEntries(entries.filter(([field]) => known.includes(field)));
}

describe('requests', () => {
  it('are read as the SDK writes them', () => {
    fc.assert(
      fc.property(request, (value) => {
        const bytes = sdk.RunFunctionRequest.encode(sdk.RunFunctionRequest.fromPartial(value)).finish();
        expect(RunFunctionRequest.decode(bytes)).toEqual(throughSdk(bytes));
      }),
    );
  });

  it('are written so that the SDK reads them', () => {
    fc.assert(
      fc.property(request, (value) => {
        expect(throughSdk(RunFunctionRequest.encode(value))).toEqual(
          RunFunctionRequest.decode(RunFunctionRequest.encode(value)),
        );
      }),
    );
  });

  it('are refused or read to the end, whatever the bytes', () => {
    fc.assert(
      fc.property(request, fc.nat(), fc.nat(), fc.integer({ min: 0, max: 255 }), (value, at, cut, byte) => {
        const bytes = Buffer.from(RunFunctionRequest.encode(value));
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        try {
          RunFunctionRequest.decode(bytes.subarray(0, bytes.length - (cut % (bytes.length + 1))));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('with fields that are not known pass', () => {
    const known = RunFunctionRequest.encode({ ...RunFunctionRequest.empty(), meta: { tag: 't', capabilities: [] } });
    const unknown = Buffer.from([0xfa, 0x01, 0x02, 0x68, 0x69]); // field 31, two bytes
    expect(RunFunctionRequest.decode(Buffer.concat([known, unknown])).meta?.tag).toBe('t');
  });

  it('take capabilities packed and one by one', () => {
    const packed = Buffer.from([0x0a, 0x04, 0x12, 0x02, 0x01, 0x02]);
    const single = Buffer.from([0x0a, 0x04, 0x10, 0x01, 0x10, 0x02]);
    expect(RunFunctionRequest.decode(packed).meta?.capabilities).toEqual([1, 2]);
    expect(RunFunctionRequest.decode(single).meta?.capabilities).toEqual([1, 2]);
  });

  it('carry a field named __proto__ like any other', () => {
    const input = JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, never>;
    const decoded = RunFunctionRequest.decode(RunFunctionRequest.encode({ ...RunFunctionRequest.empty(), input }));
    expect(JSON.stringify(decoded.input)).toBe('{"__proto__":{"polluted":true}}');
    expect(Object.getPrototypeOf(decoded.input)).toBe(Object.prototype);
  });

  it('nested 200 deep are read, which the SDK refuses at 32', () => {
    let input: Record<string, unknown> = { end: true };
    for (let level = 0; level < 200; level += 1) input = { nested: input };
    const bytes = RunFunctionRequest.encode({ ...RunFunctionRequest.empty(), input: input as Record<string, never> });
    expect(RunFunctionRequest.decode(bytes).input).toEqual(input);
    expect(() => sdk.RunFunctionRequest.decode(bytes)).toThrow('recursion limit');
  });

  it('of nothing but nesting are refused', () => {
    expect(() => RunFunctionRequest.decode(deepStruct(1200))).toThrow('nested too deep');
  });

  it('with text that is not UTF-8 are refused', () => {
    const tag = Buffer.from([0x0a, 0x03, 0x0a, 0x01, 0xff]);
    expect(() => RunFunctionRequest.decode(tag)).toThrow();
  });
});

/** The bytes of a request whose input is an object nested `levels` deep, made without recursion. */
function deepStruct(levels: number): Buffer {
  const varint = (value: number): number[] => (value > 127 ? [(value & 127) | 128, ...varint(value >>> 7)] : [value]);
  const field = (tag: number, inner: Buffer): Buffer =>
    Buffer.concat([Buffer.from([tag, ...varint(inner.length)]), inner]);
  let struct: Buffer = Buffer.alloc(0);
  for (let level = 0; level < levels; level += 1) {
    const key = Buffer.from([0x0a, 0x01, 0x61]);
    struct = field(0x0a, Buffer.concat([key, field(0x12, field(0x2a, struct))]));
  }
  return field(0x22, struct);
}

describe('responses', () => {
  it('are written so that the SDK reads them', () => {
    fc.assert(
      fc.property(response, (value) => {
        const read = sdk.RunFunctionResponse.decode(RunFunctionResponse.encode(value));
        expect(read).toEqual(
          sdk.RunFunctionResponse.decode(
            sdk.RunFunctionResponse.encode(sdk.RunFunctionResponse.fromPartial(value)).finish(),
          ),
        );
      }),
    );
  });

  it('are the same bytes in any order of their maps', () => {
    const one = { b: { x: 1, y: [{ q: 1, p: 2 }] }, a: 2 };
    const other = { a: 2, b: { y: [{ p: 2, q: 1 }], x: 1 } };
    const encode = (context: object): Buffer =>
      RunFunctionResponse.encode({ ...RunFunctionResponse.empty(), context: context as Record<string, never> });
    expect(encode(one)).toEqual(encode(other));
  });
});
