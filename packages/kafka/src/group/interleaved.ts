/** The order in which the messages of one poll are handed over. */
import type { KafkaDelivery, Partition } from './partition.js';

/** The partitions in turn, so that the last fetched one need not wait for all others. Within a partition in log order. */
export function interleaved(batch: readonly KafkaDelivery[]): readonly KafkaDelivery[] {
  const first = batch[0]?.partition;
  if (batch.every(({ partition }) => partition === first)) return batch;
  const lists = new Map<Partition, KafkaDelivery[]>();
  for (const delivery of batch) {
    const list = lists.get(delivery.partition);
    if (list === undefined) lists.set(delivery.partition, [delivery]);
    else list.push(delivery);
  }
  const merged: KafkaDelivery[] = [];
  for (let i = 0; merged.length < batch.length; i++) {
    for (const list of lists.values()) {
      const next = list[i];
      if (next !== undefined) merged.push(next);
    }
  }
  return merged;
}
