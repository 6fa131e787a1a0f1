/** Publishes the events of each aggregate one after the other, and each until it is accepted. */
import type { EventBus } from '@ebus/core';
import type { Task } from './reports.js';

type Tell = (kind: string, ...rest: readonly unknown[]) => void;

export function produce(
  bus: EventBus,
  { topic, aggregates, rate }: Extract<Task, { role: 'producer' }>,
  tell: Tell,
): () => Promise<void> {
  let isStopping = false;
  const ids = Object.keys(aggregates);
  const pauseMs = (1_000 * ids.length) / rate;
  const publishAll = async (aggregateId: string): Promise<void> => {
    await pause(Math.random() * pauseMs);
    for (let sequence = (aggregates[aggregateId] ?? 0) + 1; !isStopping; sequence++) {
      await publish(aggregateId, sequence);
      await pause(pauseMs * (0.5 + Math.random()));
    }
  };
  const publish = async (aggregateId: string, sequence: number): Promise<void> => {
    const eventId = `${aggregateId}-${sequence}`;
    const input = { eventId, aggregateId, eventType: 'Changed', eventVersion: 1, payload: { sequence } };
    for (;;) {
      tell('publishing', aggregateId, sequence);
      try {
        await bus.publishEnvelope(topic, input, { timeout: '15s' });
        return tell('accepted', aggregateId, sequence);
      } catch (error) {
        tell('rejected', `${aggregateId}-${sequence}: ${(error as Error).message}`);
        await pause(200);
      }
    }
  };
  const all = Promise.all(ids.map(publishAll));
  return async () => {
    isStopping = true;
    await all;
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
