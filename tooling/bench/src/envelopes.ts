/** The envelopes that the suites send. */
import type { Envelope } from '@ebus/core';

export interface OrderPlaced {
  readonly orderId: string;
  readonly customer: string;
  readonly currency: string;
  readonly total: number;
  readonly lines: readonly { readonly product: string; readonly quantity: number; readonly price: number }[];
}

const START = Date.UTC(2025, 0, 1);

/** The envelope with that number: its aggregate is one of `keys`, its event id its own. About 380 bytes as JSON. */
export function envelopeNumber(index: number, keys: readonly string[]): Envelope<OrderPlaced> {
  return {
    eventId: `0194a1b2-7c3d-7000-8000-${String(index).padStart(12, '0')}`,
    aggregateId: keys[index % keys.length] as string,
    eventType: 'OrderPlaced',
    eventVersion: Math.floor(index / keys.length) + 1,
    timestamp: new Date(START + index),
    payload: {
      orderId: 'A-10442',
      customer: 'customer-771',
      currency: 'EUR',
      total: 129.9,
      lines: [
        { product: 'P-7781', quantity: 2, price: 49.95 },
        { product: 'P-0042', quantity: 3, price: 10 },
      ],
    },
  };
}

export function aggregateIds(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `order-${i}`);
}
