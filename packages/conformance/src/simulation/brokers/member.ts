/** What members of both brokers have in common. */
import type { DriverSubscription } from '@ebus/core/driver';
import type { Owner, VirtualTime } from '../time/virtual-time.js';
import type { Link } from './link.js';
import type { BrokerEvents, Given } from './records.js';

export interface MemberParts {
  /** The process that it is of. */
  readonly name: string;
  readonly time: VirtualTime;
  readonly owner: Owner;
  readonly link: Link;
  readonly events: BrokerEvents;
  /** Remembers a delivery by its bytes. */
  given(value: Uint8Array, given: Given): void;
}

/** A subscription, and what happens to its connection. */
export interface Member extends DriverSubscription {
  /** The group has said that it is in position. */
  readonly ready: Promise<void>;
  dropped(): void;
  restored(): void;
}
