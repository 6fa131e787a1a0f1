/** What the members of a lease broker are made of and settle by. */
import type { Settlement } from '@ebus/core/driver';
import type { LeaseConsumer, Stream } from './lease-consumer.js';

/** Shared by the deliveries of one message that core takes for one. */
export interface Hold {
  /** When core had it renewed last, or was given it; and how long the event loop had been busy by then. */
  since: number;
  busyBefore: number;
  /** It came while the process could not take it: core need not believe that its lease is still good. */
  isStale: boolean;
}

/** Whoever a delivery is settled and renewed with. */
interface Settles {
  settle(done: readonly Settlement[]): void;
  extendLease(tokens: readonly unknown[]): void;
}

/** What core settles a delivery by. */
export interface LeaseToken {
  /** The member that it was given to. */
  readonly of: Settles;
  readonly offset: number;
  readonly bytes: number;
  readonly count: number;
  isSettled: boolean;
  /** Core was told that it is gone. */
  isLost: boolean;
  readonly hold: Hold;
}

/** The group's consumer, found or made anew. */
export interface ConsumerDirectory {
  /** Undefined where it was deleted. */
  find(): LeaseConsumer | undefined;
  /** Everything up to there is settled already. */
  make(floor: number): LeaseConsumer;
}

/** What it is a member of. */
export interface LeasePlace {
  readonly group: string;
  readonly stream: Stream;
  readonly consumers: ConsumerDirectory;
  /** The only one that it reads. */
  readonly partition?: number;
  /** At the broker: false where it is another member's, and nothing is given to this one. */
  isServed?(): boolean;
}
