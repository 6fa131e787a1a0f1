/** Asks for messages unsettled elsewhere after each interruption, and browses them, for `LeasedOrder`. */
import type { Clock } from '../clock.js';
import type { IncomingMessage } from '../driver/message.js';
import { compareOffsets } from '../driver/offsets.js';
import type { DriverSubscription, UnsettledCount } from '../driver/subscription.js';
import type { Logger } from '../logger.js';
import { backOff } from '../util/waiting.js';
import type { Delivery } from './delivery.js';
import { elsewhere } from './elsewhere.js';
import type { Candidate, LeasedOrder } from './leased-order.js';

const ASK_TIMEOUT_MS = 10_000;
const RETRY = { base: 200, max: 10_000 };
/** Between two questions how much is missing still. */
const POLL = { base: 15, max: 250, factor: 1.5, jitter: false };
/** More candidates than that are not told apart: every key stands back. */
const MOST_CANDIDATES = 10_000;
/** Beyond the lease itself, within which the broker must have redelivered a dead process's messages. */
const PATIENCE = { factor: 1.5, extraMs: 1_000 };

interface OrderRecoveryOptions {
  readonly order: LeasedOrder;
  readonly ordering: 'instance' | 'cluster';
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topic: string;
  readonly group: string;
  /** Deliveries that are here and not settled, as of now; earlier settlements have reached the broker. */
  here(): readonly Delivery[];
  /** The messages of the group from its position on; undefined where that cannot be looked at. */
  browse: ((signal: AbortSignal) => AsyncIterable<IncomingMessage>) | undefined;
  /** The lane of a message. */
  keyOf(message: IncomingMessage): string;
  isHere(message: IncomingMessage): boolean;
  /** Newer messages have taken the room of the missing ones, too. */
  isOverfull(): boolean;
  /** These may begin, in this order. */
  pass(deliveries: readonly Delivery[]): void;
  /** These are not begun, and go back to the broker. */
  handBack(deliveries: readonly Delivery[]): void;
  /** How much may be fetched has changed. */
  onChange(): void;
  onError(error: unknown): void;
}

/** One question at a time; a further interruption begins a new one. */
export class OrderRecovery {
  readonly #options: OrderRecoveryOptions;
  readonly #stopped = new AbortController();
  #driver: DriverSubscription | undefined;
  /** Counts interruptions; an older recovery that still runs gives up. */
  #epoch = 0;

  constructor(options: OrderRecoveryOptions) {
    this.#options = options;
  }

  start(driver: DriverSubscription): void {
    this.#driver = driver;
    this.resumed();
  }

  /** Messages may be unsettled elsewhere. */
  resumed(): void {
    if (this.#driver === undefined || this.#stopped.signal.aborted) return;
    this.#options.order.ask();
    this.#options.onChange();
    void this.#recover(this.#driver, ++this.#epoch);
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #recover(driver: DriverSubscription, epoch: number): Promise<void> {
    const { order, clock, here, isOverfull, pass, handBack, onChange } = this.#options;
    const { logger, topic, group, ordering } = this.#options;
    let deadline = Number.POSITIVE_INFINITY;
    let isBehind = false;
    let hasGivenBack = false;
    for (let failures = 0, polls = 0; this.#isCurrent(epoch); ) {
      // What arrives after the question is not in its answer for sure.
      const [held, counted] = [here(), order.standing];
      const answer = await this.#ask(driver);
      if (!this.#isCurrent(epoch)) return;
      if (answer === undefined) {
        await backOff(clock, RETRY, ++failures, this.#stopped.signal);
        continue;
      }
      failures = 0;
      const { missing, doubtful, forgotten } = elsewhere(answer, held);
      const mayBeMissing = missing + doubtful;
      // What members that are at work hold is theirs: order within an instance does not wait for them.
      const isTheirs = ordering === 'instance' && answer.others === true;
      if (order.isOpen || isTheirs || (mayBeMissing <= 0 && forgotten === 0)) break;
      if (order.phase === 'asking' || (isBehind && forgotten === 0)) {
        // A broker that has forgotten deliveries gives them anew, and may give others before those: every key waits.
        isBehind = forgotten > 0;
        const candidates = isBehind ? undefined : await this.#candidates(answer, missing);
        if (!this.#isCurrent(epoch)) return;
        if (missing <= 0 && forgotten === 0 && candidates === undefined) break;
        const most = candidates === undefined ? missing : Math.min(mayBeMissing, candidates.length);
        logger.debug({ topic, group, missing: most, forgotten }, 'waiting for what was not settled before');
        deadline = this.#deadline(driver);
        pass(order.collect(Math.max(0, most) + forgotten, candidates, counted));
        onChange();
      } else if (clock.monotonic() > deadline && missing <= 0 && forgotten === 0) {
        // Whatever nobody holds has come by now.
        break;
      } else if (
        clock.monotonic() > deadline &&
        (ordering === 'cluster' || (isOverfull() && !hasGivenBack))
      ) {
        // Another member may wait for these, as this one waits for what that one holds: whoever is given all of it goes on.
        // Or they took the room of what is missing: the broker gives that first.
        logger.debug({ topic, group, missing: order.missing }, 'handing back what waits for older messages');
        hasGivenBack = true;
        handBack(order.takeStanding());
        order.ask();
        deadline = Number.POSITIVE_INFINITY;
        onChange();
      } else if (clock.monotonic() > deadline) {
        const text = 'other instances hold unsettled messages; order is kept within this instance only';
        logger.warn({ topic, group, missing: order.missing }, text);
        break;
      }
      await backOff(clock, POLL, ++polls, this.#stopped.signal);
    }
    if (!this.#isCurrent(epoch)) return;
    pass(order.open());
    onChange();
  }

  /** By then the broker must have redelivered a dead process's messages. */
  #deadline({ leaseMs = 0 }: DriverSubscription): number {
    const { clock } = this.#options;
    return clock.monotonic() + PATIENCE.factor * leaseMs + PATIENCE.extraMs;
  }

  async #ask(driver: DriverSubscription): Promise<UnsettledCount | undefined> {
    try {
      return await driver.unsettled?.({ signal: this.#signal() });
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#options.onError(error);
      return undefined;
    }
  }

  /** Undefined where they cannot be known: every key stands back. */
  async #candidates({ through }: UnsettledCount, missing: number): Promise<Candidate[] | undefined> {
    const { browse, keyOf, isHere, logger, topic, group } = this.#options;
    if (browse === undefined || through === undefined) return undefined;
    const found: Candidate[] = [];
    try {
      for await (const message of browse(this.#signal())) {
        const { position } = message;
        if (position === undefined || found.length >= MOST_CANDIDATES) return undefined;
        if (compareOffsets(position.offset, through) > 0) break;
        if (!isHere(message)) found.push({ offset: position.offset, key: keyOf(message) });
      }
    } catch (err) {
      logger.debug(
        { err, topic, group },
        'cannot look at what is unsettled elsewhere: every key waits for it',
      );
      return undefined;
    }
    // Fewer than are missing: some of them are out of sight.
    return found.length < missing ? undefined : found;
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#stopped.signal, this.#options.clock.timeout(ASK_TIMEOUT_MS)]);
  }

  #isCurrent(epoch: number): boolean {
    return epoch === this.#epoch && !this.#stopped.signal.aborted;
  }
}
