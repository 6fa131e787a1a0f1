/** Handles events slowly, fails now and then, and tells each step. */
import { type EventBus, PermanentError } from '@ebus/core';
import { randomOf } from '../../../packages/conformance/src/simulation/time/random.js';
import type { Task } from './reports.js';

type Tell = (kind: string, ...rest: readonly unknown[]) => void;

export async function consume(
  bus: EventBus,
  { topic, options, seed, slowestMs, failing, poison }: Extract<Task, { role: 'consumer' }>,
  tell: Tell,
): Promise<() => Promise<void>> {
  const random = randomOf(seed, 'handlers');
  for (const name of ['reconnecting', 'reconnected', 'assigned', 'revoked', 'halted', 'overrunning'] as const)
    bus.on(name, (event: unknown) => tell('event', `${name} ${JSON.stringify(event) ?? ''}`.slice(0, 300)));
  bus.on('deadLettered', ({ message }) => {
    const { aggregate_id: id, payload } = JSON.parse(Buffer.from(message.data).toString());
    tell('dead', id, payload.sequence);
  });
  await bus.subscribeEnvelope<{ sequence: number }>(
    topic,
    async ({ aggregateId, payload: { sequence } }) => {
      tell('begun', aggregateId, sequence);
      const ms = Math.floor(random.next() * (slowestMs + 1));
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      if (randomOf(1, 'poison', aggregateId, sequence).chance(poison)) {
        tell('failed', aggregateId, sequence);
        throw new PermanentError('poison');
      }
      if (random.chance(failing)) {
        tell('failed', aggregateId, sequence);
        throw new Error('not now');
      }
      tell('handled', aggregateId, sequence);
    },
    options,
  );
  return async () => {};
}
