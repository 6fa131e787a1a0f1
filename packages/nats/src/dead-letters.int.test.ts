/** Dead letters on JetStream: strangers, deduplication, letters without room, and what looking leaves behind. */
import type { Clock } from '@ebus/core';
import { systemClock } from '@ebus/core/driver';
import { sharedService, startService } from '@ebus/services';
import { headers } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { nats } from './index.js';
import {
  Cleanup,
  consumersOf,
  event,
  eventually,
  natsBus,
  type Plain,
  plainClient,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('nats');

const busOn = async (urls: readonly string[], settings?: Parameters<typeof natsBus>[1]) =>
  cleanup.add(await natsBus(urls, settings), (one) => one.close({ timeout: 500 }));
const plainOn = async (urls: readonly string[]): Promise<Plain> =>
  cleanup.add(await plainClient(urls), ({ connection }) => connection.close());
const broken = () => Promise.reject(new Error('broken'));
const exhausted = { maxRetries: 0, onExhausted: 'dead-letter' } as const;

describe('deduplication, over all subjects of a stream', () => {
  it('keeps one id of two topics apart', async () => {
    const name = uniqueName('stream');
    const [one, two] = [`${name}.one`, `${name}.two`];
    const bus = await busOn(addresses, {
      nats: { jetstream: { stream: { name, subjects: [`${name}.>`] } } },
    });
    const receipts = [];
    for (const topic of [one, two]) {
      receipts.push(await bus.publish(topic, 'x', { messageId: 'same' }));
      receipts.push(await bus.publishEnvelope(topic, { ...event('order-1', 1), eventId: 'same' }));
    }
    // An event and a message of one id and topic are one message.
    expect(receipts.map(({ duplicate }) => duplicate === true)).toEqual([false, true, false, true]);
  });

  it('cannot hide an event unseen: a stranger that sent its id before is told of', async () => {
    const name = uniqueName('stream');
    const topic = `${name}.orders`;
    const bus = await busOn(addresses, {
      nats: { jetstream: { stream: { name, subjects: [`${name}.>`] } } },
    });
    const { connection } = await plainOn(addresses);
    const forged = headers();
    forged.set('Nats-Msg-Id', `${topic}:e-1`);
    await connection.request(`${name}.neighbour`, 'x', { timeout: 5_000, headers: forged });
    const told: boolean[] = [];
    bus.on('published', ({ duplicate }) => void told.push(duplicate));
    const receipt = await bus.publishEnvelope(topic, { ...event('order-1', 1), eventId: 'e-1' });
    expect([receipt.duplicate, told]).toEqual([true, [true]]);
  });

  it('loses no letter of topics that share a stream and a dead-letter topic, nor their redrives', async () => {
    const name = uniqueName('stream');
    const topics = ['orders', 'refunds', 'stock'].map((last) => `${name}.${last}`);
    const bus = await busOn(addresses, {
      nats: { jetstream: { stream: { name, subjects: [`${name}.>`] } } },
      common: { subscriber: { errorHandling: { deadLetterTopic: `${name}.dead` } } },
    });
    let fails = true;
    const handled: string[] = [];
    for (const topic of topics) {
      await bus.subscribe(
        topic,
        (message) => (fails ? broken() : void handled.push(message.text())),
        exhausted,
      );
    }
    for (const topic of topics) for (const n of [1, 2]) await bus.publish(topic, `${topic} ${n}`);
    await eventually(async () => (await bus.deadLetters.list(`${name}.dead`)).length === 6);
    fails = false;
    expect(await bus.deadLetters.redrive(`${name}.dead`)).toMatchObject({ redriven: 6, failed: [] });
    await eventually(() => handled.length === 6);
  });
});

describe('letters of strangers', () => {
  it('go nowhere, stop nothing and throw nothing', async () => {
    const topic = uniqueName('topic');
    const bus = await busOn(addresses);
    const handled: string[] = [];
    let fails = true;
    await bus.subscribe(
      topic,
      (message) => (fails ? broken() : void handled.push(message.text())),
      exhausted,
    );
    await bus.publish(topic, 'real');
    await eventually(async () => (await bus.deadLetters.list(topic)).length === 1);
    const { connection } = await plainOn(addresses);
    const forge = async (...lines: [string, string][]) => {
      const all = headers();
      for (const [key, value] of lines) all.append(key, value);
      await connection.request(`${topic}.dlq`, 'forged', { timeout: 5_000, headers: all });
    };
    await forge(['X-Original-Topic', 'admin.commands'], ['X-Consumer-Group', 'admin']);
    await forge(['X-Original-Topic', 'a..b'], ['X-Attempts', 'many'], ['X-Timestamp', 'soon']);
    await forge(['X-Original-Topic', '$JS.API.STREAM.DELETE.x']);
    await forge(['X-Original-Topic', `${topic}.dlq`]);
    await connection.request(`${topic}.dlq`, 'without any header');
    await bus.publish(topic, 'real too');
    await eventually(async () => (await bus.deadLetters.list(`${topic}.dlq`)).length === 7);
    fails = false;
    const report = await bus.deadLetters.redrive(`${topic}.dlq`);
    expect(report).toMatchObject({ redriven: 2, left: 5, total: 7 });
    expect(report.failed).toHaveLength(5);
    await eventually(() => handled.length === 2);
    expect(await bus.deadLetters.redrive(`${topic}.dlq`)).toMatchObject({ redriven: 0, left: 5, total: 5 });
  });

  it('that NATS cannot carry a second time stay where they are', async () => {
    const topic = uniqueName('topic');
    const bus = await busOn(addresses);
    const handled: string[] = [];
    await bus.subscribe(topic, (message) => void handled.push(message.text()));
    await bus.topics.configure(`${topic}.dlq`, { persistence: 'persistent' });
    const { connection } = await plainOn(addresses);
    const raw = (name: string, text: string) => {
      const all = headers();
      const block = `NATS/1.0\r\n${name}: 1\r\nX-Original-Topic: ${topic}\r\n\r\n`;
      Object.assign(all, { encode: () => Buffer.from(block) });
      return connection.request(`${topic}.dlq`, text, { timeout: 5_000, headers: all });
    };
    await raw('a name', 'odd');
    await raw('name', 'fine');
    const report = await bus.deadLetters.redrive(topic);
    expect(report).toMatchObject({
      redriven: 1,
      left: 1,
      failed: [{ reason: expect.stringContaining('put back') }],
    });
    await eventually(() => handled.length === 1);
    expect(handled).toEqual(['fine']);
    const left = await bus.deadLetters.list(topic);
    expect(left[0]?.message.text()).toBe('odd');
  });
});

it('a letter for which the server has no room halts its key, and nothing else', async () => {
  const server = cleanup.add(await startService('nats', { own: true, config: 'max_payload: 4KB' }), (one) =>
    one.close(),
  );
  const topic = uniqueName('topic');
  const bus = await busOn(server.addresses);
  const handled: string[] = [];
  let fails = true;
  const subscription = await bus.subscribeEnvelope(
    topic,
    ({ aggregateId, eventVersion }) => {
      if (fails && aggregateId === 'a' && eventVersion === 1) return broken();
      handled.push(`${aggregateId}${eventVersion}`);
      return undefined;
    },
    exhausted,
  );
  const halted: unknown[] = [];
  bus.on('halted', ({ key, error }) => void halted.push([key, (error as { code?: string }).code]));
  await publishLargest((text) => bus.publishEnvelope(topic, { ...event('a', 1), payload: { text } }));
  await bus.publishEnvelope(topic, { ...event('a', 2), eventVersion: 2 });
  await bus.publishEnvelope(topic, event('b', 1));
  await eventually(() => subscription.stats().halted === 1 && handled.length === 1);
  expect(handled).toEqual(['b1']);
  expect(halted).toEqual([['a', 'MESSAGE_TOO_LARGE']]);
  await expect(subscription.skipHalted('a')).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
  expect(subscription.stats().halted).toBe(1);
  fails = false;
  subscription.retryHalted('a');
  await eventually(() => handled.length === 3);
  expect(handled).toEqual(['b1', 'a1', 'a2']);
});

it('a stream that covers the dead-letter topic and keeps less than that is warned of once', async () => {
  const name = uniqueName('stream');
  const warned: object[] = [];
  const warn = (fields: object) => void ('heldBy' in fields && warned.push(fields));
  const bus = await busOn(addresses, {
    logger: { debug() {}, info() {}, error() {}, warn },
    nats: { jetstream: { stream: { name, subjects: [`${name}.>`], maxAge: '1d' } } },
  });
  const topic = `${name}.orders`;
  const subscription = await bus.subscribe(topic, broken, exhausted);
  for (const text of ['1', '2']) await bus.publish(topic, text);
  await eventually(() => subscription.stats().deadLettered === 2);
  expect(warned).toEqual([{ topic: `${topic}.dlq`, heldBy: `stream '${name}'`, retentionMs: 86_400_000 }]);
});

it('a dead-letter topic that was deleted is made again', async () => {
  const topic = uniqueName('topic');
  const bus = await busOn(addresses);
  const subscription = await bus.subscribe(topic, broken, exhausted);
  await bus.publish(topic, '1');
  await eventually(() => subscription.stats().deadLettered === 1);
  const { manager } = await plainOn(addresses);
  await manager.streams.delete(await manager.streams.find(`${topic}.dlq`));
  await bus.publish(topic, '2');
  await eventually(() => subscription.stats().deadLettered === 2);
  const letters = await bus.deadLetters.list(topic);
  expect(letters.map(({ message }) => message.text())).toEqual(['2']);
});

describe('looking', () => {
  it('leaves no consumer behind, whether it ends, stops early or is given up', async () => {
    const topic = uniqueName('topic');
    const bus = await busOn(addresses);
    const subscription = await bus.subscribe(topic, broken, exhausted);
    for (let n = 0; n < 200; n++) await bus.publish(topic, String(n));
    await eventually(() => subscription.stats().deadLettered === 200);
    const plain = await plainOn(addresses);
    const stream = await plain.manager.streams.find(`${topic}.dlq`);
    const before = await consumersOf(plain, stream);
    expect(await bus.deadLetters.list(topic, { limit: 1_000 })).toHaveLength(200);
    expect(await bus.deadLetters.list(topic, { limit: 3 })).toHaveLength(3);
    const abort = new AbortController();
    const filter = () => {
      abort.abort();
      return true;
    };
    await expect(
      bus.deadLetters.redrive(topic, { dryRun: true, filter, signal: abort.signal }),
    ).rejects.toMatchObject({ code: 'ABORTED' });
    await eventually(async () => (await consumersOf(plain, stream)).length === before.length);
  });

  it('goes on where its consumer vanishes meanwhile', async () => {
    const topic = uniqueName('topic');
    const bus = await busOn(addresses);
    const subscription = await bus.subscribe(topic, broken, exhausted);
    for (let n = 0; n < 200; n++) await bus.publish(topic, String(n));
    await eventually(() => subscription.stats().deadLettered === 200);
    const plain = await plainOn(addresses);
    const stream = await plain.manager.streams.find(`${topic}.dlq`);
    let deleted = 0;
    const filter = async ({ message }: { message: { text(): string } }) => {
      if (message.text() !== '70') return true;
      for (const { name } of await consumersOf(plain, stream)) {
        if (name.startsWith('ebus-look'))
          deleted += Number(await plain.manager.consumers.delete(stream, name));
      }
      return true;
    };
    expect(await bus.deadLetters.redrive(topic, { dryRun: true, filter })).toMatchObject({ redriven: 200 });
    expect(deleted).toBe(1);
  });
});

it('a redrive whose process is killed loses nothing, and the next one goes on', async () => {
  const topic = uniqueName('topic');
  const bus = await busOn(addresses);
  let fails = true;
  const handled = new Set<string>();
  const subscription = await bus.subscribe(
    topic,
    (message) => (fails ? broken() : void handled.add(message.text())),
    exhausted,
  );
  for (let n = 0; n < 20; n++) await bus.publish(topic, String(n), { key: 'order-1' });
  await eventually(() => subscription.stats().deadLettered === 20);
  fails = false;
  // Its timers stop with its process: no lease is renewed, no connection made anew.
  let isAlive = true;
  const clock: Clock = {
    ...systemClock,
    setTimeout: (fn, ms) => systemClock.setTimeout(() => (isAlive ? fn() : undefined), ms),
  };
  const other = await busOn(addresses, { clock });
  let seen = 0;
  void other.deadLetters
    .redrive(topic, { filter: () => (++seen > 5 ? new Promise<boolean>(() => {}) : true) })
    .catch(() => {});
  await eventually(() => seen > 5);
  isAlive = false;
  await nats.native(other).connection.close();
  await eventually(async () => {
    await bus.deadLetters.redrive(topic);
    return handled.size === 20;
  });
});

/** The largest text that is accepted. */
async function publishLargest(publish: (text: string) => Promise<unknown>): Promise<void> {
  for (let size = 4_000; ; size -= 10) {
    try {
      await publish('x'.repeat(size));
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'MESSAGE_TOO_LARGE') throw error;
    }
  }
}
