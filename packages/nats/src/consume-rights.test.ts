import { describe, expect, it } from 'vitest';
import { missingRights } from './consume-rights.js';

const reached = {
  stream: 'S',
  consumer: 'billing-orders',
  madeBy: 'CREATE.S.billing-orders.orders',
  apiPrefix: '$JS.API',
  inboxPrefix: '_INBOX',
};
const all = [
  '$JS.API.CONSUMER.INFO.S.billing-orders',
  '$JS.API.CONSUMER.CREATE.S.billing-orders.orders',
  '$JS.API.CONSUMER.MSG.NEXT.S.billing-orders',
  '$JS.ACK.S.billing-orders.>',
];

describe('missingRights', () => {
  it('has none to tell of a login without restrictions, or with just those', () => {
    expect(missingRights({}, reached)).toEqual([]);
    const login = { publish: { allow: all }, subscribe: { allow: ['_INBOX.>'] } };
    expect(missingRights(login, reached)).toEqual([]);
    expect(missingRights({ publish: { allow: ['$JS.>'] } }, reached)).toEqual([]);
  });

  it.each(all)('tells that %s is missing', (subject) => {
    const allow = all.filter((one) => one !== subject);
    expect(missingRights({ publish: { allow } }, reached)).toEqual([`publish to ${subject}`]);
  });

  it('tells an inbox that may not be subscribed to, and acknowledgements that are denied', () => {
    const login = { publish: { deny: ['$JS.ACK.>'] }, subscribe: { allow: ['shop.>'] } };
    expect(missingRights(login, reached)).toEqual([
      'publish to $JS.ACK.S.billing-orders.>',
      'subscribe to _INBOX.>',
    ]);
  });
});
