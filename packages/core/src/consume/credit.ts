/** How much the driver may push: core's room, granted in steps rather than message by message. */
import type { Clock, TimerHandle } from '../clock.js';
import type { DriverSubscription } from '../driver/subscription.js';
import type { InFlight } from './in-flight.js';

/** The free part of a window. */
export interface Room {
  readonly messages: number;
  readonly bytes: number;
  /** Messages that have to come in spite of a full window. */
  readonly missing?: number;
  readonly missingOf?: ReadonlyMap<number, number>;
}

/** The most of a step: large enough to spread the costs of a request. */
const MAX_STEP = 256;

interface CreditOptions {
  readonly inFlight: InFlight;
  readonly clock: Clock;
  /** The most messages that may be in flight. */
  window(): number;
  /** The most that is granted at once. */
  most(): number;
  /** The most bytes in flight. */
  readonly bytes: number;
  /** The room that is left: 0 messages where nothing is to be fetched. */
  room(): Room;
  /** Nothing runs that could make room: a grant of less than a step is better than none. */
  isStarved(): boolean;
  /** Milliseconds without room after which that is reported, once for each time without. */
  readonly stallAfter: number;
  onStalled(ms: number): void;
  onError(error: unknown): void;
}

/**
 * Grants anew when the room has grown by a step (a quarter of the maximum), and takes credit back when it has
 * shrunk below the grant.
 */
export class Credit {
  readonly #options: CreditOptions;
  #driver: DriverSubscription | undefined;
  /** Granted and not used. */
  #messages = 0;
  #bytes = 0;
  /** Messages that the driver was told to be missing. */
  #missing = 0;
  #step = 1;
  #isHeld = false;
  /** Monotonic milliseconds since when there is no room. */
  #fullSince: number | undefined;
  #stallTimer: TimerHandle | undefined;

  constructor(options: CreditOptions) {
    this.#options = options;
  }

  /** Begins to grant. */
  start(driver: DriverSubscription): void {
    this.#driver = driver;
    this.resize();
  }

  /** The limits are others now. */
  resize(): void {
    this.#step = Math.max(1, Math.min(MAX_STEP, this.#options.most() >> 2));
    this.refresh();
  }

  /** The driver has pushed that much. */
  used(messages: number, bytes: number): void {
    this.#messages = Math.max(0, this.#messages - messages);
    this.#bytes = Math.max(0, this.#bytes - bytes);
  }

  /** The driver is asked nothing until `release`: it may push from within, and that must not come between. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.refresh();
  }

  /** A message has left: there may be room. Cheap: called for each message. */
  released(): void {
    if (this.#isHeld) return;
    const { inFlight, bytes } = this.#options;
    const unused = this.#messages;
    const grew = this.#options.window() - inFlight.count - unused >= this.#step;
    if (unused > 0 && !grew && this.#bytes > bytes >> 2) return;
    this.refresh();
  }

  /** The room may be another one. */
  refresh(): void {
    const driver = this.#driver;
    if (driver === undefined || this.#isHeld) return;
    const room = this.#options.room();
    const isFull = room.messages <= 0 || room.bytes <= 0;
    if (isFull) this.#full();
    else this.#fullSince = undefined;
    const messages = isFull ? 0 : room.messages;
    const bytes = Math.max(0, room.bytes);
    const shrank = messages < this.#messages || bytes < this.#bytes;
    const missesOthers = room.missingOf !== undefined && (room.missing ?? 0) !== this.#missing;
    if (!shrank && !missesOthers && !this.#isWorthIt(messages, bytes)) return;
    this.#messages = messages;
    this.#bytes = bytes;
    this.#request(driver, room);
  }

  /** Takes back the credit, and grants no more. */
  stop(): void {
    const driver = this.#driver;
    this.#driver = undefined;
    if (this.#stallTimer !== undefined) this.#options.clock.clearTimeout(this.#stallTimer);
    const hadSome = this.#messages > 0;
    this.#messages = 0;
    this.#bytes = 0;
    if (driver !== undefined && hadSome) this.#request(driver);
  }

  #request(driver: DriverSubscription, { missing = 0, missingOf }: Partial<Room> = {}): void {
    const credit = { messages: this.#messages, bytes: this.#bytes };
    this.#missing = missing;
    try {
      if (missing === 0) return driver.request(credit);
      driver.request({ ...credit, missing, ...(missingOf === undefined ? {} : { missingOf }) });
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #isWorthIt(messages: number, bytes: number): boolean {
    if (messages <= 0) return false;
    if (messages - this.#messages >= this.#step) return true;
    if (this.#messages > 0 && bytes - this.#bytes > this.#options.bytes >> 2) return true;
    const isSpent = this.#messages <= 0 || this.#bytes <= 0;
    return isSpent && this.#options.isStarved();
  }

  #full(): void {
    const { clock, stallAfter } = this.#options;
    this.#fullSince ??= clock.monotonic();
    if (this.#stallTimer === undefined) this.#watchStall(stallAfter);
  }

  /** One timer for many waits: it looks for how long the one of that moment has lasted. */
  #watchStall(ms: number): void {
    const { clock, stallAfter, onStalled } = this.#options;
    this.#stallTimer = clock.setTimeout(() => {
      this.#stallTimer = undefined;
      if (this.#fullSince === undefined) return;
      const lasted = clock.monotonic() - this.#fullSince;
      if (lasted < stallAfter) this.#watchStall(stallAfter - lasted);
      else onStalled(lasted);
    }, ms);
    this.#stallTimer.unref();
  }
}
