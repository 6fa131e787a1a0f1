/** A process that is killed: nothing it had not handled is passed over. */
import { fileURLToPath } from 'node:url';
import { startSource } from '@ebus/run-source';
import { sharedService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import {
  Cleanup,
  committedOf,
  event,
  eventually,
  History,
  kafkaBus,
  plainAdmin,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('kafka');
const program = fileURLToPath(new URL('./testing/consumer-process.ts', import.meta.url));
const PARTITIONS = 4;
const settings = (topic: string) => ({ common: { topics: { [topic]: { partitions: PARTITIONS } } } });

function startConsumer(service: string, topic: string, from: string, limit: number) {
  const child = startSource(program, [addresses.join(','), service, topic, from, String(limit)]);
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  return { lines, kill: () => child.kill('SIGKILL') && exited };
}

it("killed before its first commit, 'latest' loses nothing that was published since", async () => {
  const topic = uniqueName('topic');
  const service = uniqueName('service');
  const publisher = cleanup.add(await kafkaBus(addresses, settings(topic)), (bus) => bus.close());
  for (let i = 0; i < 20; i++) await publisher.publishEnvelope(topic, event(`order-${i}`, 0));
  const first = startConsumer(service, topic, 'latest', 0);
  await eventually(() => first.lines.includes('subscribed'));
  await first.kill();
  const history = new History();
  for (let i = 0; i < 20; i++) {
    await publisher.publishEnvelope(topic, event(`order-${i}`, 1));
    history.accept(`order-${i}`, 1);
  }
  const second = cleanup.add(await kafkaBus(addresses, { service }), (bus) => bus.close());
  await second.subscribeEnvelope<{ sequence: number }>(
    topic,
    ({ aggregateId, payload }) => history.handle(aggregateId, payload.sequence),
    { from: 'latest' },
  );
  await eventually(() => history.handledCount === 20, 'everything since the subscription is handled');
  history.check();
  expect([...history.handled.values()].flat()).toEqual(Array(20).fill(1));
}, 60_000);

it('killed in the middle of a batch, it has committed nothing that it had not handled, and a survivor handles all', async () => {
  const topic = uniqueName('topic');
  const service = uniqueName('service');
  const history = new History();
  const publisher = cleanup.add(await kafkaBus(addresses, settings(topic)), (bus) => bus.close());
  const positions = new Map<string, { partition: number; offset: number }>();
  await Promise.all(
    Array.from({ length: 2_000 }, async (_, i) => {
      const [id, sequence] = [`order-${i % 40}`, Math.floor(i / 40)];
      const { position } = await publisher.publishEnvelope(topic, event(id, sequence));
      positions.set(`${id} ${sequence}`, {
        partition: position?.partition ?? 0,
        offset: Number(position?.offset ?? 0),
      });
      history.accept(id, sequence);
    }),
  );
  const first = startConsumer(service, topic, 'earliest', 700);
  await eventually(() => first.lines.length >= 700);
  // Long enough for commits on the interval.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await first.kill();
  const done = new Set(first.lines);
  const admin = cleanup.add(await plainAdmin(addresses), (one) => one.disconnect());
  const committed = await committedOf(admin, service, topic);
  expect(Math.max(...committed)).toBeGreaterThan(0);
  for (const [name, { partition, offset }] of positions) {
    if (offset < (committed[partition] ?? 0)) expect(done, `${name} was passed over`).toContain(name);
  }
  for (const line of first.lines) {
    const [id = '', sequence] = line.split(' ');
    if (id !== 'subscribed') history.handle(id, Number(sequence));
  }
  const survivor = cleanup.add(await kafkaBus(addresses, { service }), (bus) => bus.close());
  await survivor.subscribeEnvelope<{ sequence: number }>(topic, ({ aggregateId, payload }) =>
    history.handle(aggregateId, payload.sequence),
  );
  await eventually(() => history.handledCount === 2_000, 'the survivor handles the rest');
  history.check();
}, 90_000);
