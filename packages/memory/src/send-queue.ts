/** Sends to one topic that wait for room, first come first served. */
import {
  type DeadlineEntry,
  DeadlineQueue,
  type DriverHost,
  type EbusError,
  type OutgoingRecord,
  PublishTimeoutError,
  type SendReceipt,
} from '@ebus/core/driver';

/** The topic, as the queue uses it. */
export interface SendTarget {
  hasRoom(): boolean;
  append(record: OutgoingRecord, host: DriverHost): SendReceipt;
  /** Who is in the way, as a sentence. */
  whyFull(): string;
}

class WaitingSend implements DeadlineEntry {
  readonly record: OutgoingRecord;
  readonly host: DriverHost;
  readonly outcome: Promise<SendReceipt>;
  resolve!: (receipt: SendReceipt) => void;
  reject!: (error: EbusError) => void;
  deadline = 0;
  prev: DeadlineEntry | undefined = undefined;
  next: DeadlineEntry | undefined = undefined;
  sequence = 0;
  slot = 0;

  constructor(record: OutgoingRecord, host: DriverHost) {
    this.record = record;
    this.host = host;
    this.outcome = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** Holds sends until their topic has room. Each ends at its own deadline with a `PublishTimeoutError`. */
export class SendQueue {
  readonly #target: SendTarget;
  readonly #waiting = new Set<WaitingSend>();
  /** By host: each has a clock of its own. */
  readonly #deadlines = new Map<DriverHost, DeadlineQueue<WaitingSend>>();

  constructor(target: SendTarget) {
    this.#target = target;
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** Resolves once the record is written; rejects at its deadline, after which it is never written. */
  add(record: OutgoingRecord, host: DriverHost): Promise<SendReceipt> {
    const send = new WaitingSend(record, host);
    this.#waiting.add(send);
    this.#deadlinesOf(host).add(send, record.deadline);
    return send.outcome;
  }

  /** Writes what there is room for, in the order of the calls. */
  drain(): void {
    for (const send of this.#waiting) {
      if (!this.#target.hasRoom()) break;
      this.#take(send);
      const { record, host } = send;
      if (host.clock.monotonic() >= record.deadline) send.reject(this.#timedOut(send));
      else send.resolve(this.#target.append(record, host));
    }
  }

  /** Resolves when none of this host's sends waits any more. */
  async settled(host: DriverHost): Promise<void> {
    await Promise.allSettled(this.#of(host).map((send) => send.outcome));
  }

  /** Gives up this host's sends. */
  reject(host: DriverHost, reason: (topic: string) => EbusError): void {
    for (const send of this.#of(host)) {
      this.#take(send);
      send.reject(reason(send.record.topic));
    }
    this.#deadlines.get(host)?.clear();
    this.#deadlines.delete(host);
  }

  #of(host: DriverHost): WaitingSend[] {
    return [...this.#waiting].filter((send) => send.host === host);
  }

  #take(send: WaitingSend): void {
    this.#waiting.delete(send);
    this.#deadlines.get(send.host)?.remove(send);
  }

  #deadlinesOf(host: DriverHost): DeadlineQueue<WaitingSend> {
    let deadlines = this.#deadlines.get(host);
    if (deadlines === undefined) {
      deadlines = new DeadlineQueue<WaitingSend>(host.clock, (send) => {
        this.#waiting.delete(send);
        send.reject(this.#timedOut(send));
      });
      this.#deadlines.set(host, deadlines);
    }
    return deadlines;
  }

  #timedOut(send: WaitingSend): PublishTimeoutError {
    return new PublishTimeoutError(
      `the message to '${send.record.topic}' over memory was not sent within its timeout: ${this.#target.whyFull()}`,
    );
  }
}
