import * as z from 'zod';

/** A CEL rule as it stands in a schema: the API server evaluates it on every write. */
const CelRule = z.strictObject({
  rule: z.string(),
  message: z.string(),
  messageExpression: z.string().optional(),
  fieldPath: z.string().optional(),
});

/**
 * The part of a structural schema that we use, in the order in which it is written. It is strict: what zod may generate
 * one day and Kubernetes does not take (anyOf, $ref, patternProperties …) is noticed here and not in a cluster.
 *
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export const StructuralSchema = z.strictObject({
  description: z.string().optional(),
  type: z.enum(['object', 'array', 'string', 'integer', 'boolean']),
  /** What a text or an object stands for, where its type does not tell: for the reference, never in the XRD. */
  typeName: z.string().optional(),
  format: z.enum(['int32', 'int64']).optional(),
  enum: z.array(z.string()).optional(),
  default: z.json().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  maxItems: z.number().optional(),
  maxProperties: z.number().optional(),
  'x-kubernetes-preserve-unknown-fields': z.literal(true).optional(),
  'x-kubernetes-list-type': z.enum(['map', 'set']).optional(),
  'x-kubernetes-list-map-keys': z.array(z.string()).optional(),
  'x-kubernetes-validations': z.array(CelRule).optional(),
  required: z.array(z.string()).optional(),
  get properties() {
    return z.record(z.string(), StructuralSchema).optional();
  },
  get additionalProperties() {
    return StructuralSchema.optional();
  },
  get items() {
    return StructuralSchema.optional();
  },
});
export type StructuralSchema = z.output<typeof StructuralSchema>;
export type CelRule = z.output<typeof CelRule>;

/** The largest value of an int32. */
const INT32 = 2 ** 31 - 1;

/** Takes out of one generated object what a structural schema cannot hold, and adds the width of integers. */
function clean(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.additionalProperties === false || schema['x-kubernetes-preserve-unknown-fields'] === true) {
    delete schema.additionalProperties;
  }
  delete schema.propertyNames;
  if (schema.type === 'integer') schema.format = (schema.maximum ?? Infinity) <= INT32 ? 'int32' : 'int64';
}

/** A CEL string literal. */
function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** The fields on the way of a rule, each with its schema and whether it may be absent. */
function fieldsOnTheWay(schema: StructuralSchema, { message, fieldPath = '' }: CelRule) {
  const fields: { name: string; schema: StructuralSchema; present: boolean }[] = [];
  let owner = schema;
  let value = 'self';
  for (const step of fieldPath.split('.').slice(1)) {
    const field = owner.properties?.[step];
    if (field === undefined) throw new Error(`cannot find the field ${fieldPath} of the rule: ${message}`);
    value += `.${step}`;
    fields.push({
      name: value,
      schema: field,
      present: field.default !== undefined || owner.required?.includes(step) === true,
    });
    owner = field;
  }
  return fields;
}

/** CEL for a text or a truth value as the function quotes it, and a space. */
function quoted(value: string, type: 'string' | 'boolean'): string {
  return type === 'string' ? `'"' + ${value} + '" '` : `(${value} ? 'true ' : 'false ')`;
}

/**
 * The words of a rule with the value before them, quoted as the function quotes it; an object, a list, or a value that is
 * absent, is not. The API server cannot tell how long the result of format() is, so that nothing is added to it.
 */
function quoting(schema: StructuralSchema, rule: CelRule): string {
  const fields = fieldsOnTheWay(schema, rule);
  const { name = 'self', schema: target = schema } = fields.at(-1) ?? {};
  const words = literal(rule.message);
  const present = fields
    .filter((field) => !field.present)
    .map((field) => `has(${field.name})`)
    .join(' && ');
  switch (target.type) {
    case 'object':
    case 'array':
      return words;
    case 'integer': {
      const withValue = `${literal(`%d ${rule.message}`)}.format([${name}])`;
      return present === '' ? withValue : `${present} ? ${withValue} : ${words}`;
    }
    default: {
      const value = quoted(name, target.type);
      return `${present === '' ? value : `(${present} ? ${value} : '')`} + ${words}`;
    }
  }
}

/** The schema with the words of its rules, and with those of the schemas in it. */
function withWords(schema: StructuralSchema): StructuralSchema {
  const { properties, additionalProperties, items, 'x-kubernetes-validations': rules } = schema;
  return {
    ...schema,
    ...(rules && {
      'x-kubernetes-validations': rules.map((rule) => ({ ...rule, messageExpression: quoting(schema, rule) })),
    }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, withWords(field)])),
    }),
    ...(additionalProperties && { additionalProperties: withWords(additionalProperties) }),
    ...(items && { items: withWords(items) }),
  };
}

function convert(schema: z.ZodType, finish: (schema: z.core.JSONSchema.BaseSchema) => void): StructuralSchema {
  const generated = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    reused: 'inline',
    override: ({ jsonSchema }) => {
      clean(jsonSchema);
      finish(jsonSchema);
    },
  });
  delete generated.definitions; // what only the values of free-form objects refer to, and they are open
  return withWords(StructuralSchema.parse(generated));
}

/** What a zod schema accepts, as a structural schema for Kubernetes: for the XRD. */
export function toStructuralSchema(schema: z.ZodType): StructuralSchema {
  return convert(schema, (generated) => {
    delete generated.typeName;
  });
}

/** The same with the names of types (`quantity`, `core/v1 Affinity`): for the reference. */
export function toDocumentedSchema(schema: z.ZodType): StructuralSchema {
  return convert(schema, () => undefined);
}
