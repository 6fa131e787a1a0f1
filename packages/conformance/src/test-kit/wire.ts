/**
 * The wire between core and the adapter's driver: records what passes, and delays or fails sends on demand.
 * So a test can say "not acknowledged yet" on every transport, and needs no faulty broker for it.
 */
import type {
  Driver,
  DriverSubscription,
  OutgoingRecord,
  Position,
  SendReceipt,
  SendRecord,
  Settlement,
  SettleOutcome,
  TransportPlugin,
} from '@ebus/core/driver';
import { Deferred } from './deferred.js';
import { replacing, replacingDriver } from './replacing.js';

/** A record as it was when it was sent; core may go on with its own object. */
export type SentRecord = Pick<OutgoingRecord, 'key' | 'messageId' | 'headers' | 'value'>;

/** One thing that passed, in order. `send`: handed to the driver, `acknowledged`/`failed`: what came of it. */
export type WireEntry =
  | {
      readonly kind: 'send' | 'acknowledged' | 'failed';
      readonly topic: string;
      readonly record: SentRecord;
    }
  | { readonly kind: 'settle'; readonly topic: string; readonly outcome: SettleOutcome };

type Matcher = (record: OutgoingRecord) => boolean;

interface Fault {
  readonly matches: Matcher;
  remaining: number;
  /** A receipt is answered in place of sending. */
  readonly apply: () => Promise<SendReceipt | undefined>;
}

/** Wraps an adapter's plug-in. Faults apply in the order they were set; the log has all buses that use the wire. */
export class Wire {
  readonly log: WireEntry[] = [];
  readonly #faults = new Set<Fault>();

  /** The next sends that match (all of them without `times`) reject with that error, unsent, until the returned function is called. */
  fail(matches: Matcher, error: Error, times = Number.POSITIVE_INFINITY): () => void {
    const fault: Fault = { matches, remaining: times, apply: () => Promise.reject(error) };
    this.#faults.add(fault);
    return () => void this.#faults.delete(fault);
  }

  /** The next sends that match get that receipt, unsent. */
  answer(matches: Matcher, receipt: SendReceipt, times = 1): void {
    this.#faults.add({ matches, remaining: times, apply: () => Promise.resolve(receipt) });
  }

  /** Sends that match reach the driver only once the returned function was called; given an error, they reject. */
  hold(matches: Matcher): (error?: Error) => void {
    const gate = new Deferred();
    const fault = {
      matches,
      remaining: Number.POSITIVE_INFINITY,
      apply: () => gate.promise.then(() => undefined),
    };
    this.#faults.add(fault);
    return (error) => {
      this.#faults.delete(fault);
      if (error === undefined) gate.resolve();
      else gate.reject(error);
    };
  }

  /** How often something of that kind passed for a topic. */
  count(kind: WireEntry['kind'], topic: string): number {
    return this.log.filter((entry) => entry.kind === kind && entry.topic === topic).length;
  }

  /** What became of the deliveries of a topic, in the order of settling. */
  outcomes(topic: string): SettleOutcome[] {
    return this.log.flatMap((entry) =>
      entry.kind === 'settle' && entry.topic === topic ? [entry.outcome] : [],
    );
  }

  /** `kind topic`, or for settlements `outcome topic`, in order. */
  lines(): string[] {
    return this.log.map((entry) => `${entry.kind === 'settle' ? entry.outcome : entry.kind} ${entry.topic}`);
  }

  /** The same plug-in with this wire before its driver. */
  // biome-ignore lint/suspicious/noExplicitAny: passes any adapter's configuration and client through
  wrap(plugin: TransportPlugin<string, any, any>): TransportPlugin<string, any, any> {
    return replacingDriver(plugin, (driver) => this.#wrapDriver(driver));
  }

  #wrapDriver(driver: Driver): Driver {
    return replacing(driver, {
      send: (record: SendRecord) => this.#send(driver, record),
      // Without it core sends one by one, so that each record passes here.
      ...({ sendBatch: undefined } as object),
      subscribe: async (...args: Parameters<Driver['subscribe']>) =>
        this.#wrapSubscription(args[0].topic, await driver.subscribe(...args)),
    });
  }

  async #send(driver: Driver, outgoing: SendRecord): Promise<SendReceipt> {
    const { topic, key, messageId, headers, value } = outgoing;
    const record = { key, messageId, headers, value };
    this.log.push({ kind: 'send', topic, record });
    try {
      const receipt = (await this.#faultFor(outgoing)?.apply()) ?? (await answered(driver, outgoing));
      this.log.push({ kind: 'acknowledged', topic, record });
      return receipt;
    } catch (error) {
      this.log.push({ kind: 'failed', topic, record });
      throw error;
    }
  }

  #faultFor(record: OutgoingRecord): Fault | undefined {
    for (const fault of this.#faults) {
      if (fault.remaining > 0 && fault.matches(record)) {
        fault.remaining--;
        return fault;
      }
    }
    return undefined;
  }

  #wrapSubscription(topic: string, subscription: DriverSubscription): DriverSubscription {
    return replacing(subscription, {
      settle: (done: readonly Settlement[]) => {
        for (const { outcome } of done) this.log.push({ kind: 'settle', topic, outcome });
        return subscription.settle(done);
      },
    });
  }
}

/** The driver's answer, whichever way it gives it. */
function answered(driver: Driver, record: SendRecord): Promise<SendReceipt> {
  return new Promise((resolve, reject) => {
    const listening = replacing(record, {
      stored: (position?: Position, duplicate?: boolean) =>
        resolve({ ...(position && { position }), ...(duplicate && { duplicate }) }),
      failed: reject,
    });
    const receipt = driver.send(listening);
    if (receipt !== undefined) resolve(receipt);
  });
}

/** Everything published to that topic. */
export const to =
  (topic: string): Matcher =>
  (record) =>
    record.topic === topic;
