/** Core's end of a subscription: takes the driver's messages, and begins them in order. */
import type { CallOptions } from '../driver/driver.js';
import { HighOffsets } from '../driver/high-offsets.js';
import type { IncomingMessage, SettleToken } from '../driver/message.js';
import type { SubscriptionSink } from '../driver/subscription.js';
import { Delivery } from './delivery.js';
import { LeasedOrder } from './leased-order.js';
import { OrderRecovery } from './order-recovery.js';
import { Orders } from './orders.js';
import { ReadAhead } from './read-ahead.js';
import { Redeliveries } from './redeliveries.js';
import { readRedrive } from './redrive-headers.js';
import type { Works } from './works.js';

interface IntakeEvents {
  failed(error: unknown): void;
  ended(): void;
  /** The driver broke its contract. */
  broken(error: unknown): void;
  /** It was redriven for another group, and is settled unhandled. */
  skipped(delivery: Delivery): void;
  /** The driver says that so many deliveries are gone. */
  lost(count: number): void;
  /** Other members are at work, and order does not hold across members. */
  others(): void;
}

/** The sink that a driver gets. Its methods never throw. */
export class Intake implements SubscriptionSink {
  readonly #works: Works;
  readonly #events: IntakeEvents;
  readonly #readAhead: ReadAhead;
  /** Set on brokers that redeliver unsettled messages by lease. */
  #redeliveries: Redeliveries | undefined;
  #orders: Orders | undefined;
  /** No delivery is begun any more: new ones are handed back. */
  #stopped = false;
  /** Nothing is taken any more. */
  #abandoned = false;
  #pushing = false;
  /** Pushed meanwhile. */
  readonly #next: IncomingMessage[] = [];
  received = 0;
  /** How often fetching has failed in a row. */
  failures = 0;

