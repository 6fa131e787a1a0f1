/** Sends to one topic that wait for room, first come first served. */
import {
  type DriverHostV1 as DriverHost,
  type EbusError,
  type OutgoingRecord,
  PublishTimeoutError,
  type SendReceipt,
  type TimerHandle,
} from '@ebus/core/driver';

/** Timers hold no longer delay; one that fires early is set again. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** What the queue needs to know of its topic. */
export interface SendTarget {
  hasRoom(): boolean;
  append(record: OutgoingRecord, host: DriverHost): SendReceipt;
  /** Who is in the way, as a sentence. */
  whyFull(): string;
}

interface WaitingSend {
  readonly record: OutgoingRecord;
  readonly host: DriverHost;
  /** Epoch milliseconds; read once, as the record is the caller's. */
  readonly deadline: number;
  readonly outcome: Promise<SendReceipt>;
  resolve(receipt: SendReceipt): void;
  reject(error: EbusError): void;
}

export class SendQueue {
  readonly #target: SendTarget;
  readonly #waiting = new Set<WaitingSend>();
  #timer: { readonly handle: TimerHandle; readonly host: DriverHost; readonly deadline: number } | undefined;

  constructor(target: SendTarget) {
    this.#target = target;
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** Resolves once the record is written; rejects at its deadline, after which it is never written. */
  add(record: OutgoingRecord, host: DriverHost): Promise<SendReceipt> {
    const settlers = {} as Pick<WaitingSend, 'resolve' | 'reject'>;
    const outcome = new Promise<SendReceipt>((resolve, reject) =>
      Object.assign(settlers, { resolve, reject }),
    );
    this.#waiting.add({ record, host, deadline: record.deadline, outcome, ...settlers });
    this.#arm(host, record.deadline);
    return outcome;
  }

  /** Writes what there is room for, in the order of the calls. */
  drain(): void {
    for (const send of this.#waiting) {
      if (!this.#target.hasRoom()) break;
      this.#waiting.delete(send);
      if (isOverdue(send)) send.reject(this.#timedOut(send));
      else send.resolve(this.#target.append(send.record, send.host));
    }
  }

  /** Resolves when none of this host's sends waits any more. */
  async settled(host: DriverHost): Promise<void> {
    await Promise.allSettled(this.#of(host).map((send) => send.outcome));
  }

  /** Gives up this host's sends. */
  reject(host: DriverHost, reason: (topic: string) => EbusError): void {
    for (const send of this.#of(host)) {
      this.#waiting.delete(send);
      send.reject(reason(send.record.topic));
    }
    this.#disarm();
    this.#armForEarliest();
  }

  #of(host: DriverHost): WaitingSend[] {
    return [...this.#waiting].filter((send) => send.host === host);
  }

  /** One timer for all, set for the earliest deadline. It stays when the sends are written before, as most are. */
  #arm(host: DriverHost, deadline: number): void {
    if (this.#timer !== undefined && this.#timer.deadline <= deadline) return;
    this.#disarm();
    const delay = Math.min(Math.max(0, deadline - host.clock.monotonic()), MAX_DELAY_MS);
    const handle = host.clock.setTimeout(() => this.#expire(), delay);
    handle.unref();
    this.#timer = { handle, host, deadline };
  }

  #disarm(): void {
    this.#timer?.host.clock.clearTimeout(this.#timer.handle);
    this.#timer = undefined;
  }

  #expire(): void {
    this.#timer = undefined;
    for (const send of this.#waiting) {
      if (!isOverdue(send)) continue;
      this.#waiting.delete(send);
      send.reject(this.#timedOut(send));
    }
    this.#armForEarliest();
  }

  #armForEarliest(): void {
    let earliest: WaitingSend | undefined;
    for (const send of this.#waiting) {
      if (earliest === undefined || send.deadline < earliest.deadline) earliest = send;
    }
    if (earliest !== undefined) this.#arm(earliest.host, earliest.deadline);
  }

  #timedOut(send: WaitingSend): PublishTimeoutError {
    return new PublishTimeoutError(
      `the message to '${send.record.topic}' over memory was not sent within its timeout: ${this.#target.whyFull()}`,
    );
  }
}

function isOverdue({ host, deadline }: WaitingSend): boolean {
  return host.clock.monotonic() >= deadline;
}
