/** The events of a topic: a schema for the payload of each type. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Envelope, EnvelopeInput } from '../envelope/envelope.js';
import { isStandardSchema } from '../envelope/payload-schema.js';
import { ConfigError } from '../errors.js';
import { describeValue } from '../util/describe-value.js';
import { shown } from '../util/shown.js';

/** A Standard Schema, as zod, valibot and arktype make them, for each event type. */
export interface EventSchemas {
  readonly [eventType: string]: StandardSchemaV1;
}

/** Made by `defineEvents`. */
export interface EventDefinitions<Schemas extends EventSchemas = EventSchemas> {
  readonly schemas: Schemas;
}

/** An event of one type, as its handler gets it. */
export interface TypedEvent<Type extends string, P> extends Envelope<P> {
  eventType: Type;
}

/** An event of one type, as it is given to `publish`. */
export interface TypedEventInput<Type extends string, P> extends EnvelopeInput<P> {
  eventType: Type;
}

/** Any of the events, told apart by `eventType`: the payload is the output of its schema. */
export type EventOf<Schemas extends EventSchemas> = {
  [Type in keyof Schemas & string]: TypedEvent<Type, StandardSchemaV1.InferOutput<Schemas[Type]>>;
}[keyof Schemas & string];

/** Any of the events as it is published: the payload is the input of its schema. */
export type EventInputOf<Schemas extends EventSchemas> = {
  [Type in keyof Schemas & string]: TypedEventInput<Type, StandardSchemaV1.InferInput<Schemas[Type]>>;
}[keyof Schemas & string];

/**
 * Defines the events of a topic: `defineEvents({ OrderPlaced: z.object({ total: z.number() }) })`. Give it to `topic`.
 * @throws ConfigError where there is none, and for a value that is no Standard Schema
 */
export function defineEvents<const Schemas extends EventSchemas>(
  schemas: Schemas,
): EventDefinitions<Schemas> {
  if (typeof schemas !== 'object' || schemas === null) {
    throw new ConfigError(
      `defineEvents: give schemas by event type, { OrderPlaced: schema }, got ${describeValue(schemas)}`,
    );
  }
  const entries = Object.entries(schemas);
  if (entries.length === 0) throw new ConfigError('defineEvents: give at least one event type');
  for (const [type, schema] of entries) {
    if (type.trim() === '') throw new ConfigError('defineEvents: an event type cannot be empty');
    if (isStandardSchema(schema)) continue;
    throw new ConfigError(
      `defineEvents: '${shown(type)}' needs a Standard Schema (as zod, valibot and arktype make them), got ${describeValue(schema)}`,
    );
  }
  return Object.freeze({ schemas: Object.freeze({ ...schemas }) });
}
