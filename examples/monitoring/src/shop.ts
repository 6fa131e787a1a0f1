/** Something to watch: orders that are handled in order, some of which fail, and mails that take a while. */
import { type EventBus, PermanentError, type Subscription } from '@ebus/core';

interface Order {
  readonly number: number;
  readonly total: number;
}

const ORDERS_EVERY_MS = 20;
const CUSTOMERS = 20;
const MAIL_MS = 25;

export class Shop {
  static readonly orders = 'shop.orders';
  static readonly mails = 'shop.mails';
  readonly #bus: EventBus;
  readonly #timers: NodeJS.Timeout[] = [];
  #mails: Subscription | undefined;
  #number = 0;
  #hang = false;
  #hanging: (() => void)[] = [];
  stock = 1_000;

  constructor(bus: EventBus) {
    this.#bus = bus;
  }

  async open(): Promise<void> {
    await this.#bus.subscribeEnvelope<Order>(Shop.orders, ({ payload }, { attempt }) =>
      this.#handle(payload, attempt),
    );
    this.#mails = await this.#bus.subscribe(Shop.mails, () => sleep(MAIL_MS), { concurrency: 4 });
    this.#timers.push(setInterval(() => this.#order(), ORDERS_EVERY_MS));
  }

  /** Takes no more orders. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.release();
  }

  toggleMails(): void {
    const mails = this.#mails as Subscription;
    if (mails.stats().paused) mails.resume();
    else mails.pause();
  }

  toggleStock(): void {
    this.stock = this.stock > 0 ? 0 : 1_000;
  }

  hangNext(): void {
    this.#hang = true;
  }

  release(): void {
    for (const release of this.#hanging.splice(0)) release();
  }

  block(ms: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }

  #order(): void {
    const number = ++this.#number;
    const order: Order = { number, total: (number * 37) % 1_000 };
    const aggregateId = `customer-${number % CUSTOMERS}`;
    // What fails is counted, and said by the narrator.
    this.#bus
      .publishEnvelope(Shop.orders, {
        aggregateId,
        eventType: 'OrderPlaced',
        eventVersion: 1,
        payload: order,
      })
      .catch(() => {});
  }

  /** One in 40 works the second time; one in 400 never does, and becomes a dead letter. */
  async #handle({ number }: Order, attempt: number): Promise<void> {
    if (this.#hang) {
      this.#hang = false;
      await new Promise<void>((resolve) => this.#hanging.push(resolve));
    }
    await sleep(2);
    if (number % 400 === 0) throw new PermanentError(`order ${number} cannot be fulfilled`);
    if (number % 40 === 0 && attempt === 1) throw new Error(`order ${number}: the warehouse did not answer`);
    await this.#bus.publish(Shop.mails, { number }, { key: String(number) });
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
