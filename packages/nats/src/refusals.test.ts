import { PermissionViolationError } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { refusal, refusedBy } from './refusals.js';

const denied = (operation: 'publish' | 'subscription', subject: string) =>
  new PermissionViolationError(
    `Permissions Violation for ${operation} to "${subject}"`,
    operation,
    subject,
    undefined,
  );

describe('a refusal of the server', () => {
  it.each([
    ['shop.orders', { what: 'publish', topic: 'shop.orders' }],
    [
      '$JS.ACK.SHOP.billing-orders.1.5.5.1700000000000000000.0',
      { what: 'ack', stream: 'SHOP', consumer: 'billing-orders' },
    ],
    [
      '$JS.ACK.hub.AHASH.SHOP.billing-orders.1.5.5.1700000000000000000.0.token',
      { what: 'ack', stream: 'SHOP', consumer: 'billing-orders' },
    ],
    ['$JS.API.CONSUMER.MSG.NEXT.SHOP.billing', { what: 'pull', stream: 'SHOP', consumer: 'billing' }],
    ['$JS.hub.API.CONSUMER.MSG.NEXT.SHOP.billing', { what: 'pull', stream: 'SHOP', consumer: 'billing' }],
    ['$JS.API.STREAM.INFO.SHOP', { what: 'api', subject: '$JS.API.STREAM.INFO.SHOP' }],
    ['our.api.CONSUMER.INFO.SHOP.billing', { what: 'api', subject: 'our.api.CONSUMER.INFO.SHOP.billing' }],
  ])('to publish to %s is for whoever did', (subject, refused) => {
    expect(refusedBy(denied('publish', subject))).toEqual(refused);
  });

  it('of a subscription is told to it by the client; of too many, to the newest', () => {
    expect(refusedBy(denied('subscription', 'x'))).toEqual({ what: 'subscribe', subject: 'x' });
    expect(refusedBy(new Error('Maximum Subscriptions Exceeded'))).toEqual({ what: 'newest' });
    expect(refusedBy(new Error('Slow Consumer'))).toEqual({ what: 'unknown' });
  });

  it('is an error that says what to do', () => {
    expect(refusal("publishing to 'x'", denied('publish', 'x'))).toMatchObject({
      code: 'UNAUTHORIZED',
      retryable: false,
    });
    expect(refusal("the subscription to 'x'", new Error('maximum subscriptions exceeded'))).toMatchObject({
      code: 'LIMIT',
      retryable: true,
    });
  });
});
