/** A topic is moved between JetStream and Core NATS under load: nothing accepted is lost, and order is kept. */
import { sharedService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { streamName } from './names.js';
import {
  Cleanup,
  event,
  eventually,
  gate,
  History,
  natsBus,
  plainClient,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe.each(['current', '2.9'])('on a %s server', async (version) => {
  const { addresses } = await sharedService('nats', { version });
  const aBus = async () => cleanup.add(await natsBus(addresses), (bus) => bus.close());

  /** Publishes to 20 aggregates until told to stop, about 100 events at a time under way. */
  function load(bus: Awaited<ReturnType<typeof aBus>>, topic: string, history: History) {
    let stopped = false;
    const one = async (id: string) => {
      for (let sequence = 1; !stopped; sequence += 5) {
        const burst = [0, 1, 2, 3, 4].map((more) => sequence + more);
        await Promise.all(
          burst.map((next) =>
            bus.publishEnvelope(topic, event(id, next)).then(() => history.accept(id, next)),
          ),
        );
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const done = Promise.all(Array.from({ length: 20 }, (_, i) => one(`order-${i}`)));
    return async () => {
      stopped = true;
      await done;
    };
  }

  it('from JetStream to Core NATS and back, with a slow handler: all of it is handled, in order', {
    timeout: 60_000,
  }, async () => {
    const topic = uniqueName('topic');
    // Nothing is to wait for the end of a lease, but on 2.9.
    const ackWait = version === 'current' ? '120s' : '3s';
    const bus = cleanup.add(await natsBus(addresses, { nats: { jetstream: { ackWait } } }), (one) =>
      one.close(),
    );
    const history = new History();
    const running = new Set<string>();
    const subscription = await bus.subscribeEnvelope<{ sequence: number }>(
      topic,
      async ({ aggregateId, payload }) => {
        expect(running.has(aggregateId)).toBe(false);
        running.add(aggregateId);
        if (payload.sequence % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        running.delete(aggregateId);
        history.handle(aggregateId, payload.sequence);
      },
    );
    const stop = load(bus, topic, history);
    for (const persistent of [false, true, false, true]) {
      const before = history.acceptedCount;
      await eventually(() => history.acceptedCount > before + 500, 'load goes on');
      await bus.topics.setPersistence(topic, persistent);
      expect(bus.topics.get(topic).persistence).toBe(persistent ? 'persistent' : 'ephemeral');
    }
    const before = history.acceptedCount;
    await eventually(() => history.acceptedCount > before + 500, 'load goes on');
    await stop();
    await eventually(() => history.isComplete, 'everything accepted is handled', 40_000);
    await bus.idle();
    history.check();
    expect(subscription.stats()).toMatchObject({
      inFlight: 0,
      failedAttempts: 0,
      received: expect.any(Number),
    });
    expect(subscription.stats().handled).toBeGreaterThanOrEqual(history.acceptedCount);
  });

  it('there, back and there again behind a handler that waits: nothing waits for a message that is beyond its line', async () => {
    const topic = uniqueName('topic');
    const bus = await aBus();
    const blocked = gate();
    const handled = new Set<number>();
    await bus.subscribeEnvelope<{ sequence: number }>(topic, async ({ payload }) => {
      await blocked.promise;
      handled.add(payload.sequence);
    });
    await bus.publishEnvelope(topic, event('order-1', 1));
    for (const [persistent, sequence] of [
      [false, 2],
      [true, 3],
      [false, 4],
    ] as const) {
      await bus.topics.setPersistence(topic, persistent);
      await bus.publishEnvelope(topic, event('order-1', sequence));
    }
    // Now the second consumer on JetStream begins, whose line is drawn already: 4 is stored as well, and not its business.
    blocked.resolve();
    await eventually(() => handled.size === 4, 'all ways end');
    expect([...handled]).toEqual([1, 2, 3, 4]);
    await bus.idle();
  });

  it('to Core NATS: a group that nothing else publishes to handles each event once, and then needs no stream', async () => {
    const topic = uniqueName('topic');
    const bus = await aBus();
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const history = new History();
    const blocked = gate();
    await bus.subscribeEnvelope<{ sequence: number }>(topic, async ({ aggregateId, payload }) => {
      await blocked.promise;
      history.handle(aggregateId, payload.sequence);
    });
    const publish = async (from: number, to: number) => {
      for (let sequence = from; sequence <= to; sequence++) {
        await bus.publishEnvelope(topic, event('order-1', sequence));
        history.accept('order-1', sequence);
      }
    };
    await publish(1, 300);
    // A backlog: the new way may not begin before it is handled.
    const outcome = await bus.topics.setPersistence(topic, false);
    expect(outcome).toMatchObject({ action: 'mismatched', mismatches: [{ field: 'persistence' }] });
    expect(outcome.mismatches[0]?.recommendation).toContain(streamName(topic));
    await publish(301, 400);
    expect(history.handledCount).toBe(0);
    blocked.resolve();
    await eventually(() => history.isComplete);
    history.check();
    await bus.idle();
    expect(history.duplicates).toBe(0);
    // With the stream gone, the server has nothing left of the topic.
    await plain.manager.streams.delete(streamName(topic));
    expect(await bus.topics.setPersistence(topic, false)).toMatchObject({ action: 'left', mismatches: [] });
    await publish(401, 410);
    await eventually(() => history.isComplete);
    expect(await bus.topics.describe(topic)).toBeUndefined();
    expect(await bus.topics.setPersistence(topic, true)).toMatchObject({ action: 'created' });
    await publish(411, 420);
    await eventually(() => history.isComplete);
    expect(await bus.topics.describe(topic)).toMatchObject({ persistence: 'persistent' });
  });

  it('there and back while the first subscription still has a backlog: the two share a consumer, and order holds', async () => {
    const topic = uniqueName('topic');
    const bus = await aBus();
    const history = new History();
    const blocked = gate();
    await bus.subscribeEnvelope<{ sequence: number }>(topic, async ({ aggregateId, payload }) => {
      await blocked.promise;
      history.handle(aggregateId, payload.sequence);
    });
    const publish = async (from: number, to: number) => {
      for (let sequence = from; sequence <= to; sequence++) {
        await bus.publishEnvelope(topic, event('order-1', sequence));
        history.accept('order-1', sequence);
      }
    };
    await publish(1, 50);
    await bus.topics.setPersistence(topic, false);
    await publish(51, 100);
    await bus.topics.setPersistence(topic, true);
    await publish(101, 400);
    expect(history.handledCount).toBe(0);
    blocked.resolve();
    await eventually(() => history.isComplete);
    await bus.idle();
    history.check();
  });

  it('leaves other buses where they are', async () => {
    const topic = uniqueName('topic');
    const [mover, other] = [await aBus(), await aBus()];
    const seen = { mover: new Set<number>(), other: new Set<number>() };
    for (const [name, bus] of Object.entries({ mover, other })) {
      await bus.subscribeEnvelope<{ sequence: number }>(topic, ({ payload }) => {
        seen[name as keyof typeof seen].add(payload.sequence);
      });
    }
    await mover.publishEnvelope(topic, event('order-1', 1));
    await mover.topics.setPersistence(topic, false);
    await other.publishEnvelope(topic, event('order-1', 2));
    await mover.publishEnvelope(topic, event('order-1', 3));
    // The stream takes what comes over Core NATS, too: the other bus, still on JetStream, has all of it.
    await eventually(() => seen.other.size === 3 && seen.mover.size === 3);
    expect(other.topics.get(topic)).toEqual({});
  });

  it('says what it cannot do, and leaves everything as it was', async () => {
    const topic = uniqueName('topic');
    const handled: number[] = [];
    const bus = cleanup.add(
      await natsBus(addresses, {
        service: 'declared',
        nats: { jetstream: { consumer: { topics: [topic] } } },
      }),
      (one) => one.close(),
    );
    await bus.subscribeEnvelope<{ sequence: number }>(
      topic,
      ({ payload }) => void handled.push(payload.sequence),
    );
    await expect(bus.topics.setPersistence(topic, false)).rejects.toThrow(
      /nats\.jetstream\.consumer\.topics/,
    );
    expect(bus.topics.get(topic).persistence).toBe(undefined);
    await bus.publishEnvelope(topic, event('order-1', 1));
    await eventually(() => handled.length === 1);
    await bus.idle();
  });
});
