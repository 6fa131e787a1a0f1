/** Changes that an operator makes to streams and consumers while they are read: followed, or said. Never silence. */
import { type Clock, systemClock } from '@ebus/core';
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { consumerName } from './names.js';
import { Cleanup, event, eventually, natsBus, plainClient, uniqueName } from './testing/harness.js';

/** A consumer that delivers nothing is looked at soon instead of after 30 s. */
const impatient: Clock = {
  ...systemClock,
  setTimeout: (fn, ms) => systemClock.setTimeout(fn, ms === 30_000 ? 100 : ms),
};

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
let server: Service;
beforeAll(async () => {
  server = await startService('nats', { own: true });
});
afterAll(() => server.close());

interface Sequence {
  sequence: number;
}

async function subscribed(settings: object = {}) {
  const [prefix, service] = [uniqueName('stream'), uniqueName('service')];
  const topic = `${prefix}.a`;
  const { manager } = cleanup.add(await plainClient(server.addresses), ({ connection }) =>
    connection.close(),
  );
  await manager.streams.add({ name: prefix, subjects: [`${prefix}.>`], ...settings });
  const logged: string[] = [];
  const log = (fields: unknown, text: unknown) =>
    void logged.push(`${text} ${(fields as { err?: Error }).err?.message ?? ''}`);
  const bus = cleanup.add(
    await natsBus(server.addresses, {
      service,
      clock: impatient,
      logger: { debug() {}, info() {}, warn: log, error: log },
    }),
    (one) => one.close(),
  );
  const handled: unknown[] = [];
  await bus.subscribeEnvelope<Sequence>(
    topic,
    ({ payload }, context) => void handled.push(context.topic === topic ? payload.sequence : context.topic),
  );
  await bus.publishEnvelope(topic, event('order-1', 1));
  await eventually(() => handled.length === 1);
  return { prefix, topic, consumer: consumerName(service, topic), bus, handled, logged, manager };
}

it('a topic whose subject goes to another stream is read there, once the former one is settled', async () => {
  const { prefix, topic, bus, handled, logged, manager } = await subscribed();
  await manager.streams.update(prefix, { subjects: [`${prefix}-before.>`] });
  await manager.streams.add({ name: `${prefix}-next`, subjects: [`${prefix}.>`] });
  for (const sequence of [2, 3, 4]) await bus.publishEnvelope(topic, event('order-1', sequence));
  await eventually(() => handled.includes(4));
  expect(handled).toEqual([1, 2, 3, 4]);
  expect(logged.some((line) => line.includes('the topic lies in another stream'))).toBe(true);
  await bus.publishEnvelope(topic, event('order-1', 5));
  await eventually(() => handled.includes(5));
});

it('a consumer whose filter was changed hands over no other topic, says so, and goes on once it is changed back', async () => {
  const { prefix, topic, consumer, bus, handled, logged, manager } = await subscribed();
  await manager.consumers.update(prefix, consumer, { filter_subject: `${prefix}.b` });
  await bus.publishEnvelope(`${prefix}.b`, event('order-2', 1));
  await bus.publishEnvelope(topic, event('order-1', 2));
  await eventually(() => logged.some((line) => line.includes(`it delivers ${prefix}.b`)));
  expect(handled).toEqual([1]);
  await manager.consumers.update(prefix, consumer, { filter_subject: topic });
  await bus.publishEnvelope(topic, event('order-1', 3));
  await eventually(() => handled.includes(3));
  expect(handled).not.toContain(`${prefix}.b`);
});

it('settings that make a consumer lose its place or messages are taken back, and that is said', async () => {
  const { prefix, topic, consumer, bus, handled, logged, manager } = await subscribed();
  const lossy = { max_deliver: 1, inactive_threshold: 3_600_000_000_000 };
  await manager.consumers.update(prefix, consumer, lossy);
  await eventually(async () => {
    const { config } = await manager.consumers.info(prefix, consumer);
    expect([config.max_deliver, config.inactive_threshold ?? 0]).toEqual([-1, 0]);
  });
  await eventually(() => logged.some((line) => line.includes(`changed consumer '${consumer}'`)));
  await bus.publishEnvelope(topic, event('order-1', 2));
  await eventually(() => handled.includes(2));
});

