/** Middleware around publishing and around every attempt to handle. */
import assert from 'node:assert/strict';
import type { ConsumeMiddleware, PublishMiddleware } from '@ebus/core';
import type { Group } from '../suite.js';
import { collectMessages } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';

/** Middleware wraps each publish and each attempt in the order of registration. */
export const middleware: Group = ({ test }) => {
  test('publish middleware runs in onion order and may change headers and value', async (t) => {
    const bus = await t.bus();
    const log: string[] = [];
    const step =
      (name: string): PublishMiddleware =>
      async (record, next) => {
        log.push(`${name} before ${record.topic === t.topic}`);
        record.headers = [...record.headers, ['via', name]];
        record.value = new TextEncoder().encode(`${new TextDecoder().decode(record.value)} ${name}`);
        const receipt = await next();
        log.push(`${name} after ${receipt.topic === t.topic}`);
        return receipt;
      };
    assert.equal(bus.use({ publish: step('outer') }).use({ publish: step('inner') }), bus);
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle);
    const receipt = await bus.publish(t.topic, 'hello', { headers: { own: '1' }, key: 'order-1' });
    await t.eventually(() => seen.size === 1);
    assert.equal(receipt.topic, t.topic);
    assert.deepEqual(log, ['outer before true', 'inner before true', 'inner after true', 'outer after true']);
    assert.equal(seen.items[0]?.text(), 'hello outer inner');
    assert.deepEqual(seen.items[0]?.headers.getAll('via'), ['outer', 'inner']);
    assert.equal(seen.items[0]?.headers.get('own'), '1');
  });

  test('publish middleware that throws rejects the publish, and nothing is sent', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle);
    let refuse = true;
    bus.use({
      publish: (_, next) => (refuse ? Promise.reject(new Error('refused by middleware')) : next()),
    });
    await assert.rejects(bus.publish(t.topic, 'refused'), /refused by middleware/);
    await assert.rejects(bus.publishEnvelope(t.topic, event('order-1', 1)), /refused by middleware/);
    refuse = false;
    await bus.publish(t.topic, 'allowed');
    await t.eventually(() => seen.size > 0);
    await bus.idle();
    assert.deepEqual(
      seen.items.map((message) => message.text()),
      ['allowed'],
    );
  });

  test('publishes of one key keep their order through slow middleware; other keys do not wait', async (t) => {
    const bus = await t.bus();
    const slow = t.gate();
    const seen = collectMessages();
    bus.use({
      publish: async ({ value }, next) => {
        if (new TextDecoder().decode(value) === 'slow') await slow.promise;
        return next();
      },
    });
    await bus.subscribe(t.topic, seen.handle, { concurrency: 1 });
    const first = bus.publish(t.topic, 'slow', { key: 'order-1' });
    const second = bus.publish(t.topic, 'quick', { key: 'order-1' });
    await bus.publish(t.topic, 'other', { key: 'order-2' });
    await t.eventually(() => seen.size === 1);
    slow.resolve();
    await Promise.all([first, second]);
    await t.eventually(() => seen.size === 3);
    assert.deepEqual(
      seen.items.map((message) => message.text()),
      ['other', 'slow', 'quick'],
    );
  });

  for (const kind of ['subscribe', 'subscribeEnvelope'] as const) {
    test(`consume middleware runs around every attempt of ${kind}, in onion order`, async (t) => {
      const bus = await t.bus();
      const log: string[] = [];
      const step =
        (name: string): ConsumeMiddleware =>
        async ({ attempt }, next) => {
          log.push(`${name} before ${attempt}`);
          try {
            await next();
            log.push(`${name} after ${attempt}`);
          } catch (error) {
            log.push(`${name} failed ${attempt}`);
            throw error;
          }
        };
      bus.use({ consume: step('outer') }).use({ consume: step('inner') });
      const handler = (_: unknown, { attempt }: { attempt: number }) => {
        log.push(`handler ${attempt}`);
        if (attempt === 1) throw new Error('again');
      };
      const subscription = await bus[kind](t.topic, handler);
      await bus.publishEnvelope(t.topic, event('order-1', 1));
      await t.eventually(() => subscription.stats().handled === 1);
      assert.deepEqual(log, [
        'outer before 1',
        'inner before 1',
        'handler 1',
        'inner failed 1',
        'outer failed 1',
        'outer before 2',
        'inner before 2',
        'handler 2',
        'inner after 2',
        'outer after 2',
      ]);
    });
  }

  test('consume middleware that throws is a failure like any other', async (t) => {
    const bus = await t.bus();
    let handled = 0;
    bus.use({
      consume: async ({ attempt }, next) => {
        if (attempt < 3) throw new Error('not yet');
        await next();
        if (attempt === 3) throw new Error('after the handler');
      },
    });
    const subscription = await bus.subscribe(t.topic, () => void handled++);
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().handled === 1);
    assert.equal(handled, 2);
    assert.equal(subscription.stats().failedAttempts, 3);
  });
};
