/**
 * Fetches from one consumer as there is credit, over one connection after the other. After each interruption it looks where
 * the consumer is before it asks again, and says so (`resumed`), so that core asks for messages unsettled elsewhere.
 */
import type { Clock, Settlement, SettleToken } from '@ebus/core/driver';
import { SINGLE_ACTIVE } from '../consumer-plan.js';
import type { Link } from '../link.js';
import { type Refused, refusal } from '../refusals.js';
import type { Deliveries } from './deliveries.js';
import type { JetStreamDelivery, Place } from './delivery.js';
import { nextRequest } from './demand.js';
import type { ConsumerState } from './group-state.js';
import { Inquiry } from './inquiry.js';
import { leaveConsumer } from './leave-consumer.js';
import { Locator, type LocatorOptions, type OpenConsumer } from './locator.js';
import { Opening } from './opening.js';
import { type Ending, PullInbox } from './pull-inbox.js';
import { Receiver } from './receiver.js';
import { type Settling, settlingOf } from './settling.js';
import { SignsOfLife } from './signs-of-life.js';
import { SingleActive } from './single-active.js';
import type { Target } from './target.js';
import { Timers } from './timers.js';

const CHECK_MS = 1_000;
/** How far back a consumer that is made anew may begin because other instances share it. */
const FLOOR_MS = 5_000;
/** After an interruption, and after a refusal. */
const RETRY_MS = { first: 200, most: 5_000 };

/** Options of a `Puller`. */
export interface PullerOptions extends Omit<LocatorOptions, 'deliveries' | 'onLost'> {
  readonly clock: Clock;
  readonly apiPrefix: string;
  readonly maxAckPending: number;
  /** The lease of a delivery, in milliseconds. */
  readonly ackWait: number;
  readonly target: Target;
  readonly place?: Place | undefined;
  /** False: it is no business of this subscription. `elsewhere`: another consumer of the group has it as well. */
  accepts?(delivery: JetStreamDelivery): boolean | 'elsewhere';
}

/** Keeps pull requests open as far as the target has credit, and hands deliveries over in the server's order. */
export class Puller {
  readonly deliveries: Deliveries;
  readonly settling: Settling;
  readonly locator: Locator;
  readonly receiver: Receiver;
  readonly #options: PullerOptions;
  #link: Link | undefined;
  #inbox: PullInbox | undefined;
  /** Counts interruptions: work for an older one gives up. */
  #epoch = 0;
  #isFetching = false;
  #stopping: Promise<void> | undefined;
  readonly #signs: SignsOfLife;
  #isNew = true;
  /** It did not fit into the rest of a request: it is asked for by itself once nothing else is on its way. */
  #nextIsLarge = false;
  readonly #timers: Timers;
  readonly #opening: Opening;
  readonly inquiry: Inquiry;
  /** Where only one client of the consumer is active. */
  #single: SingleActive | undefined;

  constructor(options: PullerOptions, consumer: OpenConsumer) {
    const { spec } = consumer;
    this.#options = options;
    this.#signs = new SignsOfLife(options.clock);
    this.settling = settlingOf(spec, {
      ...options,
      look: () => this.inquiry.known(),
      onRoom: () => this.fetch(),
    });
    const { deliveries } = this.settling;
    this.deliveries = deliveries;
    const onLost = (lost: readonly JetStreamDelivery[]) => options.target.lost(lost);
    this.locator = new Locator({ ...options, deliveries, onLost }, consumer);
    this.receiver = new Receiver({
      ...{ ...options, deliveries, locator: this.locator, onRoom: () => this.fetch() },
      onBatch: (batch) => this.#single?.begun(batch),
      onStripped: () => void this.#mend('messages come without their bodies'),
    });
    this.#timers = new Timers(options.clock);
    this.#opening = new Opening({ ...options, timers: this.#timers, locator: this.locator });
    this.inquiry = new Inquiry({
      ...{ ...options, deliveries, timers: this.#timers, locator: this.locator, receiver: this.receiver },
      inbox: () => this.#inbox,
      epoch: () => this.#epoch,
      notFound: (epoch, isGone) => {
        if (!this.#isFetching || epoch !== this.#epoch) return;
        if (isGone) this.locator.letGo();
        this.#restart();
      },
    });
    this.#timers.every(CHECK_MS, () => this.#checkSigns());
    this.#timers.every(FLOOR_MS, () => void this.locator.refreshFloor().catch(() => {}));
    if (spec.singleActive) this.#beginSingleActive();
  }

  #beginSingleActive(): void {
    this.#single = new SingleActive({
      ...{ ...this.#options, deliveries: this.deliveries },
      onLost: (lost) => this.#options.target.lost(lost),
      keepPinned: () => {
        const { pin } = this.receiver;
        const isActive = this.#isFetching || this.#stopping !== undefined;
        if (pin !== undefined && isActive) this.#inbox?.keepPinned(SINGLE_ACTIVE, pin);
      },
    });
  }

