/** A group's consumer on the broker, as it is described. */

/** A group's consumer that is on the broker already. Left out: not known, and not judged. Durations in milliseconds. */
export interface ConsumerDescription {
  readonly name: string;
  readonly madeBy?: 'ebus' | 'others';
  /** The topics that it delivers, as the broker writes them. */
  readonly topics?: readonly string[];
  /** It delivers the topic, and no other. */
  readonly deliversTopicOnly?: boolean;
  readonly acknowledges?: 'explicit' | 'all' | 'none';
  readonly leaseMs?: number;
  /** Waits before further deliveries, by which the broker goes in place of the lease; empty: none. */
  readonly backoffMs?: readonly number[];
  /** Deliveries after which the broker gives a message up; 0: none. */
  readonly maxDeliveries?: number;
  /** Unsettled messages at most; 0: no limit. */
  readonly maxUnsettled?: number;
  /** Of one request: messages, bytes, time; 0: no limit. */
  readonly maxRequest?: { readonly messages?: number; readonly bytes?: number; readonly expiresMs?: number };
  /** Delivers headers without bodies. */
  readonly headersOnly?: boolean;
  /** Deleted after that long without a member; 0: never. */
  readonly inactiveMs?: number;
  /** One member at a time. */
  readonly singleActive?: boolean;
  /** The broker sends messages unasked, to one subject. */
  readonly pushes?: boolean;
  /** `memory` does not survive the broker's restart: the position is lost. */
  readonly storage?: 'file' | 'memory';
  /** Nothing is delivered before. */
  readonly pausedUntil?: Date;
}
