/** The command against a real server: an operator finds a poisoned event and redrives it. */
import { fileURLToPath } from 'node:url';
import { nats } from '@ebus/nats';
import { runSource } from '@ebus/run-source';
import { sharedService } from '@ebus/services';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { PATIENCE_MS, poisonedService } from './testing/poisoned-service.js';

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
    await using poisoned = await poisonedService(nats, { type: 'nats', nats: { urls: [...urls] } });
    const { service, topic, shop, redrive } = poisoned;

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
      for (const look of [
        ['dlq', 'list', topic],
        ['dlq', 'keys', topic],
        ['lag', topic],
      ])
        expect((await shop.run(look)).code).toBe(0);
      expect(await consumersOf(manager, ...streams)).toEqual(before);
      expect(await redrive()).toEqual({
        shown: expect.stringMatching(/error: +no stock/),
        redriven: expect.objectContaining({ redriven: 1 }),
        left: [],
      });
    } finally {
      await connection.close();
    }
  });
});
