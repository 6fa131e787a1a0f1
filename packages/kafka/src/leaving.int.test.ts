/** Messages that come while their reader leaves: whoever reads next gets them. */
import { sharedService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import { Cleanup, eventually, kafkaBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('kafka');

it('a subscription that closes while messages come loses none', async () => {
  const topic = uniqueName('topic');
  const common = { topics: { [topic]: { partitions: 1 } } };
  const bus = cleanup.add(await kafkaBus(addresses, { common }), (one) => one.close());
  const [handled, sent] = [new Set<string>(), new Set<string>()];
  const subscribe = () => bus.subscribe(topic, (message) => void handled.add(message.text()));
  // Keeps the group's consumer, so that it need not join again.
  await bus.subscribe(uniqueName('other'), () => {});
  for (let round = 0; round < 12; round++) {
    const subscription = await subscribe();
    let isOpen = true;
    const publishing = (async () => {
      for (let i = 0; isOpen; i++) {
        const text = `${round}-${i}`;
        await bus.publish(topic, text, { key: 'a' });
        sent.add(text);
      }
    })();
    const before = handled.size;
    await eventually(() => handled.size > before);
    const closing = subscription.close();
    isOpen = false;
    await publishing;
    await closing;
  }
  await subscribe();
  await eventually(() => handled.size === sent.size);
  expect([...sent].filter((text) => !handled.has(text))).toEqual([]);
}, 60_000);
