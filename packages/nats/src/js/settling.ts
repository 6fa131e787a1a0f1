/** How the messages of a consumer are settled: one by one, or by prefix. */
import type { Clock } from '@ebus/core/driver';
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { ConsumerSpec } from '../consumer-plan.js';
import { type Deliveries, SingleDeliveries } from './deliveries.js';
import { PrefixDeliveries } from './prefix-deliveries.js';
import { PrefixUpkeep } from './prefix-upkeep.js';

interface SettlingOptions {
  readonly clock: Clock;
  /** The lease of a delivery, in milliseconds. */
  readonly ackWait: number;
  /** The consumer as the server says it is; undefined where it is another one. */
  look(): Promise<ConsumerInfo | undefined>;
  /** There may be room for more. */
  onRoom(): void;
}

/** From the first delivery of a consumer to the last settlement. */
export interface Settling {
  readonly deliveries: Deliveries;
  /** Among so many members the unsettled messages of a consumer are shared, at least. */
  readonly members: number;
  /** No more is delivered. */
  leaving(): void;
  /** After `leaving`: the server knows all that was settled. False where it cannot be asked. @throws where it does not answer */
  confirm(): Promise<boolean>;
  /** Nothing is settled any more. */
  close(): void;
}

/** As the consumer's ack policy demands. */
export function settlingOf(
  { ackPolicy }: Pick<ConsumerSpec, 'ackPolicy'>,
  options: SettlingOptions,
): Settling {
  return ackPolicy === 'all' ? byPrefix(options) : oneByOne(options);
}

function oneByOne({ clock }: SettlingOptions): Settling {
  const deliveries = new SingleDeliveries(clock);
  return { deliveries, members: 2, leaving: () => {}, confirm: () => deliveries.confirm(), close: () => {} };
}

function byPrefix(options: SettlingOptions): Settling {
  const deliveries: PrefixDeliveries = new PrefixDeliveries({
    ...options,
    onDoubt: () => void upkeep.resolve(),
  });
  const upkeep = new PrefixUpkeep({ ...options, deliveries });
  return {
    deliveries,
    // One at a time takes all of them.
    members: 1,
    leaving: () => deliveries.leaving(),
    confirm: async () => {
      await upkeep.finish();
      return deliveries.confirm();
    },
    close: () => upkeep.stop(),
  };
}
