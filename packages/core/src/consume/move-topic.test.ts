import { beforeEach, describe, expect, it } from 'vitest';
import type { CommonConfig } from '../config/types.js';
import type { Persistence, SendReceipt, SendRecord } from '../driver/message.js';
import type { DriverSubscription, SubscriptionSink, SubscriptionSpec } from '../driver/subscription.js';
import { closed, scriptedBus, settle } from '../testing/scripted-bus.js';
import { ScriptedDriver, ScriptedSubscription } from '../testing/scripted-driver.js';
import { ModelAdmin } from '../topics/testing/model-admin.js';
import { deferred } from '../util/promise.js';

/** Draws its line when the test says so, and ends when the test says so. */
class RoutedSubscription extends ScriptedSubscription {
  drained = 0;
  drainError: Error | undefined;
  left: () => void = () => {};

  async drain(): Promise<void> {
    if (this.drainError !== undefined) throw this.drainError;
    this.drained++;
  }

  end(): void {
    this.sink.ended();
  }

  override async close(): Promise<void> {
    await super.close();
    this.left();
  }
}

class RoutedDriver extends ScriptedDriver {
  readonly routes: RoutedSubscription[] = [];
  /** Value and persistence at the time of each send. */
  readonly sent: [string, Persistence][] = [];
  /** What has left or closed, in order. */
  readonly ends: string[] = [];
  subscribing: Promise<void> | undefined;
  subscribeError: Error | undefined;

  override send(record: SendRecord): Promise<SendReceipt> {
    this.sent.push([new TextDecoder().decode(record.value), record.persistence]);
    return super.send(record);
  }

  override async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink): Promise<DriverSubscription> {
    await this.subscribing;
    if (this.subscribeError !== undefined) throw this.subscribeError;
    const subscription = new RoutedSubscription(spec, sink, undefined);
    subscription.left = () => this.ends.push(spec.persistence);
    this.routes.push(subscription);
    return subscription;
  }

  override async close(): Promise<void> {
    this.ends.push('driver');
    await super.close();
  }
}

let driver: RoutedDriver;
beforeEach(() => {
  driver = new RoutedDriver();
  driver.admin = new ModelAdmin(undefined, 'route');
});
const routedBus = (config: CommonConfig = {}) => scriptedBus(config, { driver });
const event = (aggregateId: string, eventVersion: number) => ({
  aggregateId,
  eventType: 'Counted',
  eventVersion,
  payload: {},
});
const sent = () => driver.sent;

