/** Declared topics share one consumer: exactly one, nothing lost when topics are added or handlers come late. */

import { SkippableClock } from '@ebus/core/driver';
import { sharedService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { unifiedName } from './names.js';
import {
  type BusSettings,
  Cleanup,
  consumersOf,
  event,
  eventually,
  History,
  natsBus,
  plainClient,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const NO_MANY = 'before 2.10 a consumer filters by one subject';

describe.each(['current', '2.9'])('on a %s server', async (version) => {
  const hasMany = version === 'current';
  const { addresses } = await sharedService('nats', { version });

  async function shop() {
    const prefix = uniqueName('shop');
    const stream = { name: `${prefix}-all`, subjects: [`${prefix}.>`] };
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const bus = async (topics: readonly string[], settings: BusSettings = {}) => {
      const jetstream = { stream, consumer: { topics } };
      const all = { ...settings, service: prefix, nats: { jetstream } };
      return cleanup.add(await natsBus(addresses, all), (one) => one.close());
    };
    const publisher = await bus([]);
    return { prefix, stream: stream.name, plain, bus, publisher };
  }

  it.each([5, 100])(
    '%i topics make one durable consumer, and each gets its messages in order',
    { timeout: 60_000 },
    async (count) => {
      const { prefix, stream, plain, bus, publisher } = await shop();
      const topics = Array.from({ length: count }, (_, i) => `${prefix}.t${i}`);
      await publisher.publish(`${prefix}.other`, 'not declared');
      for (const topic of topics) await publisher.publishEnvelope(topic, event('a', 1));
      const consumer = await bus(topics);
      const history = new History();
      for (const topic of topics) {
        if (version === 'current') expect(history.handledCount).toBe(0);
        await consumer.subscribeEnvelope<{ sequence: number }>(topic, async ({ payload }, context) => {
          expect(context.topic).toBe(topic);
          history.handle(topic, payload.sequence);
        });
      }
      await Promise.all(topics.map((topic) => publisher.publishEnvelope(topic, event('a', 2))));
      for (const topic of topics) {
        history.accept(topic, 1);
        history.accept(topic, 2);
      }
      await eventually(() => history.isComplete, 'all are handled', 40_000);
      await consumer.idle();
      history.check();
      expect(history.duplicates).toBe(0);
      const consumers = await consumersOf(plain, stream);
      if (version === '2.9') expect(consumers).toHaveLength(count);
      else expect(consumers.map(({ name }) => name)).toEqual([unifiedName(prefix)]);
      await eventually(async () => {
        for (const info of await consumersOf(plain, stream)) expect(info.num_ack_pending).toBe(0);
      });
    },
  );

  it('a deploy that adds a topic which already holds messages loses none, and keeps their order', async () => {
    const { prefix, bus, publisher } = await shop();
    const [orders, refunds] = [`${prefix}.orders`, `${prefix}.refunds`];
    const publish = async (topic: string, from: number, to: number) => {
      for (let sequence = from; sequence <= to; sequence++) {
        await publisher.publishEnvelope(topic, event('a', sequence));
      }
    };
    const seen: Record<string, number[]> = { [orders]: [], [refunds]: [] };
    const subscribe = (one: Awaited<ReturnType<typeof bus>>, topic: string) =>
      one.subscribeEnvelope<{ sequence: number }>(
        topic,
        ({ payload }) => void seen[topic]?.push(payload.sequence),
      );
    await publish(refunds, 1, 20);
    const before = await bus([orders]);
    await subscribe(before, orders);
    await publish(orders, 1, 10);
    await publish(refunds, 21, 40);
    await eventually(() => seen[orders]?.length === 10);
    await before.close();

    const after = await bus([orders, refunds]);
    await subscribe(after, orders);
    await publish(refunds, 41, 50);
    await publish(orders, 11, 20);
    await subscribe(after, refunds);
    await publish(refunds, 51, 60);
    await publish(orders, 21, 30);
    await eventually(() => seen[orders]?.length === 30 && seen[refunds]?.length === 60);
    await after.idle();
    expect(seen[orders]).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(seen[refunds]).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  it('a topic that is taken out keeps its place, and that is said', async (context) => {
    if (!hasMany) return context.skip(NO_MANY);
    const { prefix, bus, publisher } = await shop();
    const [orders, refunds] = [`${prefix}.orders`, `${prefix}.refunds`];
    const seen: number[] = [];
    const wide = await bus([orders, refunds]);
    await wide.subscribeEnvelope(orders, () => {});
    await wide.subscribeEnvelope(refunds, () => {});
    await wide.close();
    const warnings: unknown[] = [];
    const warn = (...args: unknown[]) => void warnings.push(args[0]);
    const narrow = await bus([orders], { logger: { debug() {}, info() {}, warn, error() {} } });
    let handled = 0;
    await narrow.subscribeEnvelope(orders, () => void handled++);
    await publisher.publishEnvelope(refunds, event('a', 1));
    await publisher.publishEnvelope(orders, event('a', 1));
    await eventually(() => handled === 1 && warnings.length > 0);
    expect(warnings).toMatchObject([{ topic: refunds }]);
    await narrow.close();
    const again = await bus([orders, refunds]);
    await again.subscribeEnvelope(orders, () => {});
    await again.subscribeEnvelope<{ sequence: number }>(
      refunds,
      ({ payload }) => void seen.push(payload.sequence),
    );
    await eventually(() => seen.length === 1);
  });

  it('one is subscribed again while the other closes: both go on', async () => {
    const { prefix, bus, publisher } = await shop();
    const [orders, refunds] = [`${prefix}.orders`, `${prefix}.refunds`];
    const one = await bus([orders, refunds]);
    const seen: string[] = [];
    const subscribe = (topic: string) => one.subscribeEnvelope(topic, () => void seen.push(topic));
    const [a, b] = [await subscribe(orders), await subscribe(refunds)];
    const closing = [a.close(), b.close()];
    await closing[0];
    await subscribe(orders);
    await closing[1];
    await subscribe(refunds);
    await publisher.publishEnvelope(orders, event('a', 1));
    await publisher.publishEnvelope(refunds, event('a', 1));
    await eventually(() => seen.length === 2);
  });

  it('a consumer of that name that others made is left alone', async (context) => {
    if (!hasMany) return context.skip(NO_MANY);
    const { prefix, stream, plain, bus } = await shop();
    const topic = `${prefix}.orders`;
    await plain.manager.consumers.add(stream, {
      durable_name: unifiedName(prefix),
      filter_subject: topic,
      ack_policy: 'explicit',
    } as Parameters<typeof plain.manager.consumers.add>[1]);
    const one = await bus([topic]);
    await expect(one.subscribeEnvelope(topic, () => {})).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('made by something else'),
    });
  });

  it('in the default mode, a consumer for each topic, a paused one does not slow another', async () => {
    const { prefix, stream, plain, bus, publisher } = await shop();
    const [slow, fast] = [`${prefix}.slow`, `${prefix}.fast`];
    const consumer = await bus([]);
    const paused = await consumer.subscribeEnvelope(slow, () => {});
    paused.pause();
    let handled = 0;
    await consumer.subscribeEnvelope(fast, () => void handled++);
    const events = Array.from({ length: 1_500 }, (_, i) => event(`a-${i % 10}`, i));
    await publisher.publishEnvelopes(slow, events);
    await publisher.publishEnvelopes(fast, events);
    await eventually(() => handled === 1_500);
    expect((await consumersOf(plain, stream)).length).toBe(2);
  });

  it('topics that wait for one without a subscription say which, also when it has left', async (context) => {
    if (!hasMany) return context.skip(NO_MANY);
    const { prefix, bus } = await shop();
    const [orders, refunds] = [`${prefix}.orders`, `${prefix}.refunds`];
    const clock = new SkippableClock();
    const errors: string[] = [];
    const error = (...args: unknown[]) => void errors.push(String((args[0] as { err?: unknown }).err));
    const logger = { debug() {}, info() {}, warn() {}, error };
    const consumer = await bus([orders, refunds], { clock, logger });
    await consumer.subscribeEnvelope(orders, () => {});
    clock.skip(31_000);
    await eventually(() => errors.some((text) => text.includes(`still missing: ${refunds}`)));
    const leaving = await consumer.subscribeEnvelope(refunds, () => {});
    clock.skip(31_000);
    await leaving.close();
    errors.length = 0;
    clock.skip(31_000);
    await eventually(() => errors.some((text) => text.includes(`still missing: ${refunds}`)));
  });

  it('another start than the first one is refused, as they share a position', async (context) => {
    if (!hasMany) return context.skip(NO_MANY);
    const { prefix, bus } = await shop();
    const [orders, refunds] = [`${prefix}.orders`, `${prefix}.refunds`];
    const consumer = await bus([orders, refunds]);
    await consumer.subscribeEnvelope(orders, () => {});
    await expect(consumer.subscribeEnvelope(refunds, () => {}, { from: 'latest' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('begin at one position'),
    });
  });

  it('of several instances one is active for all topics; each topic may ask for that as long as none is read', async (context) => {
    if (!hasMany) return context.skip(NO_MANY);
    const { prefix, bus, publisher } = await shop();
    const [orders, refunds] = [`${prefix}.orders`, `${prefix}.refunds`];
    const began: string[] = [];
    const instance = async (name: string) => {
      const one = await bus([orders, refunds]);
      await one.subscribe(refunds, () => void began.push(name));
      await one.subscribeEnvelope(orders, () => void began.push(name));
      return one;
    };
    const first = await instance('first');
    await publisher.publishEnvelope(orders, event('a', 1));
    await eventually(() => began.length === 1);
    await instance('second');
    for (let sequence = 2; sequence <= 20; sequence++) {
      await publisher.publishEnvelope(orders, event('a', sequence));
      await publisher.publish(refunds, 'again');
    }
    await eventually(() => began.length === 39);
    expect(new Set(began)).toEqual(new Set(['first']));
    await first.close();
    await publisher.publishEnvelope(orders, event('a', 21));
    await eventually(() => began.at(-1) === 'second');
  });
});
