import { expect, it } from 'vitest';
import { readDeliveryInfo, timestampOf } from './delivery-info.js';

const said = { deliveryCount: 2, sequence: 17, consumerSequence: 5 };

it.each([
  ['of servers before 2.10', '$JS.ACK.S.c.2.17.5.1700000000123456789.3'],
  ['with a domain and an account', '$JS.ACK.hub.ACCOUNT.S.c.2.17.5.1700000000123456789.3'],
  ['with more behind it', '$JS.ACK.hub.ACCOUNT.S.c.2.17.5.1700000000123456789.3.token'],
])('reads the reply subject %s', (_, reply) => {
  const bytes = Buffer.from(reply);
  expect(readDeliveryInfo(bytes)).toEqual(said);
  expect(timestampOf(bytes)).toBe(1_700_000_000_123);
});

it.each(['', '.', 'answers.of.others', '$JS.ACK.S.c.2.17'])('ends with %j, which is none', (reply) => {
  expect(readDeliveryInfo(Buffer.from(reply))).toEqual(
    expect.objectContaining({ sequence: expect.any(Number) }),
  );
});
