/** Three servers, streams on all of them: one is killed under load, and nothing accepted is lost. */
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { nats } from './index.js';
import { streamName } from './names.js';
import { Cleanup, event, eventually, History, natsBus, plainClient, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

let cluster: Service;
beforeAll(async () => {
  cluster = await startService('nats', { own: true, nodes: 3 });
}, 60_000);
afterAll(() => cluster.close());

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
    const port = nats.native(publisher).connection.getServer().split(':').at(-1);
    const connected = cluster.addresses.findIndex((address) => address.endsWith(`:${port}`)) + 1;
    const node = which.startsWith('the leader') ? leader : connected;
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