  constructor(works: Works, events: IntakeEvents) {
    this.#works = works;
    this.#events = events;
    this.#readAhead = new ReadAhead({
      loopYield: works.parts.loopYield,
      begin: (delivery) => this.#begin(delivery),
      batch: (begins) => (begins ? works.beginBatch() : this.#endBatch()),
    });
    works.readAhead = () => this.#readAhead.waiting;
  }

  /** Leases are counted and order is looked after from now on. */
  start(): void {
    const { driver, leases, inFlight, revocation, credit } = this.#works;
    if (driver === undefined) return;
    leases.start(driver);
    if (leases.any) this.#expectRedeliveries();
    revocation.begin();
    inFlight.onLeft = this.#redeliveries && ((delivery) => this.#left(delivery));
    this.#works.parking?.start();
    this.#orders?.start(driver, revocation.partitions);
    credit.start(driver);
  }

  push(batch: readonly IncomingMessage[]): void {
    if (this.#abandoned) return;
    // From within a handler of an earlier one: it must not overtake the rest of that.
    if (this.#pushing) return void this.#next.push(...batch);
    this.#pushing = true;
    this.failures = 0;
    this.#works.beginBatch();
    this.#takeAll(batch);
    while (this.#next.length > 0) this.#takeAll(this.#next.splice(0));
    this.#pushing = false;
    this.#endBatch();
  }

  failed(error: unknown): void {
    if (this.#stopped) return;
    this.failures++;
    this.#events.failed(error);
  }

  resumed(partition?: number): void {
    this.failures = 0;
    if (this.#stopped) return;
    this.#works.parking?.reload();
    this.#orders?.resumed(partition);
  }

  /** The connection is away, or back: a driver may push before it says `resumed`. */
  connectionChanged(isConnected: boolean): void {
    if (this.#stopped) return;
    if (isConnected) this.#works.parking?.reload();
    this.#orders?.connectionChanged(isConnected);
  }

  lost(tokens: readonly SettleToken[]): void {
    const gone = new Set(tokens);
    const { inFlight, revocation, settler } = this.#works;
    settler.forget(({ token }) => gone.has(token));
    const deliveries = [...inFlight, ...revocation.leaving()].filter(({ token }) => gone.has(token));
    if (deliveries.length === 0) return;
    revocation.leasesLost(deliveries, `the lease of a message of '${this.#topic}' was lost`);
    this.#events.lost(deliveries.length);
    // They come again, here or elsewhere, and newer ones of their keys must not pass them.
    const partitions = new Set(deliveries.map(({ incoming }) => incoming.position?.partition));
    for (const partition of partitions) this.resumed(partition);
  }

  ended(): void {
    if (!this.#stopped) this.#events.ended();
  }

  assigned(partitions: readonly number[]): void {
    this.#works.reached ??= new HighOffsets();
    this.failures = 0;
    if (this.#stopped) return;
    this.#works.revocation.assigned(partitions);
    this.#works.parking?.reload();
    this.#orders?.assigned(partitions);
  }

  revoked(partitions: readonly number[], options: CallOptions): Promise<void> {
    this.#orders?.gone(partitions);
    return this.#works.revocation.revoked(partitions, options);
  }

  unassigned(partitions: readonly number[], why?: string): void {
    this.#orders?.gone(partitions);
    this.#works.revocation.unassigned(partitions, why);
  }

  /** Begins nothing more. Messages that come now are in flight, and are handed back with the rest. */
  stop(): void {
    this.#stopped = true;
    this.#readAhead.stop();
    this.#orders?.stop();
  }

  /** The driver did not answer its `stop`: later pushes are ignored, so those messages come again. */
  abandon(): void {
    this.#abandoned = true;
  }

  get #topic(): string {
    return this.#works.parts.policy.topic;
  }

  #takeAll(batch: readonly IncomingMessage[]): void {
    const now = this.#works.parts.clock.monotonic();
    this.received += batch.length;
    let bytes = 0;
    try {
      for (const message of batch) bytes += this.#take(message, now);
    } catch (error) {
      // What is no message, for one.
      this.#events.broken(error);
    }
    this.#works.credit.used(batch.length, bytes);
  }

  /** @returns its bytes, however it was taken */
  #take(message: IncomingMessage, now: number): number {
    const { inFlight, leases, reached } = this.#works;
    const { position } = message;
    const share = inFlight.share(position?.partition ?? 0);
    const delivery = new Delivery(message, now);
    // Of a partition that has just gone: whoever has it now reads it.
    if (share === undefined || this.#isKnown(delivery)) return delivery.bytes;
    if (reached !== undefined && position !== undefined) reached.note(position);
    delivery.leasedAt = leases.now();
    inFlight.add(delivery, share);
    if (position !== undefined) this.#redeliveries?.add(delivery, position);
    if (this.#stopped) return delivery.bytes;
    if (message.redriven !== false) readRedrive(delivery, this.#works.parts.policy.group);
    if (delivery.command !== undefined) delivery.key = delivery.command.key;
    else this.#works.parts.assignLane?.(delivery);
    const order = this.#orders?.of(position?.partition);
    if (order !== undefined && !order.isOpen) this.#pass(order.arrive(delivery));
    else this.#beginInTurn(delivery);
    return delivery.bytes;
  }

  #pass(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) if (delivery.state === 'buffered') this.#beginInTurn(delivery);
  }

  #beginInTurn(delivery: Delivery): void {
    const readAhead = this.#readAhead;
    if (!readAhead.isFree) return readAhead.take(delivery);
    this.#begin(delivery);
    readAhead.begun();
  }

  #begin(delivery: Delivery): void {
    const { leases, inFlight, dispatcher } = this.#works;
    if (leases.any && leases.hasRunOut(delivery)) return leases.drop();
    if (this.#isForAnotherGroup(delivery)) {
      this.#works.finish(delivery, 'skipped');
      return this.#events.skipped(delivery);
    }
    inFlight.begin(delivery);
    dispatcher.push(delivery);
  }

  #endBatch(): void {
    this.#works.endBatch();
    this.#works.showGauges();
  }

  /** A redriven message is handled only by the group that had dead-lettered it. */
  #isForAnotherGroup({ redrivenFor }: Delivery): boolean {
    if (redrivenFor === undefined) return false;
    const { policy } = this.#works.parts;
    return policy.trustsRedrives && redrivenFor !== policy.group;
  }

  /** A redelivery of a message that is here, or was settled here: it is handled once. */
  #isKnown(delivery: Delivery): boolean {
    const redeliveries = this.#redeliveries;
    const { position } = delivery.incoming;
    if (redeliveries === undefined || position === undefined) return false;
    const here = redeliveries.find(position);
    if (here !== undefined) {
      here.token = delivery.token;
      here.leasedAt = this.#works.leases.now();
      return true;
    }
    if (!redeliveries.wasSettled(position)) return false;
    this.#works.inFlight.settleAgain(delivery);
    this.#works.settler.add(delivery);
    return true;
  }

  #left(delivery: Delivery): void {
    this.#redeliveries?.remove(delivery, delivery.outcome !== 'released');
  }

  #expectRedeliveries(): void {
    const works = this.#works;
    const { driver, inFlight, settler, parts } = works;
    const { clock, logger, policy, assignLane } = parts;
    const { topic, group, ordering } = policy;
    const redeliveries = new Redeliveries();
    this.#redeliveries = redeliveries;
    if (ordering === 'none' || assignLane === undefined || driver?.unsettled === undefined) return;
    const { browse } = parts;
    const recovery = (order: LeasedOrder, partition: number | undefined) =>
      new OrderRecovery({
        ...{ order, ordering, clock, logger, topic, group, partition },
        browse: browse === undefined ? undefined : (signal) => browse(signal, partition),
        here: () => {
          settler.flush();
          return [...(partition === undefined ? inFlight : inFlight.of(partition))];
        },
        isOverfull: () => works.isOverfull,
        stands: () => works.stands,
        keyOf: (message) => {
          const delivery = new Delivery(message, 0);
          assignLane(delivery);
          return delivery.key;
        },
        isHere: ({ position }) => position !== undefined && redeliveries.isHere(position),
        pass: (deliveries) => {
          // All of them are begun before more is granted: how many of one key wait is known only then.
          works.beginBatch();
          // What others held is settled by now: they may have parked it since keys were looked at.
          works.parking?.reload();
          this.#pass(deliveries);
          works.endBatch();
        },
        handBack: (deliveries) => works.handBack(deliveries),
        onOthers: () => this.#events.others(),
        onChange: () => works.credit.refresh(),
        onError: (error) => this.failed(error),
      });
    const orders = new Orders((partition) => {
      const order = new LeasedOrder();
      return { order, recovery: recovery(order, partition) };
    });
    this.#orders = orders;
    // What is missing has to come although the window is full of what waits for it.
    works.missing = orders;
  }
}
