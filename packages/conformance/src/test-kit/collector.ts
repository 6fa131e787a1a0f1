/** A handler that keeps what it was given. */
import type { Envelope, HandlerContext, Message } from '@ebus/core';

/** Keeps items and contexts in the order in which handlers began. */
export class Collector<T> {
  readonly items: T[] = [];
  readonly contexts: HandlerContext[] = [];

  get size(): number {
    return this.items.length;
  }

  readonly handle = (item: T, context: HandlerContext): void => {
    this.items.push(item);
    this.contexts.push(context);
  };
}

/** A collector for `subscribe`. */
export const collectMessages = () => new Collector<Message>();
/** A collector for `subscribeEnvelope`. */
export const collectEnvelopes = () => new Collector<Envelope<EventPayload>>();

/** The payload of the suite's envelopes. */
export interface EventPayload {
  readonly sequence: number;
}

/** Values of the collected messages as text, in the order of handling. */
export const texts = (collector: Collector<Message>): string[] => collector.items.map((m) => m.text());

/** `aggregate#sequence` of everything collected, in the order of handling. */
export const labels = (collector: Collector<Envelope<EventPayload>>): string[] =>
  collector.items.map(labelOf);

/** `aggregate#sequence` of one envelope. */
export const labelOf = ({ aggregateId, payload }: Envelope<EventPayload>): string =>
  `${aggregateId}#${payload.sequence}`;
