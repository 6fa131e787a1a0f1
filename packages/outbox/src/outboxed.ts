/** Publishing through an outbox: the same call as on the bus, with the transaction before it. */
import type { EnvelopeInput, EventBus, PublishReceipt } from '@ebus/core';
import { checkOptions, type HeadersInput, kinds, optionTable, toHeaderList } from '@ebus/core/driver';
import type { OutboxEvent } from './event/outbox-event.js';
import type { OutboxStore } from './store.js';
import { activeTrace } from './trace-context.js';

/** Options of one call of `publishEnvelope` or `publishEnvelopes`. They apply to every event of the call. */
export interface OutboxPublishOptions {
  /** Published with the event. */
  headers?: HeadersInput;
  /** For people who read the table. At most 100 characters. Default: empty. */
  aggregateType?: string;
}

/** An event that was saved. It has no position at the broker yet. */
export interface OutboxReceipt extends PublishReceipt {
  readonly eventId: string;
}

/** The bus as writers of an outbox use it. */
export type CheckingBus = Pick<EventBus, 'checkEnvelope'>;

/** Made by `outboxed`. */
export interface Outboxed<Tx> {
  /**
   * Saves a domain event within the transaction. A relay publishes it after the commit; a rollback leaves nothing. Checks
   * the topic and the envelope as `bus.publishEnvelope` does, and keeps the trace context of the caller.
   *
   * Events of one aggregate are published in the order of the commits, and of the calls within a transaction.
   * @throws TopicNameError, EnvelopeError, ConfigError, and what the store's `save` throws, all by rejecting
   */
  publishEnvelope(
    tx: Tx,
    topic: string,
    envelope: EnvelopeInput,
    options?: OutboxPublishOptions,
  ): Promise<OutboxReceipt>;
  /** The same for several events, in one write. All or none. */
  publishEnvelopes(
    tx: Tx,
    topic: string,
    envelopes: Iterable<EnvelopeInput>,
    options?: OutboxPublishOptions,
  ): Promise<OutboxReceipt[]>;
}

const OPTIONS = optionTable<OutboxPublishOptions>(
  {
    headers: kinds.kind('headers', (value) => typeof value === 'object' && value !== null),
    aggregateType: kinds.kind(
      'text of at most 100 characters',
      (value) => typeof value === 'string' && value.length <= 100,
    ),
  },
  {
    timeout: 'the event is saved now and published later; the relay has no deadline for it',
    retries: 'set maxRetries of the relay',
    signal: 'end the transaction instead',
  },
);

/** The `publishEnvelope` of a bus, through an outbox. The bus checks; it need not be connected. */
export function outboxed<Tx>(bus: CheckingBus, store: OutboxStore<Tx>): Outboxed<Tx> {
  const save = async (tx: Tx, topic: string, inputs: EnvelopeInput[], options: OutboxPublishOptions) => {
    checkOptions('publishEnvelope', options, OPTIONS);
    const own = toHeaderList(options.headers);
    const checked = inputs.map((input) => bus.checkEnvelope(topic, input, { headers: own }));
    const trace = await activeTrace();
    const events = checked.map((envelope): OutboxEvent => {
      if (envelope.traceId === undefined && trace.traceId !== undefined) envelope.traceId = trace.traceId;
      const { aggregateType = '' } = options;
      return { topic, envelope, aggregateType, headers: [...own, ...trace.headers] };
    });
    await store.save(tx, ...events);
    return events.map(({ envelope }): OutboxReceipt => ({ topic, eventId: envelope.eventId }));
  };
  return {
    publishEnvelope: async (tx, topic, envelope, options = {}) => {
      const [receipt] = await save(tx, topic, [envelope], options);
      return receipt as OutboxReceipt;
    },
    publishEnvelopes: (tx, topic, envelopes, options = {}) => save(tx, topic, [...envelopes], options),
  };
}
