/** A topic with its events: what is published and what is handled is checked, by the compiler and at run time. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { withSchema } from '../consume/invoke.js';
import { ROUTE_OPTIONS, type RouteOptions, routed } from '../consume/route-by-event-type.js';
import { SUBSCRIBE_TYPED_OPTIONS } from '../consume/subscribe-options.js';
import type { EnvelopeHandler, SubscribeOptions, Subscription } from '../consume/types.js';
import type { EnvelopeInput } from '../envelope/envelope.js';
import { payloadError } from '../envelope/payload-schema.js';
import { ConfigError, EnvelopeError } from '../errors.js';
import type { HandlerContext, PublishReceipt } from '../pipeline/context.js';
import type { PublishEnvelopeOptions } from '../publish/types.js';
import { validateTopicName } from '../topic-name.js';
import { describeValue } from '../util/describe-value.js';
import { func, required } from '../util/option-kinds.js';
import { checkArgument, checkOptions } from '../util/options.js';
import { isPromise } from '../util/promise.js';
import { shown } from '../util/shown.js';
import type { EventDefinitions, EventInputOf, EventOf, EventSchemas } from './define-events.js';

/** The part of a bus that publishes. */
export interface EventPublisher {
  publishEnvelope(
    topic: string,
    envelope: EnvelopeInput,
    options?: PublishEnvelopeOptions,
  ): Promise<PublishReceipt>;
}

/** The part of a bus that subscribes. */
export interface EventSubscriber {
  subscribeEnvelope(
    topic: string,
    handler: EnvelopeHandler,
    options?: SubscribeOptions,
  ): Promise<Subscription>;
}

/** Handles the events of a topic; `event.eventType` tells them apart. */
export type TypedHandler<Schemas extends EventSchemas> = (
  event: EventOf<Schemas>,
  context: HandlerContext,
) => unknown;

/** Options of a typed subscription: those of any, and what becomes of events that are not defined. */
export interface TypedSubscribeOptions extends SubscribeOptions, RouteOptions {}

const HANDLER = required(func);

/** A topic's name and events. Made by `topic`; holds no connection, so that services share it as they share types. */
export class TypedTopic<Schemas extends EventSchemas = EventSchemas> {
  readonly name: string;
  readonly events: EventDefinitions<Schemas>;

  /** @internal */
  constructor(name: string, events: EventDefinitions<Schemas>) {
    this.name = name;
    this.events = events;
  }

  /**
   * Publishes an event once its schema has accepted the payload. The payload travels as it was given: a schema that changes
   * values changes them for the handler. Order as with `publishEnvelope`, unless a schema answers asynchronously.
   * @throws EnvelopeError for another event type or a refused payload, and what `publishEnvelope` throws, all by rejecting
   */
  async publish(
    bus: EventPublisher,
    event: EventInputOf<Schemas>,
    options?: PublishEnvelopeOptions,
  ): Promise<PublishReceipt> {
    const checked = this.#checked(event);
    return bus.publishEnvelope(this.name, isPromise(checked) ? await checked : checked, options);
  }

  /**
   * Checks an event as `publish` does, and returns it; sends nothing. For an outbox, or `publishEnvelopes`.
   * @throws EnvelopeError by rejecting
   */
  async check(event: EventInputOf<Schemas>): Promise<EventInputOf<Schemas>> {
    return this.#checked(event);
  }

  /**
   * Handles the events of the topic, as `subscribeEnvelope` does. A payload that its schema refuses fails for good. Events of
   * other types are ignored and logged once each, unless `otherwise` says more.
   * @throws what `subscribeEnvelope` throws
   */
  async subscribe(
    bus: EventSubscriber,
    handler: TypedHandler<Schemas>,
    options: TypedSubscribeOptions = {},
  ): Promise<Subscription> {
    checkOptions('subscribe', options, SUBSCRIBE_TYPED_OPTIONS);
    const { otherwise, ...rest } = options;
    return bus.subscribeEnvelope(
      this.name,
      this.handler(handler, otherwise === undefined ? {} : { otherwise }),
      rest,
    );
  }

  /** The same handler for `subscribeEnvelope`, an inbox, or anything else that takes one. */
  handler(handler: TypedHandler<Schemas>, options: RouteOptions = {}): EnvelopeHandler {
    checkArgument(`the handler of topic '${this.name}'`, handler, HANDLER);
    checkOptions('handler', options, ROUTE_OPTIONS);
    const handlers = Object.entries(this.events.schemas).map(([type, schema]): [string, EnvelopeHandler] => [
      type,
      withSchema(schema, handler as unknown as EnvelopeHandler),
    ]);
    return routed(new Map(handlers), options.otherwise, `no schema in the events of '${this.name}'`);
  }

  #checked(event: EventInputOf<Schemas>): EventInputOf<Schemas> | Promise<EventInputOf<Schemas>> {
    const { eventType, payload } = (event ?? {}) as Partial<EnvelopeInput>;
    const schemas: EventSchemas = this.events.schemas;
    const schema = Object.hasOwn(schemas, eventType ?? '') ? schemas[eventType as string] : undefined;
    if (schema === undefined) {
      const text = `topic '${this.name}' has no event '${shown(eventType)}'; it has ${Object.keys(schemas).join(', ')}`;
      throw new EnvelopeError(text, 'event_type');
    }
    const result = schema['~standard'].validate(payload);
    return isPromise(result)
      ? result.then((later) => accepted(event, later, this.name))
      : accepted(event, result, this.name);
  }
}

/**
 * A topic with its events: `const orders = topic('shop.orders', events)`, then `orders.publish(bus, event)` and
 * `orders.subscribe(bus, handler)`.
 * @throws TopicNameError, ConfigError
 */
export function topic<Schemas extends EventSchemas>(
  name: string,
  events: EventDefinitions<Schemas>,
): TypedTopic<Schemas> {
  validateTopicName(name);
  if (typeof events?.schemas === 'object') return new TypedTopic(name, events);
  throw new ConfigError(
    `topic('${name}', events): give what defineEvents returns, got ${describeValue(events)}`,
  );
}

function accepted<E>(event: E, result: StandardSchemaV1.Result<unknown>, name: string): E {
  const error = payloadError(result);
  if (error === undefined) return event;
  const { eventType } = event as EnvelopeInput;
  throw new EnvelopeError(`${error.message} (${shown(eventType)} for topic '${name}')`, error.path);
}
