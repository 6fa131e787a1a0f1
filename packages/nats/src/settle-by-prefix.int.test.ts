/** Settling by prefix on a real server: what the server confirms, and what it does not. */
import { EbusError } from '@ebus/core';
import { sharedService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import { consumerName, streamName } from './names.js';
import { Cleanup, event, eventually, gate, natsBus, plainClient, uniqueName } from './testing/harness.js';

const { addresses } = await sharedService('nats');
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const ALL = { consumer: { ackPolicy: 'all' }, ackWait: '1s' } as const;

async function setting() {
  const [topic, service] = [uniqueName('topic'), uniqueName('service')];
  const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
  const bus = async () =>
    cleanup.add(await natsBus(addresses, { service, nats: { jetstream: ALL } }), (one) => one.close());
  const info = () => plain.manager.consumers.info(streamName(topic), consumerName(service, topic));
  return { topic, service, plain, bus, info };
}

it('confirms up to the oldest unsettled message, and the rest with it', { timeout: 60_000 }, async () => {
  const { topic, bus, info } = await setting();
  const app = await bus();
  const [slow, handled] = [gate(), [] as number[]];
  await app.subscribeEnvelope<{ sequence: number }>(topic, async ({ payload: { sequence } }) => {
    if (sequence === 3) await slow.promise;
    handled.push(sequence);
  });
  for (let sequence = 1; sequence <= 6; sequence++)
    await app.publishEnvelope(topic, event(`key${sequence}`, sequence));
  await eventually(async () => (await info()).ack_floor.stream_seq === 2, 'two are confirmed');
  await eventually(() => handled.length === 5);
  expect(await info()).toMatchObject({ config: { ack_policy: 'all' }, num_ack_pending: 4 });
  slow.resolve();
  await eventually(async () => (await info()).num_ack_pending === 0, 'all are confirmed');
  expect(handled.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
  expect((await info()).num_redelivered).toBe(0);
});

it('the one that takes over confirms nothing of the former one, which has not settled it', {
  timeout: 60_000,
}, async () => {
  const { topic, service, plain, bus, info } = await setting();
  const first = await bus();
  const hangs = gate();
  cleanup.add(hangs, ({ resolve }) => resolve());
  const [began, handled] = [[] as number[], [] as number[]];
  const active = await first.subscribeEnvelope<{ sequence: number }>(
    topic,
    async ({ payload: { sequence } }) => {
      began.push(sequence);
      await hangs.promise;
    },
  );
  for (const sequence of [1, 2]) await first.publishEnvelope(topic, event(`key${sequence}`, sequence));
  await eventually(() => began.length === 2);
  const second = await bus();
  await second.subscribeEnvelope<{ sequence: number }>(topic, ({ payload: { sequence } }) => {
    handled.push(sequence);
  });
  // It asks for no more, so that the server chooses the other one.
  active.pause();
  await plain.manager.consumers.unpin(streamName(topic), consumerName(service, topic), 'ebus');
  await second.publishEnvelope(topic, event('key3', 3));
  await eventually(() => handled.includes(3), 'the second one is active');
  // It has settled that by the time it closes.
  await second.close();
  expect(await info()).toMatchObject({ num_ack_pending: 3, ack_floor: { stream_seq: 0 } });
  hangs.resolve();
  await eventually(async () => (await info()).ack_floor.stream_seq === 2, 'the former one confirms its own');
  expect((await info()).num_ack_pending).toBe(1);
  active.resume();
  await eventually(async () => (await info()).num_ack_pending === 0, 'all are confirmed');
  expect(began.toSorted()).toEqual([1, 2, 3]);
});

it('refuses a consumer with the other ack policy, and says from where a new one goes on', {
  timeout: 60_000,
}, async () => {
  const { topic, service, bus, info } = await setting();
  const before = await natsBus(addresses, { service });
  let handled = 0;
  const handler = () => void handled++;
  await before.subscribeEnvelope(topic, handler);
  await before.publishEnvelope(topic, event('a', 1));
  await eventually(async () => (await info()).ack_floor.stream_seq === 1);
  await before.close();
  const error = await (await bus()).subscribeEnvelope(topic, handler).catch((reason: unknown) => reason);
  expect(EbusError.isInstance(error) && error.code).toBe('CONFIG_INVALID');
  expect(String(error)).toMatch(/set nats.jetstream.consumer.ackPolicy to 'explicit'.*startSequence 2 /);
});

it("refuses ordering 'instance', and settles unordered subscriptions one by one", {
  timeout: 60_000,
}, async () => {
  const { topic, bus, info } = await setting();
  const app = await bus();
  await expect(app.subscribeEnvelope(topic, () => {}, { ordering: 'instance' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  await app.subscribe(topic, () => {});
  expect((await info()).config.ack_policy).toBe('explicit');
});
