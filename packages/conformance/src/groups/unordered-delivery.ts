/** `subscribe`: every message once, concurrently, and never more at once than asked for. */
import assert from 'node:assert/strict';
import type { Group } from '../suite.js';
import { collectMessages, texts } from '../test-kit/collector.js';
import { ConcurrencyMeter, Rendezvous } from '../test-kit/concurrency.js';
import { turns } from '../test-kit/eventually.js';

/** Every message is handled once, at most `concurrency` at a time. */
export const unorderedDelivery: Group = ({ test }) => {
  test('every message is handled once', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle);
    const sent = Array.from({ length: 500 }, (_, i) => String(i).padStart(3, '0'));
    await Promise.all(sent.map((text) => bus.publish(t.topic, text)));
    await t.eventually(() => seen.size >= sent.length);
    await bus.idle();
    assert.deepEqual(texts(seen).sort(), sent);
  });

  test('exactly as many handlers run at once as concurrency says', async (t) => {
    const bus = await t.bus();
    const meter = new ConcurrencyMeter();
    const rounds = new Rendezvous(4);
    let handled = 0;
    const handler = () =>
      meter.watch('', async () => {
        await rounds.meet();
        await turns(2);
        handled++;
      });
    await bus.subscribe(t.topic, handler, { concurrency: 4 });
    await Promise.all(Array.from({ length: 40 }, (_, i) => bus.publish(t.topic, `${i}`)));
    await t.eventually(() => handled === 40);
    assert.equal(meter.peak, 4);
  });

  test('the configured maxConcurrency is the default', async (t) => {
    const bus = await t.bus({ config: { subscriber: { maxConcurrency: 3 } } });
    const meter = new ConcurrencyMeter();
    const rounds = new Rendezvous(3);
    let handled = 0;
    const handler = () =>
      meter.watch('', async () => {
        await rounds.meet();
        await turns(2);
        handled++;
      });
    await bus.subscribe(t.topic, handler);
    await Promise.all(Array.from({ length: 12 }, (_, i) => bus.publish(t.topic, `${i}`)));
    await t.eventually(() => handled === 12);
    assert.equal(meter.peak, 3);
  });

  test('a slow message holds up no other, of its own key either', async (t) => {
    const bus = await t.bus();
    const slow = t.gate();
    const done: string[] = [];
    const handler = async (message: { text(): string }) => {
      if (message.text() === 'slow') await slow.promise;
      done.push(message.text());
    };
    await bus.subscribe(t.topic, handler, { concurrency: 2 });
    await bus.publish(t.topic, 'slow', { key: 'order-1' });
    for (let i = 0; i < 20; i++) await bus.publish(t.topic, `${i}`, { key: 'order-1' });
    await t.eventually(() => done.length === 20);
    assert.ok(!done.includes('slow'));
    slow.resolve();
    await t.eventually(() => done.includes('slow'));
  });
};
