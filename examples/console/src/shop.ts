/** A shop in trouble: orders whose key is parked, payments that halt, mails that fail, and a group that nobody reads for. */
import { randomBytes } from 'node:crypto';
import type { EventBus } from '@ebus/core';

interface Order {
  readonly customer: string;
  readonly total: number;
  readonly currency: string;
}

const ORDERS_EVERY_MS = 40;
const CUSTOMERS = 24;
const MAIL_MS = 30;
/** Every so many mails fail. */
const LOST_MAIL = 97;

/** The failures that are injected. */
export class Shop {
  static readonly orders = 'shop.orders';
  static readonly payments = 'shop.payments';
  static readonly mails = 'shop.mails';
  readonly #bus: EventBus;
  readonly #timers: NodeJS.Timeout[] = [];
  #number = 1_000;
  #isFixed = false;

  constructor(bus: EventBus) {
    this.#bus = bus;
  }

  async open(): Promise<void> {
    const bus = this.#bus;
    await bus.subscribeEnvelope<Order>(
      Shop.orders,
      ({ aggregateId, payload }) => this.#ship(aggregateId, payload),
      {
        onExhausted: 'park',
        maxRetries: 1,
        retryBackoff: { base: '50ms' },
      },
    );
    await bus.subscribeEnvelope<Order>(Shop.payments, ({ payload }) => this.#charge(payload), {
      onExhausted: 'halt',
      maxRetries: 1,
      retryBackoff: { base: '50ms' },
    });
    await bus.subscribe(Shop.mails, (message) => this.#mail(message.json<Order & { number: number }>()), {
      concurrency: 2,
      maxRetries: 0,
    });
    // A service that read once, and is down: its group falls behind.
    const reports = await bus.subscribe(Shop.orders, () => {}, { group: 'reports' });
    await reports.close();
    await this.#oddities();
    this.#timers.push(setInterval(() => this.#order(), ORDERS_EVERY_MS));
  }

  /** Mends the causes, as a deployment would; and breaks them again. */
  toggleFix(): string {
    this.#isFixed = !this.#isFixed;
    return this.#isFixed ? 'the causes are fixed: redrive and retry now' : 'everything fails again';
  }

  /** Takes no more orders. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #order(): void {
    const number = this.#number++;
    const customer = `customer-${String(number % CUSTOMERS).padStart(2, '0')}`;
    const payload = {
      customer,
      total: 5 + (number % 90),
      currency: number % CUSTOMERS === 5 ? 'XAU' : 'EUR',
    };
    const headers = { traceparent: `00-${hex(16)}-${hex(8)}-01` };
    const event = { aggregateId: customer, eventType: 'OrderPlaced', eventVersion: 1, payload };
    const sent = [
      this.#bus.publishEnvelope(Shop.orders, event, { headers }),
      this.#bus.publishEnvelope(Shop.payments, { ...event, eventType: 'PaymentDue' }, { headers }),
      this.#bus.publish(Shop.mails, { number, ...payload }, { key: customer, headers }),
    ];
    // A closing bus refuses the last ones.
    for (const one of sent) one.catch(() => {});
  }

  async #ship(customer: string, { total }: Order): Promise<void> {
    if (this.#isFixed) return;
    if (customer === 'customer-07')
      throw new Error('no postal address: the customer moved, and the old address was deleted');
    if (customer === 'customer-19' && total > 50)
      throw new Error('warehouse: article 4711 is not in the catalogue');
  }

  #charge({ currency }: Order): void {
    if (currency === 'XAU' && !this.#isFixed)
      throw new Error("the payment provider refused the currency 'XAU'");
  }

  async #mail({ number }: { number: number }): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, MAIL_MS));
    if (number % LOST_MAIL === 0 && !this.#isFixed)
      throw new Error(`550 5.1.1 mailbox of order ${number} does not exist`);
  }

  /** What strangers may send. */
  async #oddities(): Promise<void> {
    const publish = (value: string | Uint8Array, key: string) =>
      this.#bus.publish(Shop.mails, value, { key });
    await publish('<script>alert("hello")</script><img src=x onerror=alert(1)>', 'stranger-1');
    await publish(JSON.stringify({ note: 'x'.repeat(1_000_000) }).slice(1), 'stranger-2');
    await publish(new Uint8Array(randomBytes(64)), 'stranger-3');
  }
}

/** Of so many bytes. */
function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
