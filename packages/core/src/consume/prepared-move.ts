/** The subscriptions of a topic that is to move, each with a consumer on the new route: in position, and not begun. */
import type { Logger } from '../logger.js';
import type { BusSubscription } from './bus-subscription.js';
import type { Consumer } from './consumer.js';

interface PreparedMoveOptions {
  /** Aborts where the former route takes too long to end, or the bus closes. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  errorOf(error: unknown): unknown;
}

/** Call `moveOver` or `giveUp`, once. */
export class PreparedMove {
  readonly #options: PreparedMoveOptions;
  readonly #moves: { readonly subscription: BusSubscription; readonly next: Consumer }[] = [];

  constructor(options: PreparedMoveOptions) {
    this.#options = options;
  }

  add(subscription: BusSubscription, next: Consumer): void {
    this.#moves.push({ subscription, next });
  }

  /**
   * Has the subscriptions finish their messages, and go on with the new consumers. @throws the first one's error, with nothing
   * changed: call `giveUp` then
   */
  async moveOver(): Promise<void> {
    const { signal, logger, errorOf } = this.#options;
    for (const [index, { subscription, next }] of this.#moves.entries()) {
      try {
        await subscription.swapTo(next, signal);
      } catch (error) {
        if (index === 0) throw errorOf(error);
        // Others have moved already: there is no way back.
        const { topic, group } = subscription;
        const text =
          'a moved subscription could not finish its former way: what that holds stays with the group';
        logger.error({ err: error, topic, group }, text);
        await subscription.swapTo(next);
      }
    }
  }

  /** Closes the new consumers. */
  async giveUp(): Promise<void> {
    await Promise.all(this.#moves.map(({ next }) => next.close({ timeout: 0 })));
  }
}
