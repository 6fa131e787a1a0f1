/** What is published while the clients are being replaced: it waits for the new ones, in order. */
import { Deque, type OutgoingRecord, PublishTimeoutError, type SendReceipt } from '@ebus/core/driver';

interface Held {
  readonly record: OutgoingRecord;
  resolve(receipt: SendReceipt | Promise<SendReceipt>): void;
  reject(error: unknown): void;
}

export class HeldRecords {
  readonly #held = new Deque<Held>();
  readonly #now: () => number;

  /** @param now epoch milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  get count(): number {
    return this.#held.length;
  }

  /** Those before it whose time is up go first: nobody waits for them, and they are not to pile up. */
  hold(record: OutgoingRecord): Promise<SendReceipt> {
    for (let first = this.#held.peek(); first !== undefined; first = this.#held.peek()) {
      if (!this.#isLate(first)) break;
      this.#held.shift();
      this.#refuse(first);
    }
    return new Promise((resolve, reject) => {
      this.#held.push({ record, resolve, reject });
    });
  }

  /** Sends them, those left out whose time is up. */
  release(send: (record: OutgoingRecord) => Promise<SendReceipt>): void {
    for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) {
      if (this.#isLate(next)) this.#refuse(next);
      else next.resolve(send(next.record));
    }
  }

  reject(error: unknown): void {
    for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) next.reject(error);
  }

  #isLate({ record }: Held): boolean {
    return this.#now() > record.deadline;
  }

  #refuse({ record, reject }: Held): void {
    const text = `not sent: Kafka was not connected in time for the message to '${record.topic}'`;
    reject(new PublishTimeoutError(text));
  }
}