describe('moving publishers', () => {
  it('finishes what is under way on the old route, then goes on with the new one, in order', async () => {
    const { bus } = await routedBus();
    void bus.publish('orders', '1', { key: 'a' });
    void bus.publish('others', 'x');
    const moved = bus.topics.setPersistence('orders', false);
    await settle();
    // Held: of the same key, of another one, of none; another topic is not concerned.
    const held = ['2', '3'].map((text) => bus.publish('orders', text, { key: 'a' }));
    held.push(bus.publish('orders', '4', { key: 'b' }), bus.publish('orders', '5'));
    void bus.publish('others', 'y');
    await settle();
    expect(sent()).toEqual([
      ['1', 'persistent'],
      ['x', 'persistent'],
      ['y', 'persistent'],
    ]);
    expect(bus.topics.get('orders')).toEqual({});
    driver.sends[0]?.ack();
    await moved;
    await settle();
    expect(sent().slice(3)).toEqual([
      ['2', 'ephemeral'],
      ['3', 'ephemeral'],
      ['4', 'ephemeral'],
      ['5', 'ephemeral'],
    ]);
    for (const send of driver.sends) send.ack();
    await Promise.all(held);
    expect(bus.topics.get('orders').persistence).toBe('ephemeral');
  });

  it('retries on the new route what the old one refused', async () => {
    const { bus, clock } = await routedBus();
    const publish = bus.publish('orders', '1', { key: 'a' });
    const moved = bus.topics.setPersistence('orders', false);
    await settle();
    driver.sends[0]?.fail(Object.assign(new Error('no'), { retryable: true }));
    await moved;
    await clock.advance(10_000 - 1);
    expect(sent()).toEqual([
      ['1', 'persistent'],
      ['1', 'ephemeral'],
    ]);
    driver.sends[1]?.ack();
    await publish;
  });

  it('stays where it is while the broker does not answer', async () => {
    const { bus, clock } = await routedBus({ publisher: { publishTimeout: 500 } });
    const lost = bus.publish('orders', '1', { key: 'a' });
    const moved = bus.topics.setPersistence('orders', false);
    const held = bus.publish('orders', '2', { key: 'b', timeout: '1m' });
    const outcomes = Promise.allSettled([lost, moved]);
    await clock.advance(500);
    const [, move] = await outcomes;
    expect(move).toMatchObject({ reason: { code: 'PUBLISH_TIMEOUT', retryable: true } });
    await settle();
    expect(sent().at(-1)).toEqual(['2', 'persistent']);
    driver.sends.at(-1)?.ack();
    await held;
    expect(bus.topics.get('orders')).toEqual({});
  });

  it('does not keep a bus from closing', async () => {
    const { bus, clock } = await routedBus();
    void bus.publish('orders', '1').catch(() => {});
    const moved = bus.topics.setPersistence('orders', false).catch((error: unknown) => error);
    await settle();
    const held = bus.publish('orders', '2').catch((error: unknown) => error);
    expect(await closed({ bus, clock }, { timeout: 0 })).toMatchObject({ unpublished: 2 });
    expect(await held).toMatchObject({ code: 'BUS_CLOSED' });
    expect(await moved).toMatchObject({ code: 'BUS_CLOSED' });
    expect(clock.pending).toBe(0);
    // What was held had its chance while the bus flushed.
    expect(driver.sends).toHaveLength(2);
  });
});

