/** Asks for messages unsettled elsewhere after each interruption, and browses them, for `LeasedOrder`. */
import type { Clock } from '../clock.js';
import type { IncomingMessage } from '../driver/message.js';
import type { DriverSubscription, UnsettledCount } from '../driver/subscription.js';
import type { Logger } from '../logger.js';
import { anySignal } from '../util/any-signal.js';
import { backOff } from '../util/waiting.js';
import { type CandidateOptions, candidatesIn } from './candidates.js';
import type { Delivery } from './delivery.js';
import { type Elsewhere, elsewhere } from './elsewhere.js';
import type { Candidate, LeasedOrder } from './leased-order.js';
import { countToCome, recoveryStep } from './recovery-step.js';
import { RecoveryWait } from './recovery-wait.js';

const ASK_TIMEOUT_MS = 10_000;
const RETRY = { base: 200, max: 10_000 };
/** Between two questions how much is missing still. */
const POLL = { base: 15, max: 250, factor: 1.5, jitter: false };

interface OrderRecoveryOptions extends Pick<CandidateOptions, 'keyOf' | 'isHere'> {
  readonly order: LeasedOrder;
  readonly ordering: 'instance' | 'cluster';
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topic: string;
  readonly group: string;
  /** It is about that one alone; undefined where the topic has none. */
  readonly partition?: number | undefined;
  /** Deliveries that are here and not settled, as of now; earlier settlements have reached the broker. */
  here(): readonly Delivery[];
  /** The messages of the group from its position on; undefined where that cannot be looked at. */
  browse: ((signal: AbortSignal) => AsyncIterable<IncomingMessage>) | undefined;
  /** Newer messages have taken the room of the missing ones, too. */
  isOverfull(): boolean;
  /** Nothing is fetched now: paused, or halted. */
  stands(): boolean;
  /** These may begin, in this order. */
  pass(deliveries: readonly Delivery[]): void;
  /** These are not begun, and go back to the broker. */
  handBack(deliveries: readonly Delivery[]): void;
  /** Other members of the group are at work, and order does not hold across members. */
  onOthers(): void;
  /** How much may be fetched has changed. */
  onChange(): void;
  onError(error: unknown): void;
}

/** What the broker says, and what was here at that moment. */
interface Answered {
  readonly answer: UnsettledCount;
  readonly unsettled: Elsewhere;
  /** So many stood back. */
  readonly counted: number;
}

/** One question at a time; a further interruption begins a new one. */
export class OrderRecovery {
  readonly #options: OrderRecoveryOptions;
  readonly #stopped = new AbortController();
  #driver: DriverSubscription | undefined;
  /** Counts interruptions; an older recovery that still runs gives up. */
  #epoch = 0;
  /** The connection is away: whatever is asked, more may be lost before it is back. */
  #isAway = false;

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
    this.#hold();
    if (!this.#isAway) void this.#recover(this.#driver, this.#epoch);
  }

  /** The connection is away: all that comes stands back until it has returned. */
  interrupted(): void {
    if (this.#driver === undefined || this.#stopped.signal.aborted) return;
    this.#isAway = true;
    this.#hold();
  }

  /** The connection is back. The driver may say later that this subscription is, too. */
  restored(): void {
    this.#isAway = false;
    this.resumed();
  }

  stop(): void {
    this.#stopped.abort();
  }

  #hold(): void {
    this.#epoch++;
    this.#options.order.ask();
    this.#options.onChange();
  }

