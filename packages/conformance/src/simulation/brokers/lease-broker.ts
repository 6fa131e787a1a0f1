/** A broker with leases: a stream per topic, and durable consumers. */
import type { VirtualTime } from '../time/virtual-time.js';
import { LeaseConsumer, Stream } from './lease-consumer.js';
import type { BrokerEvents, NewRecord, StoredRecord } from './records.js';
import { persistenceOf, topicOf } from './ways.js';

/** Streams and their consumers by name. Calls take no virtual time; the link adds it. */
export class LeaseBroker {
  readonly streams = new Map<string, Stream>();
  readonly #time: VirtualTime;
  readonly #events: BrokerEvents;

  constructor(time: VirtualTime, events: BrokerEvents) {
    this.#time = time;
    this.#events = events;
  }

  stream(topic: string): Stream {
    let stream = this.streams.get(topic);
    if (stream === undefined) {
      stream = new Stream(topic);
      this.streams.set(topic, stream);
    }
    return stream;
  }

  store(topic: string, record: NewRecord): StoredRecord {
    const stream = this.stream(topic);
    const stored: StoredRecord = {
      ...record,
      ...{ topic: topicOf(topic), persistence: persistenceOf(topic), at: this.#time.now },
      ...{ partition: 0, offset: stream.end + 1 },
    };
    stream.records.push(stored);
    this.#events.stored(stored);
    for (const consumer of stream.consumers.values()) consumer.pump();
    return stored;
  }

  /** The durable consumer of a group; undefined where there is none. */
  findConsumer(topic: string, group: string): LeaseConsumer | undefined {
    return this.stream(topic).consumers.get(group);
  }

  /** Everything up to `floor` is settled already. */
  makeConsumer(topic: string, group: string, floor: number, isSingleActive: boolean): LeaseConsumer {
    const stream = this.stream(topic);
    const consumer = new LeaseConsumer(stream, floor, isSingleActive, this.#time, this.#events);
    stream.consumers.set(group, consumer);
    return consumer;
  }

  /** By an operator. Whoever asks it next is told. */
  deleteConsumer(topic: string, group: string): void {
    const consumer = this.findConsumer(topic, group);
    consumer?.delete();
    this.stream(topic).consumers.delete(group);
  }
}
