/** Publishing as an outbox does, through anything that happens to the broker. */
import assert from 'node:assert/strict';
import { EbusError, type EventBus } from '@ebus/core';
import type { StoredMessage } from '../abilities.js';
import { event } from './events.js';
import type { History } from './history.js';

/** A running load. */
export interface Load {
  /** Lets every aggregate finish what it is at. @throws where a publish failed for good */
  stop(): Promise<void>;
}

/**
 * Publishes events of several aggregates until it is stopped. Each is awaited, and tried again under its id until it is
 * accepted. Errors must be retryable.
 */
export function load(bus: EventBus, topic: string, history: History, aggregates = 5): Load {
  let going = true;
  const all = Promise.all(
    Array.from({ length: aggregates }, async (_, i) => {
      const id = `order-${i}`;
      for (let sequence = 1; going; sequence++) {
        const input = { ...event(id, sequence), eventId: `${topic}-${id}-${sequence}` };
        while (!(await isAccepted(bus, topic, input)));
        history.accept(id, sequence);
      }
    }),
  );
  all.catch(() => {});
  return {
    async stop() {
      going = false;
      await all;
    },
  };
}

async function isAccepted(bus: EventBus, topic: string, input: ReturnType<typeof event>): Promise<boolean> {
  try {
    await bus.publishEnvelope(topic, input, { timeout: '5s' });
    return true;
  } catch (error) {
    assert.ok(EbusError.isInstance(error) && error.retryable, `publishing failed for good: ${String(error)}`);
    return false;
  }
}

/** `aggregate#sequence` of envelopes as the broker holds them. */
export function storedLabels(stored: readonly StoredMessage[]): string[] {
  return stored.map(({ value }) => {
    const { aggregate_id: id, payload } = JSON.parse(value) as {
      aggregate_id: string;
      payload: { sequence: number };
    };
    return `${id}#${payload.sequence}`;
  });
}

/** The same as a history: what is stored counts as handled. */
export function readInto(history: History, stored: readonly StoredMessage[]): void {
  for (const label of storedLabels(stored)) {
    const [id = '', sequence] = label.split('#');
    history.handle(id, Number(sequence));
  }
}