describe('moving subscriptions', () => {
  const handled: number[] = [];
  beforeEach(() => {
    handled.length = 0;
  });
  const message = (version: number) => ({ value: JSON.stringify(wire(version)), key: 'a' });

  it('handles all of the old route before the first of the new one', async () => {
    const { bus } = await routedBus();
    const gates = [deferred(), deferred()];
    const subscription = await bus.subscribeEnvelope('orders', async ({ eventVersion }) => {
      await gates[eventVersion - 1]?.promise;
      handled.push(eventVersion);
    });
    await settle();
    driver.routes[0]?.deliver(message(1), message(2));
    await settle();
    await bus.topics.setPersistence('orders', false);
    const [old, next] = driver.routes as [RoutedSubscription, RoutedSubscription];
    expect(old.drained).toBe(1);
    expect(next.spec).toMatchObject({ persistence: 'ephemeral', from: 'latest', group: 'ebus' });
    await settle();
    expect(next.asking).toBe(false);
    old.deliver(message(3));
    old.end();
    gates[0]?.resolve();
    await settle();
    expect([handled, next.asking]).toEqual([[1], false]);
    expect(subscription.stats()).toMatchObject({ inFlight: 2, received: 3, handled: 1 });
    gates[1]?.resolve();
    await settle();
    expect([handled, old.closed, next.asking]).toEqual([[1, 2, 3], true, true]);
    next.deliver(message(4));
    await settle();
    expect(handled).toEqual([1, 2, 3, 4]);
    expect(subscription.stats()).toMatchObject({ inFlight: 0, received: 4, handled: 4 });
    expect(bus.metrics()).toMatchObject({ messagesConsumed: 4 });
    expect(await subscription.close()).toMatchObject({ abandoned: 0 });
    expect(next.closed).toBe(true);
  });

  it('does not overtake what is halted or paused', async () => {
    const { bus } = await routedBus();
    const options = { maxRetries: 0, onExhausted: 'halt' } as const;
    let fails = true;
    const subscription = await bus.subscribeEnvelope(
      'orders',
      ({ eventVersion }) => {
        if (fails) throw new Error('no');
        handled.push(eventVersion);
      },
      options,
    );
    await settle();
    driver.routes[0]?.deliver(message(1));
    await bus.topics.setPersistence('orders', false);
    driver.routes[0]?.end();
    await settle();
    expect(subscription.stats().halted).toBe(1);
    expect(driver.routes[1]?.asking).toBe(false);
    subscription.pause();
    fails = false;
    subscription.retryHalted();
    await settle();
    expect(handled).toEqual([]);
    subscription.resume();
    await settle();
    expect([handled, driver.routes[1]?.asking]).toEqual([[1], true]);
  });

  it('keeps what was changed of a live subscription', async () => {
    const { bus } = await routedBus();
    let running = 0;
    const handler = () => {
      running++;
      return new Promise<void>(() => {});
    };
    const subscription = await bus.subscribe('orders', handler, { concurrency: 1 });
    subscription.update({ concurrency: 2, rateLimit: { perSecond: 1, burst: 3 } });
    await settle();
    await bus.topics.setPersistence('orders', false);
    driver.routes[0]?.end();
    await settle();
    driver.routes[1]?.deliver(message(1), message(2), message(3), message(4), message(5));
    await settle();
    expect(running).toBe(2);
    subscription.update({ concurrency: 5 });
    expect(running).toBe(3);
    subscription.update({ rateLimit: { perSecond: Number.POSITIVE_INFINITY } });
    expect(running).toBe(5);
  });

  it('keeps what was changed also where nothing moves, because persistence is a setting', async () => {
    driver.admin = new ModelAdmin();
    const { bus } = await routedBus({ keyedWorkerPool: { queueSize: 4 } });
    const handler = () => new Promise<void>(() => {});
    const subscription = await bus.subscribeEnvelope('orders', handler, { concurrency: 1 });
    subscription.update({ concurrency: 2 });
    await settle();
    await bus.topics.setPersistence('orders', false);
    // Room for four of each of two keys.
    const [route] = driver.routes as [RoutedSubscription];
    for (const aggregateId of ['a', 'b'])
      for (let version = 1; version <= 3; version++)
        route.deliver({
          value: JSON.stringify({ ...wire(version), aggregate_id: aggregateId }),
          key: aggregateId,
        });
    await settle();
    expect([route.demands.at(-1)?.messages, driver.routes.length]).toEqual([2, 1]);
  });

  it('decides failures as the new persistence wants it', async () => {
    const { bus } = await routedBus();
    const subscription = await bus.subscribe('orders', () => Promise.reject(new Error('no')), {
      maxRetries: 0,
    });
    await settle();
    await bus.topics.setPersistence('orders', false);
    driver.routes[0]?.end();
    await settle();
    driver.routes[1]?.deliver({ value: 'x' });
    await settle();
    expect(subscription.stats()).toMatchObject({ discarded: 1, deadLettered: 0 });
  });

  it('goes there and back while the first way still has something', async () => {
    const { bus } = await routedBus();
    const gate = deferred();
    await bus.subscribeEnvelope('orders', async ({ eventVersion }) => {
      if (eventVersion === 1) await gate.promise;
      handled.push(eventVersion);
    });
    await settle();
    driver.routes[0]?.deliver(message(1));
    await bus.topics.setPersistence('orders', false);
    await bus.topics.setPersistence('orders', true);
    const [first, second, third] = driver.routes as RoutedSubscription[];
    first?.end();
    await settle();
    expect([second?.asking, third?.asking]).toEqual([false, false]);
    gate.resolve();
    await settle();
    expect([second?.asking, third?.asking]).toEqual([true, false]);
    second?.deliver(message(2));
    await settle();
    second?.end();
    await settle();
    third?.deliver(message(3));
    await settle();
    expect(handled).toEqual([1, 2, 3]);
  });

  it('goes there and back while the first way still has something, and nothing came on the second', async () => {
    const { bus } = await routedBus();
    const subscription = await bus.subscribe('orders', (received) => void handled.push(received.json()));
    subscription.pause();
    await settle();
    await bus.topics.setPersistence('orders', false);
    await bus.topics.setPersistence('orders', true);
    const [first, second, third] = driver.routes as RoutedSubscription[];
    second?.end();
    await settle();
    expect([second?.closed, third?.demands]).toEqual([false, []]);
    subscription.resume();
    first?.deliver({ value: '1' });
    first?.end();
    await settle();
    expect([first?.closed, second?.closed, third?.asking]).toEqual([true, true, true]);
    third?.deliver({ value: '2' });
    await settle();
    expect(handled).toEqual([1, 2]);
  });

  it('changes nothing where the new route cannot be had, or the old one cannot end', async () => {
    const { bus } = await routedBus();
    const subscription = await bus.subscribe('orders', (received) => void handled.push(received.json()));
    await settle();
    driver.subscribeError = new Error('no more');
    await expect(bus.topics.setPersistence('orders', false)).rejects.toThrow(/no more/);
    driver.subscribeError = undefined;
    (driver.routes[0] as RoutedSubscription).drainError = new Error('no answer');
    await expect(bus.topics.setPersistence('orders', false)).rejects.toThrow(/no answer/);
    expect(driver.routes[1]?.closed).toBe(true);
    driver.routes[0]?.deliver({ value: '1' });
    const publish = bus.publish('orders', 'x');
    await settle();
    expect(sent()).toEqual([['x', 'persistent']]);
    driver.sends[0]?.ack();
    await publish;
    expect(handled).toEqual([1]);
    expect(bus.topics.get('orders')).toEqual({});
    await subscription.close();
  });

  it('waits for those that are being made, and has later ones wait', async () => {
    const { bus } = await routedBus();
    const making = deferred();
    driver.subscribing = making.promise;
    const first = bus.subscribe('orders', () => {}, { group: 'first' });
    await settle();
    const moved = bus.topics.setPersistence('orders', false);
    await settle();
    const second = bus.subscribe('orders', () => {}, { group: 'second' });
    await settle();
    making.resolve();
    await Promise.all([first, moved, second]);
    const specs = driver.routes.map(({ spec }) => `${spec.group} ${spec.persistence}`);
    expect(specs).toEqual(['first persistent', 'first ephemeral', 'second ephemeral']);
  });

  it('closes both ways of one that is closed in the midst', async () => {
    const { bus } = await routedBus();
    const events: string[] = [];
    bus.on('subscribed', () => void events.push('subscribed'));
    bus.on('unsubscribed', () => void events.push('unsubscribed'));
    const subscription = await bus.subscribe('orders', () => {});
    await settle();
    await bus.topics.setPersistence('orders', false);
    await subscription.close();
    expect(driver.routes.map(({ closed }) => closed)).toEqual([true, true]);
    await settle();
    expect(driver.routes[1]?.demands).toEqual([]);
    expect(events).toEqual(['subscribed', 'unsubscribed']);
    // A later move has nothing to do with it.
    await bus.topics.setPersistence('orders', true);
    expect(driver.routes).toHaveLength(2);
  });

  it('leaves the new route before the driver closes, where the bus closes in the midst', async () => {
    const { bus, clock } = await routedBus();
    await bus.subscribe('orders', () => {});
    const joined = deferred();
    driver.subscribing = joined.promise;
    const moved = bus.topics.setPersistence('orders', false).catch((error: unknown) => error);
    await settle();
    const closing = bus.close();
    await settle();
    expect(driver.ends).toEqual(['persistent']);
    joined.resolve();
    await closing;
    await moved;
    expect(driver.ends).toEqual(['persistent', 'ephemeral', 'driver']);
    expect(clock.pending).toBe(0);
  });

  it('follows a topic that is forgotten back to the default', async () => {
    const { bus } = await routedBus({ topics: { orders: { persistence: 'ephemeral' } } });
    await bus.subscribe('orders', () => {});
    expect(bus.topics.forget('orders')).toBe(true);
    await settle();
    expect(driver.routes.map(({ spec }) => spec.persistence)).toEqual(['ephemeral', 'persistent']);
  });
});

function wire(version: number) {
  const { aggregateId, eventType, payload } = event('a', version);
  return {
    event_id: `e-${version}`,
    aggregate_id: aggregateId,
    event_type: eventType,
    event_version: version,
    timestamp: '2024-01-01T00:00:00Z',
    payload,
  };
}
