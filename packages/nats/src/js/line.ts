/** A topic's messages up to a line: when the group has settled them, the subscription ends. */
import type { Clock, Logger } from '@ebus/core/driver';
import type { ConsumerInfo } from '@nats-io/jetstream';
import { isMissing } from '../errors.js';
import type { Deliveries } from './deliveries.js';

const POLL_MS = { first: 15, most: 250 };

interface LineOptions {
  /** The last sequence in front of it. */
  readonly through: number;
  readonly topic: string;
  readonly deliveries: Pick<Deliveries, 'size'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ackWait: number;
  info(): Promise<ConsumerInfo>;
  /** Whether the stream still has the message of that sequence. */
  isStored(sequence: number): Promise<boolean>;
}

type Position = Pick<ConsumerInfo, 'ack_floor' | 'delivered' | 'num_ack_pending' | 'num_pending'>;

/**
 * The rest before the line: messages to deliver, or those that another instance holds. Nothing is unsettled here.
 * `unsure`: the consumer's count of undelivered messages lags behind its stream by a moment, so that 0 may mean that the
 * messages before the line have gone, or that they are not counted yet. Pure.
 */
export function leftBefore(
  through: number,
  info: Position,
): 'undelivered' | 'unsure' | 'elsewhere' | 'nothing' {
  if (info.ack_floor.stream_seq >= through) return 'nothing';
  if (info.delivered.stream_seq < through) return info.num_pending > 0 ? 'undelivered' : 'unsure';
  return delivered(info);
}

const delivered = (info: Position) => (info.num_ack_pending === 0 ? 'nothing' : 'elsewhere');

/** Waits for the group to settle a topic's messages up to a stream sequence. Asks the server every 15 to 250 ms. */
export class Line {
  readonly #options: LineOptions;
  #isCancelled = false;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  get through(): number {
    return this.#options.through;
  }

  cancel(): void {
    this.#isCancelled = true;
  }

  /**
   * Resolves with true once all messages before the line are settled. Messages of a silent instance are back
   * within the ack wait; longer than that they are not waited for.
   */
  async reached(): Promise<boolean> {
    const { clock, ackWait, topic, logger } = this.#options;
    let alone: number | undefined;
    for (let wait = POLL_MS.first; !this.#isCancelled; wait = Math.min(1.5 * wait, POLL_MS.most)) {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, wait).unref());
      const left = await this.#left();
      if (left === 'nothing') return !this.#isCancelled;
      if (left !== 'elsewhere') continue;
      alone ??= clock.monotonic();
      if (clock.monotonic() - alone < 3 * ackWait + 2_000) continue;
      logger.warn({ topic }, 'the topic moves on while other instances of the group hold unsettled messages');
      return !this.#isCancelled;
    }
    return false;
  }

  async #left(): Promise<Exclude<ReturnType<typeof leftBefore>, 'unsure'> | 'here' | 'unknown'> {
    const { deliveries, info, isStored, through } = this.#options;
    if (deliveries.size > 0) return 'here';
    try {
      const found = await info();
      // The answer leaves out messages that came during the question.
      if (deliveries.size > 0) return 'here';
      const left = leftBefore(through, found);
      if (left !== 'unsure') return left;
      return (await isStored(through)) ? 'undelivered' : delivered(found);
    } catch (error) {
      return isMissing(error) ? 'nothing' : 'unknown';
    }
  }
}
