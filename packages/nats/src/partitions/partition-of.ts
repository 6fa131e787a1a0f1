/** The partition of a key: the same one as Kafka's partitioner `fnv1a_random` and the lineage's Go producers choose. */
import { fnv1a32 } from '@ebus/core/driver';

const decoder = new TextDecoder();

/** The absolute value of the signed hash, modulo the number of partitions. Pure. */
export function partitionOf(key: string, partitions: number): number {
  return partitions === 1 ? 0 : Math.abs(fnv1a32(key) | 0) % partitions;
}

/** Chooses partitions of records to send. Those without a key take turns. */
export class Partitioner {
  #turn = 0;

  choose(key: string | Uint8Array | undefined, partitions: number): number {
    if (key === undefined || key.length === 0) {
      this.#turn = (this.#turn + 1) % partitions;
      return this.#turn;
    }
    return partitionOf(typeof key === 'string' ? key : decoder.decode(key), partitions);
  }
}
