/** What is published while the clients are being replaced: it waits for the new ones, in order. */
import { Deque, type OutgoingRecord, PublishTimeoutError, type SendReceipt } from '@ebus/core/driver';

interface Held {
  readonly record: OutgoingRecord;
  resolve(receipt: SendReceipt | Promise<SendReceipt>): void;
  reject(error: unknown): void;
}

export class HeldRecords {
  readonly #held = new Deque<Held>();

  hold(record: OutgoingRecord): Promise<SendReceipt> {
    return new Promise((resolve, reject) => {
      this.#held.push({ record, resolve, reject });
    });
  }

  /** Sends them, those left out whose time is up. `now` in epoch milliseconds. */
  release(send: (record: OutgoingRecord) => Promise<SendReceipt>, now: number): void {
    for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) {
      const { record, resolve, reject } = next;
      if (now <= record.deadline) resolve(send(record));
      else {
        const text = `not sent: Kafka was not connected in time for the message to '${record.topic}'`;
        reject(new PublishTimeoutError(text));
      }
    }
  }

  reject(error: unknown): void {
    for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) next.reject(error);
  }
}
