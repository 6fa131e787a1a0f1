/** Offsets that are not there any more, as compaction leaves them. */
import { startService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import {
  Cleanup,
  committedOf,
  eventually,
  kafkaBus,
  plainAdmin,
  plainKafka,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const KEYS = 20;
const ROUNDS = 5;

it('the position passes what was compacted away', { timeout: 90_000 }, async () => {
  const config = 'log.cleaner.backoff.ms=100\nlog.cleaner.min.cleanable.ratio=0.001';
  const broker = cleanup.add(await startService('kafka', { own: true, config }), (one) => one.close());
  const admin = cleanup.add(await plainAdmin(broker.addresses), (one) => one.disconnect());
  const producer = plainKafka(broker.addresses).producer();
  await producer.connect();
  cleanup.add(producer, (one) => one.disconnect());
  const topic = uniqueName('compacted');
  const configEntries = Object.entries({
    'cleanup.policy': 'compact',
    'segment.ms': '100',
    'min.cleanable.dirty.ratio': '0.001',
    'max.compaction.lag.ms': '200',
  }).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, configEntries }] });
  let sent = 0;
  const round = async () => {
    const messages = Array.from({ length: KEYS }, (_, i) => ({ key: `k${i}`, value: `${sent + i}` }));
    await producer.send({ topic, messages });
    sent += KEYS;
  };
  for (let i = 0; i < ROUNDS; i++) await round();

  const bus = cleanup.add(await kafkaBus(broker.addresses), (one) => one.close());
  /** What a group that begins now is given, up to the end of the log. */
  const read = async (group: string) => {
    await round(); // rolls the segment, so that what came before may be compacted
    const values: number[] = [];
    const end = sent - 1;
    const subscription = await bus.subscribe(
      topic,
      ({ data }) => void values.push(Number(Buffer.from(data))),
      {
        group,
        concurrency: 1,
      },
    );
    await eventually(() => values.includes(end));
    await subscription.close();
    return values;
  };
  let groups = 0;
  let values: readonly number[] = [];
  await eventually(async () => {
    values = await read(`group-${++groups}`);
    return values.length < sent;
  }, 'some messages are compacted away');
  expect([...values]).toEqual([...values].sort((a, b) => a - b));
  await eventually(async () => (await committedOf(admin, `group-${groups}`, topic))[0] === sent);
});
