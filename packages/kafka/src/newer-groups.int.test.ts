/** Groups of the newer protocol (KIP-848), which other clients may use: a group with a member is not told as one without. */
import native from '@confluentinc/kafka-javascript';
import { sharedService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import { Cleanup, eventually, kafkaBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

it('has no count of members of such a group, and its lag', async () => {
  const { addresses: brokers } = await sharedService('kafka');
  const [topic, group] = [uniqueName('topic'), uniqueName('group')];
  const bus = cleanup.add(await kafkaBus(brokers), (one) => one.close());
  await bus.topics.configure(topic, { partitions: 1 });
  await bus.publish(topic, 'a', { key: 'a' });
  const consumer = new native.KafkaConsumer(
    {
      'bootstrap.servers': brokers.join(','),
      'group.id': group,
      'group.protocol': 'consumer',
      'enable.auto.commit': false,
    } as never,
    { 'auto.offset.reset': 'earliest' },
  );
  await new Promise((resolve) => void consumer.connect({}, resolve));
  cleanup.add(consumer, () => new Promise((resolve) => void consumer.disconnect(resolve)));
  consumer.setDefaultConsumeTimeout(100);
  consumer.subscribe([topic]);
  let read = 0;
  const poll = () =>
    new Promise<void>((resolve) =>
      consumer.consume(10, (_, messages = []) => {
        read += messages.length;
        resolve();
      }),
    );
  await eventually(
    async () => {
      await poll();
      return read > 0;
    },
    'the member reads',
    60_000,
  );
  consumer.commitSync({ topic, partition: 0, offset: 0 });
  const groups = await bus.inspect.groups(topic);
  expect(groups).toMatchObject([{ group, lag: 1 }]);
  expect(groups[0]).not.toHaveProperty('members');
}, 120_000);
