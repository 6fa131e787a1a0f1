/** From typed topics to an AsyncAPI 3 document. */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { ConfigError, reasonOf } from '../../errors.js';
import { describeValue } from '../../util/describe-value.js';
import * as kinds from '../../util/option-kinds.js';
import { checkOptions, optionTable } from '../../util/options.js';
import type { EventDefinitions } from '../define-events.js';
import { ENVELOPE, HEADERS } from './envelope-schema.js';
import type { AsyncApiDocument, JsonSchema } from './types.js';

export type { AsyncApiDocument } from './types.js';

/** A topic and its events, as `topic` makes them. */
export interface TopicContract {
  readonly name: string;
  readonly events: EventDefinitions;
}

/** The service, and the topics that it uses. */
export interface AsyncApiOptions {
  /** The name and the version of the service's contract, as AsyncAPI's `info`. */
  info: { title: string; version: string; description?: string };
  /** Topics that the service publishes to. */
  publishes?: readonly TopicContract[];
  /** Topics that the service handles. */
  handles?: readonly TopicContract[];
  /**
   * The JSON Schema (draft 07) of the values that a schema accepts. Default: the schema's own (`~standard.jsonSchema`), which zod
   * from 4.2 and arktype have.
   */
  jsonSchema?: (schema: StandardSchemaV1) => Record<string, unknown>;
}

const TOPICS = kinds.kind('a list of topics, made by topic()', isTopicList, '[orders]');
const OPTIONS = optionTable<AsyncApiOptions>({
  info: kinds.required(
    kinds.nested(
      optionTable<AsyncApiOptions['info']>({
        title: kinds.required(kinds.filledText),
        version: kinds.required(kinds.filledText),
        description: kinds.text,
      }),
    ),
  ),
  publishes: TOPICS,
  handles: TOPICS,
  jsonSchema: kinds.func,
});

function isTopicList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((item) => typeof item?.name === 'string' && typeof item.events?.schemas === 'object')
  );
}

/**
 * An AsyncAPI 3.0 document: a channel for each topic, a message for each event, the payload's schema as it is on the wire. Plain
 * data; write it with `JSON.stringify`. The same topics give the same text.
 * @throws ConfigError for a schema that has no JSON Schema
 */
export function asyncApi(options: AsyncApiOptions): AsyncApiDocument {
  checkOptions('asyncApi', options, OPTIONS);
  const { info, publishes = [], handles = [], jsonSchema = ownJsonSchema } = options;
  const document: AsyncApiDocument = {
    asyncapi: '3.0.0',
    info: { ...info },
    defaultContentType: 'application/json',
    channels: {},
    operations: {},
    components: { messages: {}, schemas: {} },
  };
  const add = (topic: TopicContract, action: 'send' | 'receive') => {
    const channel = idOf(topic.name);
    addChannel(document, topic, channel, jsonSchema);
    document.operations[`${action}.${channel}`] = { action, channel: { $ref: `#/channels/${channel}` } };
  };
  for (const topic of publishes) add(topic, 'send');
  for (const topic of handles) add(topic, 'receive');
  return document;
}

function addChannel(
  { channels, components }: AsyncApiDocument,
  { name, events }: TopicContract,
  channel: string,
  jsonSchema: (schema: StandardSchemaV1) => JsonSchema,
): void {
  const known = channels[channel];
  if (known !== undefined && known.address !== name)
    throw new ConfigError(
      `asyncApi: the topics '${known.address}' and '${name}' would have the same channel id '${channel}'`,
    );
  const messages: Record<string, { $ref: string }> = {};
  for (const [eventType, schema] of Object.entries(events.schemas)) {
    const id = `${channel}.${idOf(eventType)}`;
    const payload = schemaOf(schema, jsonSchema, `event '${eventType}' of topic '${name}'`);
    Object.assign(components.schemas, hoisted(payload, id));
    components.messages[id] = {
      name: eventType,
      title: eventType,
      contentType: 'application/json',
      headers: HEADERS,
      payload: {
        ...ENVELOPE,
        properties: {
          ...ENVELOPE.properties,
          event_type: { const: eventType },
          payload: { $ref: `#/components/schemas/${id}` },
        },
      },
    };
    messages[idOf(eventType)] = { $ref: `#/components/messages/${id}` };
  }
  channels[channel] = { address: name, messages };
}

/** Ids in a document: letters, digits, `.`, `-` and `_`. */
const idOf = (text: string) => text.replaceAll(/[^\w.-]/g, '-');

/** The schema with its definitions beside it, and with references to where they now are. */
function hoisted(schema: JsonSchema, id: string): Record<string, JsonSchema> {
  const { $schema: _, $defs = {}, definitions = {}, ...rest } = schema as Record<string, JsonSchema>;
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        key === '$ref' ? movedRef(String(inner), id) : moved(inner),
      ]),
    );
  };
  const definitionsOf = Object.entries({ ...definitions, ...$defs });
  return Object.fromEntries([
    [id, moved(rest) as JsonSchema],
    ...definitionsOf.map(([name, inner]) => [`${id}.${idOf(name)}`, moved(inner) as JsonSchema]),
  ]);
}

function movedRef(ref: string, id: string): string {
  const [, name] = /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(ref) ?? [];
  if (name !== undefined) return `#/components/schemas/${id}.${idOf(decodeURIComponent(name))}`;
  return ref === '#' ? `#/components/schemas/${id}` : ref;
}

function schemaOf(
  schema: StandardSchemaV1,
  jsonSchema: (schema: StandardSchemaV1) => JsonSchema,
  where: string,
): JsonSchema {
  try {
    const made = jsonSchema(schema);
    if (typeof made === 'object' && made !== null) return made;
    throw new ConfigError(`jsonSchema returned ${describeValue(made)}`);
  } catch (error) {
    const text = `asyncApi: no JSON Schema for ${where}: ${reasonOf(error)}`;
    throw new ConfigError(text, { cause: error });
  }
}

function ownJsonSchema(schema: StandardSchemaV1): JsonSchema {
  const { jsonSchema, vendor } = schema['~standard'] as Partial<StandardJSONSchemaV1.Props> & {
    vendor: string;
  };
  if (jsonSchema === undefined) {
    throw new ConfigError(
      `schemas of ${vendor} here do not make one by themselves; give asyncApi the option jsonSchema`,
    );
  }
  return jsonSchema.input({ target: 'draft-07' });
}
