/** The configuration as a JSON Schema, for editors. */
import { z } from 'zod';
import type { Registry } from '../registry/registry.js';
import { isRecord } from '../util/records.js';
import { aliasesAt } from './aliases.js';
import { configSchema } from './config-schema.js';
import type { Path } from './tree.js';

type JsonSchema = Record<string, unknown>;

const CONFIGURATION = { $ref: '#/$defs/configuration' };
/** A value may be a variable, or hold one. */
const VARIABLE = { type: 'string', pattern: '\\$\\{[^}]+\\}' };
/** Plug-ins of this project. Where one is not registered, its section may stand in the file all the same. */
const TRANSPORTS = ['memory', 'nats', 'kafka'];
const EXTENSIONS = ['healthHttp'];

/** As `configJsonSchema`, with the plug-ins of a registry. */
export function toJsonSchema(registry: Registry): JsonSchema {
  const { $schema, ...generated } = z.toJSONSchema(configSchema(registry), {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'undefined') jsonSchema.not = {};
    },
  });
  const configuration = forEditors(generated, []);
  configuration.properties = {
    ...(configuration.properties as JsonSchema),
    ...ownKeys(configuration, registry),
  };
  return {
    $schema,
    title: 'ebus configuration',
    if: { required: ['eventbus'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { eventbus: CONFIGURATION } },
    else: CONFIGURATION,
    $defs: { configuration },
  };
}

/** Keys that zod's schema does not have, or not in this form. */
function ownKeys({ properties }: JsonSchema, registry: Registry): JsonSchema {
  const given = properties as Record<string, JsonSchema>;
  const transports = registry.transports().map(({ name }) => name);
  const others = [...TRANSPORTS, ...EXTENSIONS].filter((name) => given[name] === undefined);
  const topic = given.topics?.additionalProperties as JsonSchema;
  const named = { ...topic, properties: { name: { type: 'string' }, ...(topic.properties as JsonSchema) } };
  const list = { type: 'array', items: { ...named, required: ['name'] } };
  const { description, ...byName } = given.topics ?? {};
  return {
    type: {
      description: 'The transport; its plug-in must be registered.',
      anyOf: [{ enum: [...new Set([...transports, ...TRANSPORTS])] }, VARIABLE],
    },
    topics: { description, anyOf: [byName, list] },
    environments: {
      description: 'Parts of the configuration, merged over the rest in one environment only.',
      type: 'object',
      additionalProperties: { anyOf: [CONFIGURATION, byName] },
    },
    ...Object.fromEntries(
      others.map((name) => [name, { description: 'A section of its plug-in.', type: 'object' }]),
    ),
  };
}

/** Other names added, variables allowed, nothing required. */
function forEditors(schema: JsonSchema, path: Path): JsonSchema {
  const { required: _, propertyNames: __, ...rest } = schema;
  if (isRecord(rest.default)) delete rest.default;
  if (Array.isArray(rest.items) || isRecord(rest.items)) {
    return { ...rest, items: forEditors(rest.items as JsonSchema, [...path, '*']) };
  }
  if (isRecord(rest.additionalProperties)) {
    return { ...rest, additionalProperties: forEditors(rest.additionalProperties, [...path, '*']) };
  }
  if (!isRecord(rest.properties)) return orVariable(rest);
  const properties: JsonSchema = {};
  for (const [key, value] of Object.entries(rest.properties)) {
    properties[key] = forEditors(value as JsonSchema, [...path, key]);
  }
  for (const [alias, name] of aliasesAt(path, properties)) {
    properties[alias] = { ...(properties[name] as JsonSchema), description: `Another name for '${name}'.` };
  }
  return { ...rest, properties };
}

/** A text that may be anything may be a variable as it is. */
function orVariable(schema: JsonSchema): JsonSchema {
  const { description, default: fallback, ...rest } = schema;
  const isPlain =
    Object.keys(rest).every((key) => key === 'type' || key === 'minLength') && rest.type === 'string';
  if (isPlain || Object.keys(rest).length === 0 || rest.not !== undefined) return schema;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [rest, VARIABLE],
  };
}
