/** Asks the server about a consumer, and tells which of its answer is known here by then. */
import type { Clock } from '@ebus/core/driver';
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { Consumers } from '../consumers.js';
import { isMissing } from '../errors.js';
import type { Deliveries } from './deliveries.js';
import { type ConsumerState, requestsSince } from './group-state.js';
import type { Locator } from './locator.js';
import type { PullInbox } from './pull-inbox.js';
import type { Receiver } from './receiver.js';
import type { Timers } from './timers.js';

/** A delivery is on its way for so long at most once the server has counted it, and is looked for so often. */
const TRANSIT = { mostMs: 500, lookMs: 10 };
/** Operators may change a consumer, or what its topic lies in: it is looked at so often. */
const LOOK_MS = 30_000;

interface InquiryOptions {
  readonly consumers: Consumers;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly locator: Locator;
  readonly receiver: Receiver;
  readonly deliveries: Pick<Deliveries, 'settledHere'>;
  inbox(): PullInbox | undefined;
  /** Counts interruptions. */
  epoch(): number;
  /** In that epoch it was not the one that the topic needs. `isGone`: it was another one by that name, or none. */
  notFound(epoch: number, isGone: boolean): void;
}

/** One question after the other, or several at once. */
export class Inquiry {
  readonly #options: InquiryOptions;
  #isLooking = false;

  constructor(options: InquiryOptions) {
    this.#options = options;
    options.timers.every(LOOK_MS, () => void this.look());
  }

  /** Looks whether the consumer still is the one that the topic needs. Silent: the next look tells where this one cannot. */
  async look(): Promise<void> {
    const { locator, inbox, notFound } = this.#options;
    if (this.#isLooking || inbox() === undefined) return;
    this.#isLooking = true;
    const epoch = this.#options.epoch();
    try {
      if (!(await locator.isInPlace())) notFound(epoch, false);
    } catch {
      // The server does not answer, or has no such consumer: requests for messages tell that.
    } finally {
      this.#isLooking = false;
    }
  }

  /** @throws EbusError where the server does not answer, or has no such consumer */
  async state(): Promise<ConsumerState> {
    const { consumers, clock, locator, receiver, deliveries, inbox, notFound } = this.#options;
    const { spec, incarnation } = locator;
    const epoch = this.#options.epoch();
    const ownRequests = requestsSince(inbox(), clock.monotonic());
    const info = await consumers.info(spec).catch((error: unknown) => {
      // Nothing is asked of it meanwhile, perhaps, and so nothing else would tell.
      if (isMissing(error)) notFound(epoch, true);
      throw error;
    });
    if (!locator.knows(info)) notFound(epoch, true);
    else if (spec.singleActive) await this.#allReceived(info.delivered.consumer_seq, epoch);
    const through = info.delivered.stream_seq;
    const unheld = receiver.refused.countThrough(through) + (deliveries.settledHere?.(through) ?? 0);
    const { seesOthers } = receiver;
    return { info, incarnation, seesOthers, unheld, ownRequests: ownRequests(inbox()) };
  }

  /** The consumer as the server says it is; undefined where it is another one. @throws as `state` */
  async known(): Promise<ConsumerInfo | undefined> {
    const { info } = await this.state();
    return this.#options.locator.knows(info) ? info : undefined;
  }

  /** A delivery that the server has counted and not sent yet would be taken for another member's. */
  async #allReceived(count: number, epoch: number): Promise<void> {
    const { timers, receiver } = this.#options;
    for (let waited = 0; waited < TRANSIT.mostMs; waited += TRANSIT.lookMs) {
      if (receiver.hasReceived(count) || epoch !== this.#options.epoch()) return;
      await timers.pause(TRANSIT.lookMs);
    }
  }
}
