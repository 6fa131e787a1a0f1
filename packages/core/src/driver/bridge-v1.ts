/** Carries drivers of version 1 into this one, until they have moved. To be deleted with `driver-v1.ts`. */
import { backoffDelay } from '../util/backoff.js';
import { pause } from '../util/pause.js';
import { isPromise, macrotask } from '../util/promise.js';
import type { CallOptions, Driver, DriverHost } from './driver.js';
import type { Demand, DriverHostV1, DriverSubscriptionV1, DriverV1, ReceivedBatch } from './driver-v1.js';
import type { Credit, DriverSubscription, SubscriptionSink } from './subscription.js';

const MAX_BATCH = 256;
const FETCH_BACKOFF = { base: 200, max: 10_000 };

const bridged = new WeakSet<object>();

/** Whether it retries by itself, as version 1 had to. */
export function isBridged(driver: Driver): boolean {
  return bridged.has(driver);
}

/** Everything else of the driver stays as it is. */
export function bridge<Native>(driver: DriverV1<Native>): Driver<Native> {
  let host: DriverHost | undefined;
  const own: Pick<Driver, 'specVersion' | 'connect' | 'subscribe'> = {
    specVersion: 2,
    connect: (given, options) => {
      host = given;
      return driver.connect(given as DriverHostV1, options);
    },
    subscribe: async (spec, sink, options) => {
      const subscription = await driver.subscribe(spec, options);
      return new Pulling(subscription, sink, (host as DriverHost).clock);
    },
  };
  const carrier = new Proxy(driver, {
    get(target, name) {
      if (name in own) return own[name as keyof typeof own];
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as unknown as Driver<Native>;
  bridged.add(carrier);
  return carrier;
}

/** Asks for messages while there is credit, and pushes them. */
class Pulling implements DriverSubscription {
  readonly leaseMs?: number;
  readonly extendLease?: NonNullable<DriverSubscription['extendLease']>;
  readonly lag?: NonNullable<DriverSubscription['lag']>;
  readonly drain?: NonNullable<DriverSubscription['drain']>;
  readonly #below: DriverSubscriptionV1;
  readonly #sink: SubscriptionSink;
  readonly #clock: DriverHost['clock'];
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #messages = 0;
  #bytes = 0;
  #more: (() => void) | undefined;

  constructor(below: DriverSubscriptionV1, sink: SubscriptionSink, clock: DriverHost['clock']) {
    this.#below = below;
    this.#sink = sink;
    this.#clock = clock;
    if (below.leaseMs !== undefined) this.leaseMs = below.leaseMs;
    if (below.extendLease !== undefined) this.extendLease = below.extendLease.bind(below);
    if (below.lag !== undefined) this.lag = below.lag.bind(below);
    if (below.drain !== undefined) this.drain = below.drain.bind(below);
    below.onAssignment?.({
      assigned: (partitions) => sink.assigned(partitions),
      revoked: (partitions, options) => sink.revoked(partitions, options),
      lost: (partitions) => sink.unassigned(partitions),
    });
  }

  request({ messages, bytes, partition }: Credit): void {
    if (partition !== undefined) return;
    this.#messages = messages;
    this.#bytes = bytes;
    // Not from within `request`: what it pushes may request more.
    this.#running ??= Promise.resolve().then(() => this.#run());
    this.#more?.();
  }

  settle(done: Parameters<DriverSubscription['settle']>[0]): void | Promise<void> {
    return this.#below.settle(done);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#below.stop();
    this.#more?.();
    await this.#running;
  }

  close(options: CallOptions): Promise<void> {
    return this.#below.close(options);
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopped.signal.aborted; ) {
      if (this.#messages <= 0 || this.#bytes <= 0) {
        await new Promise<void>((resolve) => {
          this.#more = resolve;
        });
        this.#more = undefined;
        continue;
      }
      let batch: ReceivedBatch;
      try {
        const demand: Demand = { messages: Math.min(MAX_BATCH, this.#messages), bytes: this.#bytes };
        const received = this.#below.receive(demand);
        batch = isPromise(received) ? await received : received;
        if (failures > 0) this.#sink.resumed();
        failures = 0;
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        this.#sink.failed(error);
        await pause(this.#clock, backoffDelay(FETCH_BACKOFF, ++failures, this.#clock), this.#stopped.signal);
        continue;
      }
      if (batch === undefined) {
        if (!this.#stopped.signal.aborted) this.#sink.ended();
        return;
      }
      if (batch.length === 0) await macrotask(this.#clock);
      this.#messages -= batch.length;
      for (const { size, value } of batch) this.#bytes -= size ?? value.byteLength;
      this.#sink.push(batch);
    }
  }
}
