/** The wire between an adapter's subscriptions and core: counts what is pushed and settled, and keeps renewals back. */
import type {
  Driver,
  DriverSubscription,
  IncomingMessage,
  Settlement,
  SettleToken,
  SubscriptionSink,
  TransportPlugin,
} from '@ebus/core/driver';
import { replacing, replacingDriver } from './replacing.js';

/** Wraps an adapter's plug-in. One wire may serve several buses; its counts add up. */
export class DeliveryWire {
  /** Messages, those that came again included. */
  pushed = 0;
  /** Deliveries that were settled or given back, and of which the adapter has answered. */
  settled = 0;
  #keepsRenewals = false;
  #losesSettlements = false;

  /** From now on no lease is renewed, although core believes that it is. Ends when the returned function is called. */
  keepRenewalsBack(): () => void {
    this.#keepsRenewals = true;
    return () => {
      this.#keepsRenewals = false;
    };
  }

  /** From now on nothing that core settles or gives back arrives at the adapter. */
  loseSettlements(): void {
    this.#losesSettlements = true;
  }

  /** The same plug-in with this wire before its driver. */
  // biome-ignore lint/suspicious/noExplicitAny: passes any adapter's configuration and client through
  wrap(plugin: TransportPlugin<string, any, any>): TransportPlugin<string, any, any> {
    return replacingDriver(plugin, (driver) => this.#wrapDriver(driver));
  }

  #wrapDriver(driver: Driver): Driver {
    return replacing(driver, {
      subscribe: async (spec, sink, options) =>
        this.#wrapSubscription(await driver.subscribe(spec, this.#wrapSink(sink), options)),
    });
  }

  #wrapSink(sink: SubscriptionSink): SubscriptionSink {
    return replacing(sink, {
      push: (batch: readonly IncomingMessage[]) => {
        this.pushed += batch.length;
        sink.push(batch);
      },
    });
  }

  #wrapSubscription(subscription: DriverSubscription): DriverSubscription {
    return replacing(subscription, {
      settle: async (done: readonly Settlement[]) => {
        if (this.#losesSettlements) return;
        const count = done.length;
        await subscription.settle(done);
        this.settled += count;
      },
      extendLease: (tokens: readonly SettleToken[]) => {
        if (!this.#keepsRenewals) subscription.extendLease?.(tokens);
      },
    });
  }
}