it('what a consumer delivers without its body is no message: the setting is taken back, and it comes whole', async () => {
  const { prefix, topic, consumer, bus, handled, manager } = await subscribed();
  await manager.consumers.update(prefix, consumer, { headers_only: true });
  for (const sequence of [2, 3]) await bus.publishEnvelope(topic, event('order-1', sequence));
  await eventually(() => handled.length === 3);
  await bus.idle();
  expect([handled, await bus.deadLetters.list(topic)]).toEqual([[1, 2, 3], []]);
});

it('a consumer that is paused is told of, and goes on once it is not', async () => {
  const { prefix, topic, consumer, bus, handled, logged, manager } = await subscribed();
  const until = new Date(Date.now() + 3_600_000);
  await manager.consumers.pause(prefix, consumer, until);
  await bus.publishEnvelope(topic, event('order-1', 2));
  await eventually(() => logged.some((line) => line.includes(`paused until ${until.toISOString()}`)));
  expect(handled).toEqual([1]);
  await manager.consumers.resume(prefix, consumer);
  await eventually(() => handled.includes(2));
});

it('a stream whose history of partitions somebody has taken off is read on, by its subjects', async () => {
  const topic = uniqueName('topic');
  const bus = cleanup.add(
    await natsBus(server.addresses, { clock: impatient, common: { topics: { [topic]: { partitions: 2 } } } }),
    (one) => one.close(),
  );
  const handled: number[] = [];
  await bus.subscribeEnvelope<Sequence>(topic, ({ payload }) => void handled.push(payload.sequence));
  await bus.publishEnvelope(topic, event('order-1', 1));
  await eventually(() => handled.length === 1);
  const { manager } = cleanup.add(await plainClient(server.addresses), ({ connection }) =>
    connection.close(),
  );
  const name = await manager.streams.find(topic);
  const consumers = async () => (await manager.consumers.list(name).next()).map((one) => one.created);
  const before = await consumers();
  await manager.streams.update(name, { metadata: {} });
  await bus.publishEnvelope(topic, event('order-1', 2));
  await eventually(() => handled.includes(2));
  // Another one finds the group where it stands.
  const next = cleanup.add(await natsBus(server.addresses, { clock: impatient }), (one) => one.close());
  await next.publishEnvelope(topic, event('order-1', 3));
  await eventually(() => handled.includes(3));
  expect([handled, await consumers()]).toEqual([[1, 2, 3], before]);
});

it("the server's records of messages that it deleted are neither handled nor dead letters", async () => {
  const NANOS = 1_000_000;
  const settings = { allow_msg_ttl: true, allow_rollup_hdrs: true, max_age: 1_000 * NANOS };
  const { prefix, topic, bus, handled, manager } = await subscribed({
    ...settings,
    subject_delete_marker_ttl: 60_000 * NANOS,
  });
  await eventually(async () => {
    const last = await manager.streams.getMessage(prefix, { last_by_subj: topic });
    expect(last?.header.get('Nats-Marker-Reason')).toBe('MaxAge');
  });
  await bus.publishEnvelope(topic, event('order-1', 2));
  await eventually(() => handled.includes(2));
  await bus.idle();
  expect([handled, await bus.deadLetters.list(topic)]).toEqual([[1, 2], []]);
});

it('a configured stream that is a mirror is refused, and read where it is to be left as it is', async () => {
  const [origin, mirror] = [uniqueName('stream'), uniqueName('stream')];
  const topic = `${origin}.a`;
  const { manager } = cleanup.add(await plainClient(server.addresses), ({ connection }) =>
    connection.close(),
  );
  await manager.streams.add({ name: origin, subjects: [`${origin}.>`] });
  await manager.streams.add({ name: mirror, mirror: { name: origin } });
  const nats = { jetstream: { stream: { name: mirror, subjects: [`${origin}.>`] } } };
  await expect(natsBus(server.addresses, { nats })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`'${mirror}' is a mirror of '${origin}'`),
  });
  const publisher = cleanup.add(await natsBus(server.addresses), (one) => one.close());
  await publisher.publishEnvelope(topic, event('order-1', 1));
  const common = { topicConfigStrategy: 'skip' as const };
  const reader = cleanup.add(await natsBus(server.addresses, { nats, common }), (one) => one.close());
  const handled: number[] = [];
  await reader.subscribeEnvelope<Sequence>(topic, ({ payload }) => void handled.push(payload.sequence));
  await eventually(() => handled.length === 1);
  await reader.publishEnvelope(topic, event('order-1', 2));
  await eventually(() => handled.length === 2);
});
