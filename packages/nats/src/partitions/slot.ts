/**
 * One partition that this member is to have: waits until the server gives it to this client, reads it, and lets go of it in
 * order. The server's pin decides: two members that both take a partition for theirs are never both served.
 */
import type { Clock, Credit, Logger, SubscriptionSink } from '@ebus/core/driver';
import { type Consumers, pinIn } from '../consumers.js';
import type { JetStreamDelivery } from '../js/delivery.js';
import type { OpenConsumer } from '../js/locator.js';
import { Puller, type PullerOptions } from '../js/puller.js';
import type { Target } from '../js/target.js';
import { Timers } from '../js/timers.js';
import type { Link } from '../link.js';
import { pinStep } from './pin-step.js';

/** How often it is looked who has the pin, while that is open. */
const LOOK_MS = 500;
/** How long running handlers may take when the partition goes to another member. */
const REVOKE_MS = 30_000;

/** Options of a `Slot`. */
export interface SlotOptions extends Omit<PullerOptions, 'target' | 'place'> {
  readonly partition: number;
  readonly sink: SubscriptionSink;
  readonly consumers: Consumers;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A member that is there says that it has this pin. */
  isClaimed(pin: string): boolean;
  /** So much was pushed. */
  onPushed(messages: number, bytes: number): void;
  /** Its pin is another one. */
  onPin(): void;
  /** Another member has the partition. */
  onLost(): void;
  failed(error: unknown): void;
}

/** From the moment that a partition is this member's until it is another's. */
export class Slot implements Target {
  readonly partition: number;
  readonly puller: Puller;
  credit: Credit = { messages: 0, bytes: 0 };
  readonly #options: SlotOptions;
  readonly #timers: Timers;
  /** Core was told that the partition is this member's. */
  #isAssigned = false;
  #ending: Promise<void> | undefined;
  #isStopped = false;
  /** Who has the pin is not known for sure. */
  #isOpen = true;
  #isLooking = false;
  /** The last pin of this client; kept over interruptions. */
  #pin: string | undefined;
  /** Another's pin that no member claims, and since when (monotonic). */
  #orphan: { readonly pin: string; readonly since: number } | undefined;

  constructor(options: SlotOptions, consumer: OpenConsumer) {
    const { partition, topic, clock } = options;
    this.#options = options;
    this.partition = partition;
    this.puller = new Puller({ ...options, target: this, place: { topic, partition } }, consumer);
    this.#timers = new Timers(clock);
    this.#timers.every(LOOK_MS, () => void this.look());
  }

  get isAssigned(): boolean {
    return this.#isAssigned;
  }

  get pin(): string | undefined {
    return this.#pin;
  }

  online(link: Link): void {
    if (this.#ending !== undefined) return;
    this.puller.online(link);
    this.doubt();
  }

  offline(): void {
    this.puller.offline();
  }

  /** Others may have the pin by now. */
  doubt(): void {
    this.#isOpen = true;
    void this.look();
  }

  push(batch: readonly JetStreamDelivery[]): void {
    // The server has chosen this client while it was ending: core takes the partition for another's, and would not hand them back.
    if (!this.#isAssigned) return this.#handBack(batch);
    const { messages, bytes } = this.credit;
    const used = batch.reduce((sum, { size }) => sum + size, 0);
    this.credit = { messages: messages - batch.length, bytes: bytes - used };
    this.#options.onPushed(batch.length, used);
    this.#options.sink.push(batch);
  }

  lost(deliveries: readonly JetStreamDelivery[]): void {
    this.#options.sink.lost(deliveries);
  }

  failed(error: unknown): void {
    this.#options.failed(error);
  }

  resumed(): void {
    if (this.#isAssigned) this.#options.sink.resumed(this.partition);
  }

  pinChanged(pin: string | undefined): void {
    if (pin === undefined) return this.doubt();
    this.#pin = pin;
    this.#isOpen = false;
    this.#options.onPin();
    this.#assign();
  }

  /** Finds out who has the pin: this member goes on, waits, has the server choose anew, or lets go. */
  async look(): Promise<void> {
    if (!this.#isOpen || this.#isLooking || this.#ending !== undefined || this.puller.link === undefined)
      return;
    this.#isLooking = true;
    try {
      await this.#look();
    } catch (err) {
      const { logger, topic } = this.#options;
      // The puller tells about a consumer that is gone.
      logger.debug({ err, topic, partition: this.partition }, 'cannot look who has a partition');
    } finally {
      this.#isLooking = false;
    }
  }

  async #look(): Promise<void> {
    const { consumers, clock, isClaimed, onLost, logger, topic } = this.#options;
    const { spec } = this.puller.locator;
    const pin = pinIn(await consumers.info(spec));
    if (!this.#isOpen || this.#ending !== undefined) return;
    const claimed = pin !== undefined && isClaimed(pin);
    const now = clock.monotonic();
    if (claimed) this.#orphan = undefined;
    else if (pin !== undefined && this.#orphan?.pin !== pin) this.#orphan = { pin, since: now };
    const unclaimedMs = now - (this.#orphan?.since ?? now);
    const isInUse = pin !== undefined && this.puller.pin === pin;
    const step = pinStep({
      pin,
      own: this.#pin,
      isInUse,
      isClaimed: claimed,
      unclaimedMs,
      isAssigned: this.#isAssigned,
    });
    if (step === 'wait') return;
    if (step === 'let go') return onLost();
    if (step === 'unpin' && pin !== undefined) {
      logger.debug(
        { topic, partition: this.partition },
        'the partition of a member that is gone is taken over',
      );
      await consumers.unpin(spec, pin);
    }
    if (this.#ending !== undefined) return;
    this.#isOpen = false;
    this.#assign();
  }

  /** Core drains it, and the next member is served. Idempotent. */
  release(): Promise<void> {
    this.#ending ??= this.#release();
    return this.#ending;
  }

  /** Nothing more is pushed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timers.stop();
    await this.puller.stop();
  }

  /** Has the server serve the next member. */
  async unpin(): Promise<void> {
    const { consumers } = this.#options;
    if (this.puller.link === undefined) return;
    await this.puller.settling.confirm();
    if (this.#pin !== undefined) await consumers.unpin(this.puller.locator.spec, this.#pin);
  }

  async #release(): Promise<void> {
    const { sink, clock, logger, topic } = this.#options;
    await this.stop();
    if (this.#isAssigned) await sink.revoked([this.partition], { signal: clock.timeout(REVOKE_MS) });
    await this.unpin().catch((err: unknown) => {
      logger.debug({ err, topic, partition: this.partition }, 'leaving a partition was not confirmed');
    });
    this.puller.close();
  }

  #handBack(batch: readonly JetStreamDelivery[]): void {
    const { deliveries } = this.puller;
    deliveries.settle(batch.map((token) => ({ token, outcome: 'released' as const })));
    deliveries.flush();
  }

  #assign(): void {
    if (this.#isAssigned || this.#isStopped) return;
    this.#isAssigned = true;
    this.#options.sink.assigned([this.partition]);
    this.#options.onPin();
  }
}
