/** What somebody deletes underneath a subscription is made again, or reported. Never silence. */
import { type Service, startService } from '@ebus/services';
import type { JetStreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { consumerName, streamName } from './names.js';
import { Cleanup, event, eventually, natsBus, plainClient, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** 2.9 deletes it, and says so badly where it writes the consumer's state at that moment. */
async function deleted(manager: JetStreamManager, topic: string, service: string): Promise<void> {
  try {
    await manager.consumers.delete(streamName(topic), consumerName(service, topic));
  } catch (error) {
    if (!/directory not empty/.test(String(error))) throw error;
  }
}

describe.each(['current', '2.9'])('on a %s server', (version) => {
  let server: Service;
  beforeAll(async () => {
    server = await startService('nats', { own: true, version });
  });
  afterAll(() => server.close());

  async function subscribed() {
    const topic = uniqueName('topic');
    const service = uniqueName('service');
    const logged: string[] = [];
    const log = (...args: unknown[]) => void logged.push(String(args.at(-1)));
    const logger = { debug() {}, info() {}, warn: log, error: log };
    const bus = cleanup.add(await natsBus(server.addresses, { service, logger }), (one) => one.close());
    const plain = cleanup.add(await plainClient(server.addresses), ({ connection }) => connection.close());
    const handled: number[] = [];
    await bus.subscribeEnvelope<{ sequence: number }>(
      topic,
      ({ payload }) => void handled.push(payload.sequence),
    );
    for (const sequence of [1, 2, 3]) await bus.publishEnvelope(topic, event('order-1', sequence));
    await eventually(() => handled.length === 3);
    await bus.idle();
    return { topic, service, bus, handled, logged, manager: plain.manager };
  }

  it('a consumer that is deleted is made again where the subscription stood', async () => {
    const { topic, service, bus, handled, logged, manager } = await subscribed();
    await deleted(manager, topic, service);
    await bus.publishEnvelope(topic, event('order-1', 4));
    await eventually(() => handled.includes(4));
    expect(handled).toEqual([1, 2, 3, 4]);
    expect(logged.some((line) => line.includes('the consumer was deleted'))).toBe(true);
  });

  it('a consumer that is deleted right after the whole group was started again goes on where the group stood', async () => {
    const { topic, service, bus, manager } = await subscribed();
    await bus.close();
    const next = cleanup.add(await natsBus(server.addresses, { service }), (one) => one.close());
    const handled: number[] = [];
    await next.subscribeEnvelope<{ sequence: number }>(
      topic,
      ({ payload }) => void handled.push(payload.sequence),
    );
    await deleted(manager, topic, service);
    await next.publishEnvelope(topic, event('order-1', 4));
    await eventually(() => handled.includes(4));
    expect(handled).toEqual([4]);
  });

  it('what is in hand when its stream is made anew is lost: its signal aborts, and what waits behind it is not begun', async () => {
    const topic = uniqueName('topic');
    const bus = cleanup.add(await natsBus(server.addresses), (one) => one.close());
    const plain = cleanup.add(await plainClient(server.addresses), ({ connection }) => connection.close());
    const begun: number[] = [];
    let aborted = 0;
    await bus.subscribeEnvelope<{ sequence: number }>(topic, ({ payload }, { signal }) => {
      begun.push(payload.sequence);
      if (payload.sequence !== 1) return undefined;
      return new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          aborted++;
          resolve();
        });
      });
    });
    for (const sequence of [1, 2]) await bus.publishEnvelope(topic, event('order-1', sequence));
    await eventually(() => begun.length === 1);
    const { config } = await plain.manager.streams.info(streamName(topic));
    await plain.manager.streams.delete(config.name);
    await plain.manager.streams.add(config);
    await eventually(() => aborted === 1, 'its signal aborts');
    for (const sequence of [3, 4]) await bus.publishEnvelope(topic, event('order-1', sequence));
    await eventually(() => begun.includes(4));
    expect(begun).toEqual([1, 3, 4]);
    await bus.idle();
  });

  it('where making it again is not allowed, that is said, and the subscription goes on once it is there', async () => {
    const topic = uniqueName('topic');
    const plain = cleanup.add(await plainClient(server.addresses), ({ connection }) => connection.close());
    const stream = uniqueName('stream');
    await plain.manager.streams.add({ name: stream, subjects: [topic] });
    const logged: unknown[] = [];
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (...args: unknown[]) => void logged.push(args[0]),
    };
    const common = { topicConfigStrategy: 'skip' as const };
    const bus = cleanup.add(await natsBus(server.addresses, { common, logger }), (one) => one.close());
    const handled: number[] = [];
    await bus.subscribeEnvelope<{ sequence: number }>(
      topic,
      ({ payload }) => void handled.push(payload.sequence),
    );
    await plain.manager.streams.delete(stream);
    await eventually(() => {
      const errors = logged.map((entry) => (entry as { err?: { code?: string } }).err?.code);
      expect(errors).toContain('TOPIC_NOT_FOUND');
    });
    await plain.manager.streams.add({ name: stream, subjects: [topic] });
    await bus.publishEnvelope(topic, event('order-1', 1));
    await eventually(() => handled.length === 1);
  });
});
