import { describe, expect, it } from 'vitest';
import { type EnvelopeCodec, jsonCodec } from '../envelope/codec.js';
import { createEnvelope } from '../envelope/envelope.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { deferred } from '../util/promise.js';

const message = (offset: number, partition = 0) => ({
  token: `${partition}:${offset}`,
  value: String(offset),
  position: { partition, offset },
});

describe('what is pushed', () => {
  it('from within a handler, or from within a request, does not overtake the rest of its batch', async () => {
    const { bus, driver } = await scriptedBus();
    const handled: string[] = [];
    let more = 3;
    await bus.subscribe('orders', (received) => {
      handled.push(received.text());
      if (received.text() === '1') below.deliver(message(more++));
    });
    const below = driver.subscriptions[0]!;
    const { request } = below;
    let pushed = false;
    below.request = (credit) => {
      request.call(below, credit);
      if (pushed) return;
      pushed = true;
      below.deliver(message(9));
    };
    below.deliver(message(1), message(2));
    await settle();
    expect(handled.slice(0, 3)).toEqual(['1', '2', '3']);
    expect(below.settled).toHaveLength(handled.length);
  });

  it('beyond the credit is taken all the same, and counted', async () => {
    const { bus, driver } = await scriptedBus({ subscriber: { maxConcurrency: 1 } });
    const gate = deferred();
    const subscription = await bus.subscribe('orders', () => gate.promise);
    const below = driver.subscriptions[0]!;
    below.deliver(...Array.from({ length: 300 }, (_, offset) => message(offset)));
    expect([subscription.stats().inFlight, below.asking]).toEqual([300, false]);
    gate.resolve();
    await bus.idle();
    expect([subscription.stats().handled, below.asking]).toEqual([300, true]);
  });

  it('counts for the queue of its key while it waits for a turn of the event loop', async () => {
    let decoding = () => {};
    const codec: EnvelopeCodec = {
      ...jsonCodec,
      decode: (data) => {
        decoding();
        return jsonCodec.decode(data);
      },
    };
    const queueSize = 20;
    const { bus, driver, clock } = await scriptedBus(
      { keyedWorkerPool: { queueSize, workerCount: 2 } },
      { codec },
    );
    decoding = () => clock.block(1);
    const gate = deferred();
    const subscription = await bus.subscribeEnvelope('orders', () => gate.promise);
    const below = driver.subscriptions[0]!;
    const event = { aggregateId: 'a', eventType: 'T', eventVersion: 1, payload: {} };
    const value = jsonCodec.encode(createEnvelope(event));
    below.deliver(...Array.from({ length: queueSize }, (_, offset) => ({ ...message(offset), value })));
    // One runs, and so many may wait.
    expect(below.room).toBeLessThanOrEqual(1);
    gate.resolve();
    await bus.idle();
    expect([subscription.stats().handled, below.asking]).toEqual([queueSize, true]);
  });

  it('of a partition that is another member’s by now is not taken', async () => {
    const { bus, driver } = await scriptedBus();
    const handled: string[] = [];
    await bus.subscribe('orders', (received) => void handled.push(received.text()));
    const { sink } = driver.subscriptions[0]!;
    sink.assigned([0, 1]);
    await sink.revoked([0], { signal: new AbortController().signal });
    driver.subscriptions[0]!.deliver(message(1, 0), message(2, 1));
    expect(handled).toEqual(['2']);
    expect(driver.subscriptions[0]!.settled).toEqual([{ token: '1:2', outcome: 'handled' }]);
  });

  it('is begun in turns of the event loop, and what is revoked meanwhile is not begun', async () => {
    const { bus, driver, clock } = await scriptedBus();
    const handled: string[] = [];
    await bus.subscribe('orders', (received) => {
      clock.block(1);
      handled.push(received.text());
    });
    const below = driver.subscriptions[0]!;
    below.sink.assigned([0]);
    below.deliver(...Array.from({ length: 100 }, (_, offset) => message(offset)));
    const begun = handled.length;
    expect(begun).toBeLessThan(100);
    await below.sink.revoked([0], { signal: new AbortController().signal });
    await settle();
    expect(handled).toHaveLength(begun);
    expect(below.settled).toHaveLength(begun);
  });

  it('after the end is ignored, and so not settled', async () => {
    const { bus, driver } = await scriptedBus();
    const handled: string[] = [];
    const subscription = await bus.subscribe('orders', (received) => void handled.push(received.text()));
    await subscription.close();
    driver.subscriptions[0]!.deliver(message(1));
    await settle();
    expect([handled, driver.subscriptions[0]!.settled]).toEqual([[], []]);
  });
});

