/** A consumer that handles each event once, although every broker may deliver it twice. */
import { testBus } from '@ebus/memory/testing';

/** In a service both are tables, and `book` is one transaction: see the inbox of @ebus/outbox. */
class Accounts {
  readonly balances = new Map<string, number>();
  readonly #booked = new Set<string>();

  book(eventId: string, account: string, amount: number): boolean {
    if (this.#booked.has(eventId)) return false;
    this.#booked.add(eventId);
    this.balances.set(account, (this.balances.get(account) ?? 0) + amount);
    return true;
  }
}

await using kit = await testBus();
const accounts = new Accounts();
await kit.bus.subscribeEnvelope<{ amount: number }>(
  'payments',
  ({ eventId, aggregateId, payload }, { attempt }) => {
    const isNew = accounts.book(eventId, aggregateId, payload.amount);
    console.log(`delivery ${attempt}: ${isNew ? 'booked' : 'was booked before'}`);
  },
);

// The handler has done its work, and its acknowledgement is lost: the event comes again.
kit.failHandlers('payments', { when: 'after' });
await kit.bus.publishEnvelope('payments', {
  aggregateId: 'account-1',
  eventType: 'PaymentReceived',
  eventVersion: 1,
  payload: { amount: 100 },
});
await kit.idle();
console.log('balance:', accounts.balances.get('account-1'));
