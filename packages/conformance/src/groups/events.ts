/** `bus.on` and `bus.idle`. */
import assert from 'node:assert/strict';
import type { BusEvents } from '@ebus/core';
import { PublishError } from '@ebus/core';
import type { Group } from '../suite.js';
import { collectMessages } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';
import { to, Wire } from '../test-kit/wire.js';

/** Each event of `bus.on` comes as often as documented, and listeners that fail disturb no one else. */
export const events: Group = ({ test }) => {
  test('published and publishFailed name the topic', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const log: unknown[] = [];
    bus.on('published', ({ topic }) => void log.push(['published', topic]));
    bus.on('publishFailed', ({ topic, error }) => void log.push(['publishFailed', topic, error]));
    await bus.publish(t.topic, 'hello');
    await bus.publishEnvelope(t.topic, event('order-1', 1));
    const refusal = new PublishError('refused for the test');
    wire.fail(to(t.topic), refusal);
    await assert.rejects(bus.publish(t.topic, 'hello'));
    await t.eventually(() => log.length === 3);
    assert.deepEqual(log, [
      ['published', t.topic],
      ['published', t.topic],
      ['publishFailed', t.topic, refusal],
    ]);
  });

  test('subscribed and unsubscribed name topic and group', async (t) => {
    const bus = await t.bus();
    const log: unknown[] = [];
    bus.on('subscribed', ({ topic, group }) => void log.push(['subscribed', topic, group]));
    bus.on('unsubscribed', ({ topic, group }) => void log.push(['unsubscribed', topic, group]));
    const group = `${t.service}-billing`;
    const subscription = await bus.subscribe(t.topic, () => {}, { group });
    await subscription.close();
    await t.eventually(() => log.length === 2);
    assert.deepEqual(log, [
      ['subscribed', t.topic, group],
      ['unsubscribed', t.topic, group],
    ]);
  });

  test('handlerError comes for every failed attempt and says what happens now, deadLettered comes once', async (t) => {
    const bus = await t.bus();
    const log: unknown[] = [];
    bus.on('handlerError', ({ topic, error, attempt, action }) => {
      log.push([topic, (error as Error).message, attempt, action]);
    });
    bus.on('deadLettered', ({ topic, deadLetterTopic, attempts }) => {
      log.push([topic, deadLetterTopic, attempts]);
    });
    const failing = () => {
      throw new Error('broken');
    };
    await bus.subscribe(t.topic, failing, { maxRetries: 1, onExhausted: 'dead-letter' });
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => log.length === 3);
    assert.deepEqual(log, [
      [t.topic, 'broken', 1, 'retry'],
      [t.topic, 'broken', 2, 'dead-letter'],
      [t.topic, `${t.topic}.dlq`, 2],
    ]);
  });

  test('a discarded message is told by handlerError, too', async (t) => {
    const bus = await t.bus();
    const actions: string[] = [];
    bus.on('handlerError', ({ action }) => void actions.push(action));
    const failing = () => {
      throw new Error('broken');
    };
    const subscription = await bus.subscribe(t.topic, failing, { maxRetries: 0, onExhausted: 'discard' });
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().discarded === 1 && actions.length === 1);
    assert.deepEqual(actions, ['discard']);
  });

  test('halted names the key', async (t) => {
    const bus = await t.bus();
    const halted = new Promise<Parameters<BusEvents['halted']>[0]>((resolve) => bus.on('halted', resolve));
    const failing = () => {
      throw new Error('broken');
    };
    await bus.subscribeEnvelope(t.topic, failing, { maxRetries: 0, onExhausted: 'halt' });
    await bus.publishEnvelope(t.topic, event('order-1', 1));
    const { topic, key } = await halted;
    assert.deepEqual({ topic, key }, { topic: t.topic, key: 'order-1' });
  });

  test('a listener that throws or rejects disturbs neither the bus nor other listeners', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    let heard = 0;
    bus.on('published', () => {
      throw new Error('listener is broken');
    });
    bus.on('published', async () => {
      throw new Error('listener is broken later');
    });
    bus.on('published', () => void heard++);
    await bus.subscribe(t.topic, seen.handle);
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => heard === 1 && seen.size === 1);
  });

  test('what on returns takes that listener off, and no other', async (t) => {
    const bus = await t.bus();
    const heard: string[] = [];
    const listener = () => void heard.push('heard');
    const [first, second] = [bus.on('published', listener), bus.on('published', listener)];
    await bus.publish(t.topic, '1');
    assert.equal(heard.length, 2);
    first();
    first();
    await bus.publish(t.topic, '2');
    assert.equal(heard.length, 3);
    second();
    await bus.publish(t.topic, '3');
    assert.equal(heard.length, 3);
  });

  test('idle resolves when nothing is queued, in flight or unsettled here', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const running = t.gate();
    let handled = false;
    const subscription = await bus.subscribe(t.topic, async () => {
      await running.promise;
      handled = true;
    });
    await bus.idle();
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().running === 1);
    let idle = false;
    const waiting = bus.idle().then(() => {
      idle = true;
      assert.equal(handled, true);
      assert.equal(subscription.stats().inFlight, 0);
      assert.equal(wire.count('settle', t.topic), 1);
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(idle, false);
    running.resolve();
    await waiting;
  });
};
