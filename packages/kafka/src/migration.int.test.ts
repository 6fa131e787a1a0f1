/** A group moves from another client to ebus. That client assigns its partitions by another protocol, as Go services do. */
import { sharedService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import { Cleanup, event, eventually, kafkaBus, plainKafka, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const { addresses } = await sharedService('kafka');

it('ebus is not admitted beside the other members, and goes on at their offsets when they are gone', {
  timeout: 90_000,
}, async () => {
  const [topic, group] = [uniqueName('topic'), uniqueName('group')];
  const common = { topics: { [topic]: { partitions: 1 } } };
  const publisher = cleanup.add(await kafkaBus(addresses, { common }), (bus) => bus.close());
  const publish = (sequence: number) => publisher.publishEnvelope(topic, event('a', sequence));

  const old = plainKafka(addresses).consumer({ groupId: group });
  await old.connect();
  let isGone = false;
  cleanup.add(old, async (consumer) => (isGone ? undefined : consumer.disconnect()));
  await old.subscribe({ topic, fromBeginning: true });
  const byOld: number[] = [];
  await old.run({
    eachMessage: async ({ message }) => void byOld.push(JSON.parse(String(message.value)).payload.sequence),
  });
  for (const sequence of [1, 2]) await publish(sequence);
  await eventually(() => byOld.length === 2);

  const successor = cleanup.add(await kafkaBus(addresses, { service: group }), (bus) => bus.close());
  const byNew: number[] = [];
  const subscribe = () =>
    successor.subscribeEnvelope<{ sequence: number }>(
      topic,
      ({ payload }) => void byNew.push(payload.sequence),
      { group },
    );
  await expect(subscribe()).rejects.toMatchObject({ code: 'SUBSCRIBE_FAILED', retryable: false });

  await old.disconnect();
  isGone = true;
  await publish(3);
  await subscribe();
  await publish(4);
  await eventually(() => byNew.length === 2);
  expect([byOld, byNew]).toEqual([
    [1, 2],
    [3, 4],
  ]);
});
