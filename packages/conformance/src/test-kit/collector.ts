/** A handler that keeps what it was given. */
import type { Envelope, HandlerContext, Message } from '@ebus/core';

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

export const collectMessages = () => new Collector<Message>();
export const collectEnvelopes = () => new Collector<Envelope<EventPayload>>();

/** What the suite's envelopes carry. */
export interface EventPayload {
  readonly sequence: number;
}

export const texts = (collector: Collector<Message>): string[] => collector.items.map((m) => m.text());

/** `aggregate#sequence` of everything collected, in the order of handling. */
export const labels = (collector: Collector<Envelope<EventPayload>>): string[] =>
  collector.items.map(labelOf);

export const labelOf = ({ aggregateId, payload }: Envelope<EventPayload>): string =>
  `${aggregateId}#${payload.sequence}`;