  async #recover(driver: DriverSubscription, epoch: number): Promise<void> {
    const { order, clock, ordering } = this.#options;
    const wait = new RecoveryWait(driver.leaseMs ?? 0);
    let [isBehind, hasHandedBack] = [false, false];
    for (let polls = 0; ; ) {
      const answered = await this.#answer(driver, epoch);
      if (answered === undefined) return;
      const { answer, unsettled } = answered;
      if (ordering === 'instance' && answer.others === true) this.#options.onOthers();
      const [isOverfull, stands] = [this.#options.isOverfull(), this.#options.stands()];
      const mayCome = !isOverfull && !stands;
      const step = recoveryStep({
        ...{ phase: order.phase, elsewhere: unsettled, ordering, others: answer.others === true },
        ...wait.look({ now: clock.monotonic(), missing: order.missing, mayCome }),
        ...{ isBehind, isOverfull, stands, hasHandedBack },
      });
      if (step === 'open' || step === 'give up') return this.#open(step);
      if (step === 'look') {
        // A broker that has forgotten deliveries gives them anew, and may give others before those: every key waits.
        isBehind = unsettled.forgotten > 0;
        const candidates = isBehind ? undefined : await this.#candidates(answered);
        if (!this.#isCurrent(epoch)) return;
        const count = countToCome(unsettled, candidates !== undefined);
        if (count === undefined) return this.#open('open');
        this.#collect(count, candidates, answered);
        wait.begin(clock.monotonic(), order.missing);
      }
      if (step === 'hand back') {
        hasHandedBack = true;
        wait.end();
        this.#handBack();
      }
      await backOff(clock, POLL, ++polls, this.#stopped.signal);
      if (!this.#isCurrent(epoch)) return;
    }
  }

  /** Asks until there is an answer; undefined once it is of no use any more. */
  async #answer(driver: DriverSubscription, epoch: number): Promise<Answered | undefined> {
    const { order, here, clock } = this.#options;
    for (let failures = 0; ; ) {
      const before = here();
      const answer = await this.#ask(driver);
      if (!this.#isCurrent(epoch)) return undefined;
      // What arrives from now on is not counted as here.
      if (answer !== undefined)
        return { answer, unsettled: elsewhere(answer, before, here()), counted: order.standing };
      await backOff(clock, RETRY, ++failures, this.#stopped.signal);
      if (!this.#isCurrent(epoch)) return undefined;
    }
  }

  #open(step: 'open' | 'give up'): void {
    const { order, pass, onChange, logger, topic, group } = this.#options;
    if (step === 'give up') {
      const text = 'other instances hold unsettled messages; order is kept within this instance only';
      logger.warn({ topic, group, missing: order.missing }, text);
    }
    pass(order.open());
    onChange();
  }

  #collect(most: number, candidates: Candidate[] | undefined, { answer, counted }: Answered): void {
    const { order, pass, onChange, logger, topic, group } = this.#options;
    const { count: unsettled, through } = answer;
    const look = { unsettled, through, here: counted, most, candidates: candidates?.length };
    logger.debug({ topic, group, ...look }, 'waiting for what was not settled before');
    pass(order.collect(most, candidates, counted));
    onChange();
  }

  #handBack(): void {
    const { order, handBack, onChange, logger, topic, group } = this.#options;
    logger.debug({ topic, group, missing: order.missing }, 'handing back what waits for older messages');
    const standing = order.takeStanding();
    // First: newer ones that came into their room would stand in the way of the missing ones again.
    order.ask();
    handBack(standing);
    onChange();
  }

  async #ask(driver: DriverSubscription): Promise<UnsettledCount | undefined> {
    try {
      const { partition } = this.#options;
      return await driver.unsettled?.({
        signal: this.#signal(),
        ...(partition === undefined ? {} : { partition }),
      });
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#options.onError(error);
      return undefined;
    }
  }

  /** Undefined where they cannot be known: every key stands back. */
  async #candidates({ answer, unsettled, counted }: Answered): Promise<Candidate[] | undefined> {
    const { browse, logger, topic, group, order } = this.#options;
    const { through } = answer;
    if (browse === undefined || through === undefined) return undefined;
    const missing = () => unsettled.missing - order.returnedSince(counted);
    try {
      return await candidatesIn(browse(this.#signal()), { ...this.#options, through, missing });
    } catch (err) {
      const text = 'cannot look at what is unsettled elsewhere: every key waits for it';
      logger.debug({ err, topic, group }, text);
      return undefined;
    }
  }

  #signal(): AbortSignal {
    return anySignal(this.#options.clock.timeout(ASK_TIMEOUT_MS), this.#stopped.signal);
  }

  #isCurrent(epoch: number): boolean {
    return epoch === this.#epoch && !this.#stopped.signal.aborted;
  }
}
