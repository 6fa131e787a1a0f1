/** The server goes and comes back: nothing acknowledged is lost, order holds, subscriptions return by themselves. */
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cleanup, event, eventually, gate, History, natsBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe.each(['current', '2.9'])('a %s server', (version) => {
  let server: Service;
  beforeAll(async () => {
    server = await startService('nats', { own: true, version });
  });
  afterAll(() => server.close());

  it('that is killed and restarted in mid-stream loses nothing and keeps the order', {
    timeout: 60_000,
  }, async () => {
    const topic = uniqueName('topic');
    const service = uniqueName('service');
    const publisher = cleanup.add(await natsBus(server.addresses), (bus) => bus.close());
    const consumer = cleanup.add(await natsBus(server.addresses, { service }), (bus) => bus.close());
    const history = new History();
    const reconnected: number[] = [];
    consumer.on('reconnected', async () => {
      reconnected.push(1);
      await new Promise((resolve) => setImmediate(resolve));
      reconnected.push(2);
    });
    consumer.on('reconnected', () => void reconnected.push(3));
    await consumer.subscribeEnvelope<{ sequence: number }>(topic, async ({ aggregateId, payload }) => {
      await new Promise((resolve) => setImmediate(resolve));
      history.handle(aggregateId, payload.sequence);
    });

    let publishing = true;
    const all = Array.from({ length: 10 }, async (_, i) => {
      const id = `order-${i}`;
      for (let sequence = 1; publishing; sequence++) {
        // Each is awaited, and tried until it is accepted, as an outbox does; the event id stays the same.
        const input = { ...event(id, sequence), eventId: `${id}-${sequence}` };
        for (let accepted = false; !accepted; ) {
          accepted = await publisher.publishEnvelope(topic, input, { timeout: '5s' }).then(
            () => true,
            (error: { retryable: boolean }) => {
              expect(error.retryable).toBe(true);
              return false;
            },
          );
        }
        history.accept(id, sequence);
      }
    });
    for (let kills = 1; kills <= 3; kills++) {
      const before = history.handledCount;
      await eventually(() => history.handledCount > before + 100);
      await server.kill();
      await eventually(() => consumer.connection.state().status === 'reconnecting');
      await server.restart();
      await eventually(() => reconnected.length === 3 * kills, 'reconnected listeners');
    }
    const before = history.handledCount;
    await eventually(() => history.handledCount > before + 100);
    publishing = false;
    await Promise.all(all);
    await eventually(() => history.isComplete);
    history.check();
    expect(reconnected).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
    expect(consumer.connection.state()).toMatchObject({ status: 'connected', reconnects: 3 });
  });

  it('that stops hands messages over that were published while it was away from being handled', async () => {
    const topic = uniqueName('topic');
    const bus = cleanup.add(await natsBus(server.addresses), (one) => one.close());
    const history = new History();
    const stuck = gate();
    const subscription = await bus.subscribeEnvelope<{ sequence: number }>(
      topic,
      async ({ aggregateId, payload }) => {
        await stuck.promise;
        history.handle(aggregateId, payload.sequence);
      },
    );
    for (let sequence = 1; sequence <= 20; sequence++)
      await bus.publishEnvelope(topic, event('order-1', sequence));
    await eventually(() => subscription.stats().inFlight === 20);
    await server.stop();
    await eventually(() => bus.connection.state().status === 'reconnecting');
    // Waits for the connection, in order.
    const published = Promise.all(
      Array.from({ length: 5 }, (_, i) =>
        bus.publishEnvelope(topic, event('order-1', 21 + i), { timeout: '30s' }),
      ),
    );
    await server.restart();
    await published;
    stuck.resolve();
    await eventually(() => history.handledCount === 25);
    await bus.idle();
    history.check();
    // What was in hand over the restart was not handled again when its lease had run out meanwhile.
    expect(history.duplicates).toBe(0);
  });

  it('that froze is given up on when connection.reconnect() is called, and everything goes on', async () => {
    const topic = uniqueName('topic');
    const bus = cleanup.add(await natsBus(server.addresses), (one) => one.close());
    const handled: number[] = [];
    let reconnects = 0;
    bus.on('reconnected', () => void reconnects++);
    await bus.subscribeEnvelope<{ sequence: number }>(
      topic,
      ({ payload }) => void handled.push(payload.sequence),
    );
    await bus.publishEnvelope(topic, event('order-1', 1));
    await server.pause();
    const unacknowledged = bus.publishEnvelope(topic, event('order-1', 2), { retries: 0, timeout: '20s' });
    const outcome = expect(unacknowledged).rejects.toMatchObject({ retryable: true });
    const reconnecting = bus.connection.reconnect();
    await outcome;
    await server.resume();
    await reconnecting;
    await bus.publishEnvelope(topic, event('order-1', 3));
    await eventually(() => handled.includes(3));
    await eventually(() => reconnects === 1);
    expect(bus.connection.state().status).toBe('connected');
  });
});
