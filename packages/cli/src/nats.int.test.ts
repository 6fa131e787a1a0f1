/** The command against a real server: an operator finds a poisoned event and redrives it. */
import { fileURLToPath } from 'node:url';
import { createEventBus } from '@ebus/core';
import { nats } from '@ebus/nats';
import { runSource } from '@ebus/run-source';
import { sharedService } from '@ebus/services';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../conformance/src/test-kit/eventually.js';
import { uniqueName } from '../../conformance/src/test-kit/unique-name.js';
import { Workshop } from './testing/recorded-io.js';

const PATIENCE_MS = 60_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function consumersOf(manager: JetStreamManager, ...streams: string[]): Promise<string[]> {
  const names: string[] = [];
  for (const stream of streams)
    for await (const { name } of manager.consumers.list(stream)) names.push(`${stream} ${name}`);
  return names.sort();
}

describe('ebus on NATS', () => {
  it('finds a poisoned event, redrives it once it is mended, and leaves nothing behind', {
    timeout: 180_000,
  }, async () => {
    const { addresses: urls } = await sharedService('nats', { version: 'current' });
    const [service, topic] = [uniqueName('service'), `${uniqueName('shop')}.orders`];
    const config = {
      type: 'nats',
      serviceName: service,
      nats: { urls: [...urls] },
      topics: { [topic]: {} },
    } as const;
    await using shop = await Workshop.with(config);
    await using bus = await createEventBus(config, { plugins: [nats], logger: silent });
    let isMended = false;
    const handled: string[] = [];
    const handle = (message: { text(): string }) => {
      if (message.text() === 'poison' && !isMended) throw new Error('no stock');
      handled.push(message.text());
    };
    const subscription = await bus.subscribe(topic, handle, { maxRetries: 0, concurrency: 1 });
    for (const text of ['a', 'poison', 'b']) await bus.publish(topic, text, { key: 'order-1' });
    await eventually(PATIENCE_MS, () => subscription.stats().deadLettered === 1 && handled.length === 2);

    const connection = await connect({ servers: urls.map((url) => url.replace('nats://', '')) });
    try {
      const manager = await jetstreamManager(connection);
      const streams = await Promise.all([topic, `${topic}.dlq`].map((name) => manager.streams.find(name)));
      const before = await consumersOf(manager, ...streams);

      // As a process of its own, as an operator starts it.
      const bin = fileURLToPath(new URL('bin.ts', import.meta.url));
      const doctor = await runSource(
        bin,
        ['doctor', '--json', '-c', `${shop.folder}/ebus.json`],
        PATIENCE_MS,
      );
      expect([doctor.stderr, doctor.code]).toEqual(['', 3]);
      const found = (JSON.parse(doctor.stdout) as { code: string }[]).map(({ code }) => code);
      expect(found).toContain('dead-letters');

      expect(await shop.json('groups', topic)).toMatchObject([{ group: service, madeBy: 'ebus', lag: 0 }]);
      expect(await shop.tail(topic, 'order-1')).toEqual(['a', 'poison', 'b']);
      const [letter] = await shop.json<{ message: { position: string } }[]>('dlq', 'list', topic);
      const position = letter?.message.position ?? '';
      expect((await shop.run(['dlq', 'show', topic, position])).out).toMatch(/error: +no stock/);
      expect(await consumersOf(manager, ...streams)).toEqual(before);

      isMended = true;
      expect(await shop.json('dlq', 'redrive', topic, position, '--yes')).toMatchObject({ redriven: 1 });
      await eventually(PATIENCE_MS, () => handled.includes('poison'));
      expect(await shop.json('dlq', 'list', topic)).toEqual([]);
    } finally {
      await connection.close();
    }
  });
});