describe('a lost delivery', () => {
  it('has its signal aborted, and is settled by nobody here', async () => {
    const { bus, driver, logged } = await scriptedBus();
    const gate = deferred();
    const signals: AbortSignal[] = [];
    const subscription = await bus.subscribe(
      'orders',
      (_received, { signal }) => {
        signals.push(signal);
        return gate.promise;
      },
      { concurrency: 1 },
    );
    const below = driver.subscriptions[0]!;
    below.deliver(message(1), message(2), message(3));
    below.sink.lost(['0:1', '0:2']);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(subscription.stats().inFlight).toBe(1);
    expect(logged.map(({ level }) => level)).toEqual(['warn']);
    gate.resolve();
    await settle();
    expect(below.settled).toEqual([{ token: '0:3', outcome: 'handled' }]);
  });
});

describe('a lease that ran out', () => {
  it('has what was not begun let go of, and what runs settled where it ends', async () => {
    const driver = new ScriptedDriver();
    driver.leaseMs = 3_000;
    const { bus, clock } = await scriptedBus({}, { driver });
    const gates = [deferred(), deferred()];
    const handled: string[] = [];
    const subscription = await bus.subscribe(
      'orders',
      async (received) => {
        handled.push(received.text());
        await gates[handled.length - 1]?.promise;
      },
      { concurrency: 1 },
    );
    const below = driver.subscriptions[0]!;
    below.deliver(message(1), message(2));
    await settle();
    clock.block(3_001);
    // As of a broker that has not noticed: it comes again.
    gates[0]?.resolve();
    await settle();
    expect(handled).toEqual(['1']);
    expect(subscription.stats().inFlight).toBe(0);
    expect(below.leftAlone).toEqual(['0:2']);
    expect(below.settled).toEqual([{ token: '0:1', outcome: 'handled' }]);
    await clock.advance(100);
    below.deliver({ ...message(2), token: 'again', redelivered: true });
    gates[1]?.resolve();
    await settle();
    expect(handled).toEqual(['1', '2']);
    expect(below.settled).toEqual([
      { token: '0:1', outcome: 'handled' },
      { token: 'again', outcome: 'handled' },
    ]);
  });

  it('does not, where it is renewed in time', async () => {
    const driver = new ScriptedDriver();
    driver.leaseMs = 3_000;
    const { bus, clock } = await scriptedBus({}, { driver });
    const gate = deferred();
    const subscription = await bus.subscribe('orders', () => gate.promise, { concurrency: 1 });
    driver.subscriptions[0]!.deliver(message(1), message(2));
    await clock.advance(20_000);
    gate.resolve();
    await settle();
    expect(subscription.stats()).toMatchObject({ handled: 2, inFlight: 0 });
  });
});

describe('a redelivery', () => {
  it('of what is here, or was settled here, is handled once, and settled by its newest token', async () => {
    const driver = new ScriptedDriver();
    driver.leaseMs = 3_000;
    const { bus } = await scriptedBus({}, { driver });
    const gate = deferred();
    const handled: string[] = [];
    await bus.subscribe('orders', async (received) => {
      handled.push(received.text());
      await gate.promise;
    });
    const below = driver.subscriptions[0]!;
    below.deliver(message(1));
    below.deliver({ ...message(1), token: 'second' });
    gate.resolve();
    await settle();
    below.deliver({ ...message(1), token: 'third' });
    await settle();
    expect(handled).toEqual(['1']);
    expect(below.settled.map(({ token }) => token)).toEqual(['second', 'third']);
    // The log was made anew: the same position is another message.
    below.deliver({ ...message(1), position: { offset: 1, incarnation: 'b' }, token: 'other' });
    await settle();
    expect(handled).toEqual(['1', '1']);
  });
});
