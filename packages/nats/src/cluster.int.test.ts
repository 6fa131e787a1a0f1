/** Three servers, streams on all of them: one is killed under load, and nothing accepted is lost. */
import type { EventBus } from '@ebus/core';
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { nats } from './index.js';
import { consumerName, streamName } from './names.js';
import {
  Cleanup,
  event,
  eventually,
  gate,
  History,
  natsBus,
  plainClient,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

let cluster: Service;
beforeAll(async () => {
  cluster = await startService('nats', { own: true, nodes: 3 });
}, 60_000);
afterAll(() => cluster.close());

/** The one that a bus is connected to. */
function nodeOf(bus: EventBus): number {
  const port = nats.native(bus).connection.getServer().split(':').at(-1);
  return cluster.addresses.findIndex((address) => address.endsWith(`:${port}`)) + 1;
}

const REPLICAS = { stream: { replicas: 3 } } as const;

it.each(['the leader of the stream', 'the one that is connected to'])(
  'killing %s loses nothing and keeps the order',
  { timeout: 90_000 },
  async (which) => {
    const topic = uniqueName('topic');
    const service = uniqueName('service');
    const settings = { nats: { jetstream: { stream: { replicas: 3 } } } };
    const publisher = cleanup.add(await natsBus(cluster.addresses, settings), (bus) => bus.close());
    const consumer = cleanup.add(await natsBus(cluster.addresses, { ...settings, service }), (bus) =>
      bus.close(),
    );
    const plain = cleanup.add(await plainClient(cluster.addresses), ({ connection }) => connection.close());
    const history = new History();
    let behind = 0;
    await consumer.subscribeEnvelope<{ sequence: number }>(topic, async ({ aggregateId, payload }) => {
      await new Promise((resolve) => setImmediate(resolve));
      history.handle(aggregateId, payload.sequence);
      behind--;
    });
    const info = await plain.manager.streams.info(streamName(topic));
    expect(info.config.num_replicas).toBe(3);

    let publishing = true;
    const errors: string[] = [];
    const all = Array.from({ length: 10 }, async (_, i) => {
      const id = `order-${i}`;
      for (let sequence = 1; publishing; sequence++) {
        const input = { ...event(id, sequence), eventId: `${id}-${sequence}` };
        for (let accepted = false; !accepted; ) {
          accepted = await publisher.publishEnvelope(topic, input, { timeout: '10s' }).then(
            () => true,
            (error: { retryable: boolean; message: string }) => {
              if (!error.retryable) errors.push(error.message);
              return false;
            },
          );
        }
        history.accept(id, sequence);
        // No faster than what is handled, so that there is little to catch up.
        for (behind++; behind > 200 && publishing; ) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const grow = async () => {
      const before = history.handledCount;
      await expect.poll(() => history.handledCount, { timeout: 40_000 }).toBeGreaterThan(before + 200);
    };
    await grow();
    const leader = Number(/(\d+)$/.exec(info.cluster?.leader ?? '')?.[1]);
    const node = which.startsWith('the leader') ? leader : nodeOf(publisher);
    expect([1, 2, 3]).toContain(node);
    const asked: string[] = [];
    plain.connection.subscribe('$JS.API.STREAM.>', {
      callback: (_, message) => void asked.push(message.subject),
    });
    await plain.connection.flush();
    await cluster.kill(node);
    await grow();
    // Without a leader the stream takes nothing for a while; that is no reason to ask about it all the time.
    expect(asked.length).toBeLessThan(100);
    await cluster.restart(node);
    await grow();
    publishing = false;
    await Promise.all(all);
    await eventually(() => history.isComplete);
    history.check();
    expect(errors).toEqual([]);
  },
);

it('the server that a bus is connected to freezes: it goes on with another one', {
  timeout: 90_000,
}, async () => {
  const topic = uniqueName('topic');
  const settings = { nats: { pingInterval: '300ms', jetstream: REPLICAS } } as const;
  const bus = cleanup.add(await natsBus(cluster.addresses, settings), (one) => one.close({ timeout: '1s' }));
  const history = new History();
  await bus.subscribeEnvelope<{ sequence: number }>(topic, ({ aggregateId, payload }) =>
    history.handle(aggregateId, payload.sequence),
  );
  const publish = async (sequence: number) => {
    await bus.publishEnvelope(topic, event('a', sequence), { timeout: '60s', retries: 1_000 });
    history.accept('a', sequence);
  };
  await publish(1);
  await eventually(() => history.isComplete);
  const node = nodeOf(bus);
  await cluster.pause(node);
  cleanup.add(node, (one) => cluster.resume(one));
  for (const sequence of [2, 3, 4]) await publish(sequence);
  await eventually(() => history.isComplete, 'it goes on', 40_000);
  history.check();
  expect(nodeOf(bus)).not.toBe(node);
});

it("a consumer's leader changes: a busy instance leaves room for others", { timeout: 60_000 }, async () => {
  const [topic, service] = [uniqueName('topic'), uniqueName('service')];
  const consumer = { maxAckPending: 100 };
  const settings = { service, nats: { jetstream: { ...REPLICAS, ackWait: '30s', consumer } } } as const;
  const [busy, other] = [
    await natsBus(cluster.addresses, settings),
    await natsBus(cluster.addresses, settings),
  ];
  const plain = cleanup.add(await plainClient(cluster.addresses), ({ connection }) => connection.close());
  const stuck = gate();
  for (const bus of [other, busy]) cleanup.add(bus, (one) => one.close({ timeout: '1s' }));
  cleanup.add(stuck, ({ resolve }) => resolve());
  const options = { ordering: 'instance' } as const;
  const subscription = await busy.subscribeEnvelope(topic, () => stuck.promise, options);
  const handled = new Set<string>();
  await other.subscribeEnvelope(topic, ({ aggregateId }) => void handled.add(aggregateId), options);
  const [stream, name] = [streamName(topic), consumerName(service, topic)];
  const leader = async () => (await plain.manager.consumers.info(stream, name)).cluster?.leader;
  const before = await leader();
  await plain.connection.request(`$JS.API.CONSUMER.LEADER.STEPDOWN.${stream}.${name}`);
  await eventually(
    async () => ![undefined, '', before].includes(await leader().catch(() => undefined)),
    'another leads',
  );
  const events = Array.from({ length: 300 }, (_, i) => event(`order-${i}`, 1));
  await Promise.all(events.map((one) => other.publishEnvelope(topic, one, { timeout: '30s' })));
  await eventually(
    () => handled.size === 300 - subscription.stats().inFlight,
    'the other one takes the rest',
    12_000,
  );
  expect(subscription.stats().inFlight).toBeLessThanOrEqual(50);
});

it('without a majority each publish has its own time; what still has some is stored', {
  timeout: 90_000,
}, async () => {
  const topic = uniqueName('topic');
  const settings = { nats: { jetstream: { ...REPLICAS, publishTimeout: '1s' } } } as const;
  const bus = cleanup.add(await natsBus(cluster.addresses, settings), (one) => one.close({ timeout: '1s' }));
  const mine = nodeOf(bus);
  const others = [1, 2, 3].filter((node) => node !== mine);
  for (const node of others) await cluster.kill(node);
  const codes: string[] = [];
  const publish = (timeout: '3s' | '80s') =>
    bus.publishEnvelope(topic, event(timeout, 1), { timeout, retries: 1_000 }).then(
      () => void codes.push(`${timeout} stored`),
      (error: { retryable: boolean }) => void codes.push(`${timeout} retryable ${error.retryable}`),
    );
  const [early, late] = [publish('3s'), publish('80s')];
  await early;
  expect(codes).toEqual(['3s retryable true']);
  for (const node of others) await cluster.restart(node);
  await late;
  expect(codes).toEqual(['3s retryable true', '80s stored']);
});
