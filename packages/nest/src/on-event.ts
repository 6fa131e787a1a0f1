/** The decorators of handlers. */
import type { EventBus, SubscribeOptions } from '@ebus/core';
import { SetMetadata } from '@nestjs/common';

type EnvelopeOptions = NonNullable<Parameters<EventBus['subscribeEnvelope']>[2]>;

/** Options of `subscribeEnvelope`, and the event type that the method handles. */
export type OnEventOptions = EnvelopeOptions & {
  /** Handles events of this type. Methods for types of one topic and group are one subscription. Default: all types. */
  readonly eventType?: string;
};

/** Options of `subscribe`. */
export type OnMessageOptions = SubscribeOptions;

/** What a decorated method asks for. */
export interface HandlerMetadata {
  readonly topic: string;
  readonly kind: 'envelope' | 'message';
  readonly options: OnEventOptions;
}

/** The key of the metadata on a method. */
export const HANDLER = 'ebus:handler';

/**
 * The method handles envelopes of the topic, in order per aggregate: `(event, context) => …`. It is subscribed when the
 * application has started. What it throws is retried as `bus.subscribeEnvelope` does.
 */
export const OnEvent = (topic: string, options: OnEventOptions = {}): MethodDecorator =>
  SetMetadata(HANDLER, { topic, kind: 'envelope', options } satisfies HandlerMetadata);

/** The method handles messages of the topic, unordered: `(message, context) => …`. */
export const OnMessage = (topic: string, options: OnMessageOptions = {}): MethodDecorator =>
  SetMetadata(HANDLER, { topic, kind: 'message', options } satisfies HandlerMetadata);
