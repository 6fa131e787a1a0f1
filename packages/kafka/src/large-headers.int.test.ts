/** What waits in memory is bounded, whichever part of a message is large. */
import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { sharedService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import { Cleanup, plainAdmin, plainKafka, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('kafka');
const program = fileURLToPath(new URL('testing/slow-reader.ts', import.meta.url));

// The client counts values only in what it has fetched ahead: it would hold all of these 600 MB.
it('headers and keys, which the client does not count, are fetched ahead as far as few messages go', async () => {
  const topic = uniqueName('large');
  const admin = cleanup.add(await plainAdmin(addresses), (one) => one.disconnect());
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  cleanup.add(undefined, () => admin.deleteTopics({ topics: [topic] }));
  const producer = cleanup.add(plainKafka(addresses).producer(), (one) => one.disconnect());
  await producer.connect();
  const message = {
    partition: 0,
    key: 'k'.repeat(100_000),
    value: 'v',
    headers: { large: 'h'.repeat(300_000) },
  };
  const send = () => producer.send({ topic, messages: [message, message] });
  for (let sent = 0; sent < 1_500; sent += 20) await Promise.all(Array.from({ length: 10 }, send));
  const { code, stderr, stdout } = await runSource(program, [addresses.join(','), topic, '8'], 60_000);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { mib, stats } = JSON.parse(stdout);
  expect(stats.inFlight).toBeGreaterThan(0);
  expect(mib).toBeLessThan(500);
}, 120_000);
