/** A driver under a test's control: every send and every receive waits for the test to answer. */

import { z } from 'zod';
import type { Capabilities } from '../driver/capabilities.js';
import type { AttemptOptions, CallOptions, Driver, DriverHost, PingReply } from '../driver/driver.js';
import type { SendReceipt, SendRecord } from '../driver/message.js';
import type { ServerAddress } from '../driver/server-address.js';
import type { DriverSubscription, SubscriptionSink, SubscriptionSpec } from '../driver/subscription.js';
import type { DriverTopicAdmin } from '../driver/topic-admin.js';
import { definePlugin } from '../registry/plugin.js';
import { deferred } from '../util/promise.js';
import { ScriptedSubscription } from './scripted-subscription.js';

export { ScriptedSubscription };

export interface PendingSend {
  readonly record: SendRecord;
  /** The value as text. */
  readonly text: string;
  ack(receipt?: SendReceipt): void;
  fail(error: unknown): void;
}

/** An error as a client would throw it; `classify` reads `retryable` off it. */
export function clientError(message: string, retryable: boolean): Error {
  return Object.assign(new Error(message), { retryable });
}

export class ScriptedDriver implements Driver<string> {
  readonly specVersion = 2;
  system = 'scripted';
  readonly native = 'the native client';
  readonly defaultPersistence = 'persistent';
  isShared = false;
  defaultGroup?: string;
  clientId?: string;
  server?: ServerAddress;
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
      ordering: 'cluster',
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

  send(record: SendRecord): Promise<SendReceipt> {
    const { promise, resolve, reject } = deferred<SendReceipt>();
    const text = new TextDecoder().decode(record.value);
    this.sends.push({ record, text, ack: (receipt = {}) => resolve(receipt), fail: reject });
    return promise;
  }

  async subscribe(
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    _options?: AttemptOptions,
  ): Promise<DriverSubscription> {
    const subscription = new ScriptedSubscription(spec, sink, this.leaseMs);
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
