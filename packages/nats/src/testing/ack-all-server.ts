/** The state of a consumer with ack policy `all`, as the server keeps it, for tests without sockets. */
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { JetStreamDelivery } from '../js/delivery.js';
import type { Link } from '../link.js';

/** Follows the server's rules for acknowledgements: they confirm all messages up to their own, and late ones are ignored. */
export class AckAllServer {
  /** Given and not confirmed: the consumer's count of the first delivery of each. */
  readonly pending = new Map<number, number>();
  /** Words about single messages. */
  readonly words: (readonly [sequence: number, word: string])[] = [];
  readonly #floor = { consumer_seq: 0, stream_seq: 0 };
  readonly #counts = new Map<number, number>();
  #given = 0;
  #last = 0;

  get floor(): number {
    return this.#floor.stream_seq;
  }

  get info(): ConsumerInfo {
    return {
      num_ack_pending: this.pending.size,
      delivered: { consumer_seq: this.#given, stream_seq: this.#last },
      ack_floor: { ...this.#floor },
    } as ConsumerInfo;
  }

  /** The next message, or one of the pending ones again. */
  give(sequence = this.#last + 1): JetStreamDelivery {
    this.#last = Math.max(this.#last, sequence);
    const consumerSequence = ++this.#given;
    if (!this.pending.has(sequence)) this.pending.set(sequence, consumerSequence);
    const deliveryCount = (this.#counts.get(sequence) ?? 0) + 1;
    this.#counts.set(sequence, deliveryCount);
    const reply = Buffer.from(`ack.${sequence}.${consumerSequence}`) as Uint8Array;
    return { sequence, consumerSequence, deliveryCount, reply, state: 'open' } as JetStreamDelivery;
  }

  /** A member's connection. Nothing gets through while it is closed. */
  link(): Link & { isClosed: boolean } {
    const publish = (reply: string, word = '') => {
      const [, sequence, count] = reply.split('.').map(Number);
      if (word === '') this.#acknowledge(sequence as number, count as number);
      else this.words.push([sequence as number, word]);
    };
    const request = async (reply: string, word: string) => publish(reply, word);
    return { isClosed: false, connection: { publish, request } } as unknown as Link & { isClosed: boolean };
  }

  #acknowledge(sequence: number, count: number): void {
    if (count <= this.#floor.consumer_seq || sequence <= this.#floor.stream_seq || sequence > this.#last)
      return;
    this.#floor.consumer_seq = count;
    this.#floor.stream_seq = sequence;
    for (const one of this.pending.keys()) if (one <= sequence) this.pending.delete(one);
  }
}
