/** A process that handles a share of a topic: `main.js partition-member <server> <topic> <concurrency> <ackWait>`. */
import { createEventBus } from '@ebus/core';
import { nats } from '@ebus/nats';

/** A member's words to its parent. Handled events by the numbers that their publisher gave them. */
export type Word =
  | { readonly what: 'subscribing' }
  | { readonly what: 'partitions'; readonly count: number }
  | { readonly what: 'handled'; readonly events: readonly number[] };

const HANDLER_MS = 10;
const TELL_MS = 100;

/** Until its parent disconnects. */
export async function partitionMember([url, topic, concurrency, ackWait]: readonly string[]): Promise<void> {
  const tell = (word: Word) => {
    // The parent may go at this moment.
    if (process.connected) process.send?.(word, undefined, undefined, () => {});
  };
  const bus = await createEventBus(
    {
      type: 'nats',
      serviceName: 'bench',
      nats: { urls: [url as string], jetstream: { ackWait: ackWait as '5s' } },
    },
    { plugins: [nats] },
  );
  const partitions = new Set<number>();
  bus.on('assigned', (event) => {
    for (const partition of event.partitions) partitions.add(partition);
    tell({ what: 'partitions', count: partitions.size });
  });
  bus.on('revoked', (event) => {
    for (const partition of event.partitions) partitions.delete(partition);
    tell({ what: 'partitions', count: partitions.size });
  });
  let events: number[] = [];
  setInterval(() => {
    tell({ what: 'handled', events });
    events = [];
  }, TELL_MS);
  tell({ what: 'subscribing' });
  await bus.subscribeEnvelope<{ n: number }>(
    topic as string,
    async ({ payload }) => {
      await new Promise((resolve) => setTimeout(resolve, HANDLER_MS));
      events.push(payload.n);
    },
    { ordering: 'cluster', concurrency: Number(concurrency) },
  );
  process.on('disconnect', () => void bus.close().then(() => process.exit(0)));
}
