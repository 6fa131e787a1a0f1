/** A driver under a test's control: every send and every receive waits for the test to answer. */

import { z } from 'zod';
import type { Capabilities } from '../driver/capabilities.js';
import type {
  AssignmentListener,
  CallOptions,
  Demand,
  Driver,
  DriverHost,
  DriverSubscription,
  PingReply,
  SubscriptionSpec,
} from '../driver/driver.js';
import type { IncomingMessage, OutgoingRecord, SendReceipt, Settlement } from '../driver/message.js';
import type { DriverTopicAdmin } from '../driver/topic-admin.js';
import { definePlugin } from '../registry/plugin.js';
import { type Deferred, deferred } from '../util/promise.js';

const encoder = new TextEncoder();

export interface PendingSend {
  readonly record: OutgoingRecord;
  /** The value as text. */
  readonly text: string;
  ack(receipt?: SendReceipt): void;
  fail(error: unknown): void;
}

/** An error as a client would throw it; `classify` reads `retryable` off it. */
export function clientError(message: string, retryable: boolean): Error {
  return Object.assign(new Error(message), { retryable });
}

export class ScriptedSubscription implements DriverSubscription {
  readonly spec: SubscriptionSpec;
  readonly settled: Settlement[] = [];
  readonly demands: Demand[] = [];
  readonly extended: unknown[][] = [];
  settleError: Error | undefined;
  closed = false;
  /** What core does when partitions come and go. */
  assignments: AssignmentListener | undefined;
  readonly leaseMs?: number;
  #pending: Deferred<readonly IncomingMessage[] | undefined> | undefined;
  #stopped = false;

  constructor(spec: SubscriptionSpec, leaseMs: number | undefined) {
    this.spec = spec;
    if (leaseMs !== undefined) this.leaseMs = leaseMs;
  }

  get asking(): boolean {
    return this.#pending !== undefined;
  }

  receive(demand: Demand): Promise<readonly IncomingMessage[] | undefined> {
    this.demands.push(demand);
    if (this.#stopped) return Promise.resolve(undefined);
    this.#pending = deferred();
    return this.#pending.promise;
  }

  /** Answers the pending receive. */
  deliver(
    ...messages: readonly (Omit<Partial<IncomingMessage>, 'value'> & { value: Uint8Array | string })[]
  ): void {
    const pending = this.#take();
    const { topic } = this.spec;
    pending.resolve(
      messages.map(({ value, ...rest }, index) => ({
        token: rest.token ?? `${this.demands.length}.${index}`,
        topic,
        headers: [],
        ...rest,
        value: typeof value === 'string' ? encoder.encode(value) : value,
      })),
    );
  }

  failReceive(error: Error): void {
    this.#take().reject(error);
  }

  settle(done: readonly Settlement[]): void {
    if (this.settleError !== undefined) throw this.settleError;
    for (const { token, outcome } of done) this.settled.push({ token, outcome });
  }

  onAssignment(listener: AssignmentListener): void {
    this.assignments = listener;
  }

  extendLease(tokens: readonly unknown[]): void {
    this.extended.push([...tokens]);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#pending !== undefined) this.#take().resolve(undefined);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #take(): Deferred<readonly IncomingMessage[] | undefined> {
    const pending = this.#pending;
    if (pending === undefined) throw new Error('core has not asked for messages');
    this.#pending = undefined;
    return pending;
  }
}

export class ScriptedDriver implements Driver<string> {
  readonly specVersion = 1;
  readonly system = 'scripted';
  readonly native = 'the native client';
  readonly defaultPersistence = 'persistent';
  isShared = false;
  defaultGroup?: string;
  clientId?: string;
  readonly sends: PendingSend[] = [];
  readonly subscriptions: ScriptedSubscription[] = [];
  capability: Partial<Capabilities> = {};
  admin?: DriverTopicAdmin;
  maxInFlight?: number;
  maxDeliveries?: number;
  leaseMs: number | undefined;
  connectError: Error | undefined;
  host: DriverHost | undefined;
  closed = false;

  capabilities(): Capabilities {
    return {
      settle: 'individual',
      ordering: 'instance',
      retriesInClient: false,
      redelivery: true,
      replay: true,
      dedupe: false,
      acknowledged: true,
      lag: false,
      ...this.capability,
    };
  }

  async connect(host: DriverHost): Promise<void> {
    this.host = host;
    if (this.connectError !== undefined) throw this.connectError;
  }

  async ping(_options?: CallOptions): Promise<PingReply> {
    return {};
  }

  send(record: OutgoingRecord): Promise<SendReceipt> {
    const { promise, resolve, reject } = deferred<SendReceipt>();
    const text = new TextDecoder().decode(record.value);
    this.sends.push({ record, text, ack: (receipt = {}) => resolve(receipt), fail: reject });
    return promise;
  }

  async subscribe(spec: SubscriptionSpec): Promise<DriverSubscription> {
    const subscription = new ScriptedSubscription(spec, this.leaseMs);
    this.subscriptions.push(subscription);
    return subscription;
  }

  classify(error: unknown): { code: 'PUBLISH_FAILED'; retryable: boolean } {
    return { code: 'PUBLISH_FAILED', retryable: (error as { retryable?: boolean }).retryable === true };
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** The values sent so far, as text. */
  get texts(): string[] {
    return this.sends.map((send) => send.text);
  }
}

/** A transport named `scripted` over one given driver. */
export function scriptedPlugin(driver: ScriptedDriver) {
  return definePlugin({
    kind: 'transport',
    name: 'scripted',
    config: z.strictObject({}),
    create: () => driver,
  });
}
