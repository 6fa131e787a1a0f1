/** The envelopes that the suite publishes. */
import type { EnvelopeInput } from '@ebus/core';
import type { EventPayload } from './collector.js';

/** An envelope of that aggregate, labelled `aggregate#sequence`. */
export function event(aggregateId: string, sequence: number): EnvelopeInput<EventPayload> {
  return { aggregateId, eventType: 'OrderChanged', eventVersion: 1, payload: { sequence } };
}

/** `count` envelopes of each aggregate, one of each in turn. */
export function* interleaved(aggregates: number, count: number): Generator<EnvelopeInput<EventPayload>> {
  for (let sequence = 1; sequence <= count; sequence++) {
    for (let aggregate = 0; aggregate < aggregates; aggregate++) yield event(`order-${aggregate}`, sequence);
  }
}