  /** From now on one client at a time gets messages. Before anything is asked for. @throws EbusError as `Consumers.ensure` */
  async becomeSingleActive(): Promise<void> {
    await this.locator.becomeSingleActive();
    if (this.#single === undefined) this.#beginSingleActive();
  }

  /** Undefined while the connection is away. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** Messages asked for and on their way. */
  get outstanding(): number {
    return this.#inbox?.outstanding ?? 0;
  }

  get pin(): string | undefined {
    return this.receiver.pin;
  }

  state(): Promise<ConsumerState> {
    this.deliveries.flush();
    return this.inquiry.state();
  }

  online(link: Link): void {
    if (this.#stopping !== undefined) return;
    this.#link = link;
    this.deliveries.online(link);
    this.#restart();
  }

  offline(): void {
    this.#link = undefined;
    this.deliveries.online(undefined);
    this.#epoch++;
    this.#isFetching = false;
  }

  /** There is more credit, or less. */
  fetch(): void {
    const inbox = this.#inbox;
    if (!this.#isFetching || inbox === undefined) return;
    const { maxAckPending, clock, target } = this.#options;
    const { members, deliveries } = this.settling;
    const credit = this.receiver.leftOf(target.credit);
    const { outstanding, promised } = inbox;
    const standing = { credit, held: deliveries.size, outstanding, maxAckPending, members };
    const pin = this.#single && { ttlMs: this.#single.ttlMs, id: this.receiver.pin };
    const request = nextRequest(standing, { promised, isLarge: this.#nextIsLarge, pin });
    if (request === undefined) return;
    inbox.request(request, clock.monotonic());
    this.#nextIsLarge = false;
  }

  settle(done: readonly Settlement[]): void {
    this.deliveries.settle(done);
    this.fetch();
  }

  extendLease(tokens: readonly SettleToken[]): void {
    if (this.#single === undefined) this.deliveries.extendLease(tokens);
    else this.#single.renew(tokens);
  }

  /** The server refuses requests to this consumer, or acknowledgements: no message comes, or all come again. */
  refused(refused: Refused, error: Error): void {
    const { stream, name } = this.locator.spec;
    if ((refused.what !== 'pull' && refused.what !== 'ack') || refused.stream !== stream) return;
    if (refused.consumer !== name || !this.#isFetching) return;
    const what = refused.what === 'pull' ? 'requests for messages of' : 'acknowledgements of';
    this.#options.target.failed(refusal(`${what} '${this.#options.topic}'`, error));
    // After a restart the messages at hand would come again.
    this.#restart(RETRY_MS.most);
  }

  /** Nothing is settled any more. */
  close(): void {
    this.#single?.stop();
    this.settling.close();
  }

  /** After `stop`. @throws as `leaveConsumer` */
  async leave(): Promise<void> {
    const { locator, pin } = this;
    const { consumers } = this.#options;
    try {
      if (this.#link !== undefined)
        await leaveConsumer({ consumers, spec: locator.spec, deliveries: this.settling, pin });
    } finally {
      this.close();
    }
  }

  /** Resolves when nothing more comes. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#epoch++;
    this.#isFetching = false;
    this.#timers.stop();
    this.settling.leaving();
    if (this.#link === undefined) return this.#inbox?.discard();
    try {
      await this.#inbox?.drain();
      // Asked about the consumer, the server forgets requests that nobody listens for any more. Handed back while
      // such a request waits, a message would go to the end of the queue, and 2.9.10 would even repeat others.
      await this.#options.consumers.info(this.locator.spec);
    } catch {
      // The connection or the consumer went meanwhile: the server drops the requests with it.
    }
    this.receiver.flush();
  }

  #restart(afterMs = 0): void {
    const link = this.#link;
    if (link === undefined || this.#stopping !== undefined) return;
    this.#isFetching = false;
    void this.#start(++this.#epoch, link, afterMs);
  }

  async #start(epoch: number, link: Link, afterMs: number): Promise<void> {
    const { apiPrefix, target } = this.#options;
    const old = this.#inbox;
    const isFirst = this.#isNew;
    this.#inbox = undefined;
    this.#isNew = false;
    if (!isFirst) this.receiver.begin();
    if (old !== undefined) await this.#opening.end(old, link);
    if (afterMs > 0) await this.#timers.pause(afterMs);
    // The first time the consumer was looked for just now, and the inbox is there before the flush of `subscribe`.
    if (!isFirst && !(await this.#opening.ready(link, () => epoch === this.#epoch))) return;
    const { stream, name } = this.locator.spec;
    this.#inbox = new PullInbox(link, `${apiPrefix}.CONSUMER.MSG.NEXT.${stream}.${name}`, {
      onMessage: (message) => this.receiver.receive(message),
      onEnd: (reason, text) => this.#ended(reason, text),
      onSign: () => this.#signs.seen(),
      onDenied: (error) => this.#denied(error),
    });
    this.#signs.seen();
    this.#isFetching = true;
    if (!isFirst) target.resumed();
    this.fetch();
  }

  #ended(reason: Ending, text: string): void {
    if (!this.#isFetching) return;
    if (reason === 'unpinned') {
      this.receiver.pin = undefined;
      this.#options.target.pinChanged?.(undefined);
    }
    if (reason === 'large') this.#nextIsLarge = true;
    if (reason === 'deleted') this.locator.letGo();
    if (reason === 'deleted' || reason === 'consumer') return this.#restart(RETRY_MS.first);
    if (reason === 'refused') void this.#mend(`the server refused a request for messages: ${text}`);
    else this.fetch();
  }

  /** The consumer may have been changed so that it refuses requests, or delivers no bodies. */
  async #mend(why: string): Promise<void> {
    if (!this.#isFetching) return;
    const { target, topic, logger } = this.#options;
    const epoch = ++this.#epoch;
    this.#isFetching = false;
    const isMended = await this.locator.tryToMend((error) => target.failed(error));
    if (epoch !== this.#epoch) return;
    logger.warn({ topic }, why);
    this.#restart(isMended ? RETRY_MS.most / 10 : RETRY_MS.most);
  }

  #denied(error: Error): void {
    this.#options.target.failed(refusal(`the inbox for messages of '${this.#options.topic}'`, error));
    this.#restart(RETRY_MS.most);
  }

  #checkSigns(): void {
    const { logger, topic } = this.#options;
    if (!this.#isFetching || this.outstanding === 0 || !this.#signs.areMissing()) return;
    logger.warn({ topic, consumer: this.locator.spec.name }, 'heartbeats missed');
    this.#restart();
  }
}
