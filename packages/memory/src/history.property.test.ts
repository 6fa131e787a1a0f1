/** The promises of the whole bus, held against the history of random lives of a service. */
import { createEventBus, type EventBus, PermanentError } from '@ebus/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memory, resetMemoryBroker } from './index.js';

const TOPIC = 'history';

/** What a handler does with an event, drawn by the event's number. */
type Behaviour = 'at once' | 'later' | 'fails once' | 'poisonous' | 'hangs until aborted';

/** One life of the service: how many instances, how many events, how it ends. */
const life = fc.record({
  instances: fc.integer({ min: 1, max: 3 }),
  events: fc.integer({ min: 0, max: 40 }),
  concurrency: fc.integer({ min: 1, max: 8 }),
  /** Handlers get so many turns of the event loop before the service is closed; `undefined`: until all is quiet. */
  turns: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
});

const behaviours = fc.array(
  fc.constantFrom<Behaviour>(
    'at once',
    'at once',
    'later',
    'later',
    'fails once',
    'poisonous',
    'hangs until aborted',
  ),
  { minLength: 5, maxLength: 15 },
);

it('accepted events are handled or dead-lettered, in order per aggregate, never two at once, over restarts', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), behaviours, async (lives, drawn) => {
      const broker = `history-${run++}`;
      const accepted = new Map<string, number>();
      const finished = new Map<string, number[]>();
      const failedOnce = new Set<string>();
      const running = new Set<string>();
      const overlaps: string[] = [];
      let calm = false;

      const open = async (concurrency: number): Promise<EventBus> => {
        const config = { type: 'memory' as const, serviceName: 'history', memory: { broker } };
        const bus = await createEventBus(config, { plugins: [memory] });
        const retryBackoff = { base: 1, max: 1, jitter: false };
        await bus.subscribeEnvelope<number>(
          TOPIC,
          async ({ aggregateId, eventVersion, payload }, { signal }) => {
            if (running.has(aggregateId)) overlaps.push(`${aggregateId}#${eventVersion}`);
            running.add(aggregateId);
            try {
              const behaviour = calm ? 'at once' : drawn[payload % drawn.length];
              const id = `${aggregateId}#${eventVersion}`;
              if (behaviour === 'later') await new Promise((resolve) => setImmediate(resolve));
              if (behaviour === 'poisonous') throw new PermanentError('poisonous');
              if (behaviour === 'fails once' && !failedOnce.has(id)) {
                failedOnce.add(id);
                throw new Error('not yet');
              }
              if (behaviour === 'hangs until aborted') {
                await new Promise((_, reject) =>
                  signal.addEventListener('abort', () => reject(signal.reason)),
                );
              }
              finished.set(aggregateId, [...(finished.get(aggregateId) ?? []), eventVersion]);
            } finally {
              running.delete(aggregateId);
            }
          },
          { concurrency, retryBackoff, processingTimeout: 5_000 },
        );
        return bus;
      };

      let published = 0;
      for (const { instances, events, concurrency, turns } of lives) {
        const buses = await Promise.all(Array.from({ length: instances }, () => open(concurrency)));
        for (let i = 0; i < events; i++) {
          const aggregateId = `a${(published * 7) % 5}`;
          const eventVersion = (accepted.get(aggregateId) ?? 0) + 1;
          const event = { aggregateId, eventType: 'Happened', eventVersion, payload: published++ };
          await buses[i % instances]?.publishEnvelope(TOPIC, event);
          accepted.set(aggregateId, eventVersion);
        }
        for (let turn = 0; turn < (turns ?? 50); turn++)
          await new Promise((resolve) => setImmediate(resolve));
        await Promise.all(buses.map((bus) => bus.close({ timeout: turns === undefined ? 50 : 0 })));
      }

      calm = true;
      const last = await open(256);
      await last.idle();
      const poisoned = new Set<string>();
      for (const { message } of await last.deadLetters.list(TOPIC, { limit: 10_000 })) {
        const { aggregate_id, event_version } = message.json<{
          aggregate_id: string;
          event_version: number;
        }>();
        poisoned.add(`${aggregate_id}#${event_version}`);
      }
      await last.close();
      resetMemoryBroker(broker);

      expect(overlaps).toEqual([]);
      for (const [aggregateId, count] of accepted) {
        const firsts = [...new Set(finished.get(aggregateId))];
        expect(firsts, `order of ${aggregateId}`).toEqual([...firsts].sort((a, b) => a - b));
        for (let version = 1; version <= count; version++) {
          const id = `${aggregateId}#${version}`;
          expect(firsts.includes(version) || poisoned.has(id), `${id} is lost`).toBe(true);
        }
      }
    }),
    { numRuns: 40 },
  );
}, 120_000);
