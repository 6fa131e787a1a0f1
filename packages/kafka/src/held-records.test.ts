import { type OutgoingRecord, PublishTimeoutError, type SendReceipt } from '@ebus/core/driver';
import { expect, it } from 'vitest';
import { HeldRecords } from './held-records.js';

const record = (topic: string, deadline: number) => ({ topic, deadline }) as OutgoingRecord;
const late = expect.toSatisfy((error) => PublishTimeoutError.isInstance(error));

it('sends what was held in order, those left out whose time is up', async () => {
  let now = 0;
  const held = new HeldRecords(() => now);
  const outcomes = [record('a', 100), record('b', 10), record('c', 100)].map((one) => held.hold(one));
  const settled = Promise.allSettled(outcomes);
  now = 50;
  const sent: string[] = [];
  held.release(async ({ topic }): Promise<SendReceipt> => {
    sent.push(topic);
    if (topic === 'c') throw new Error('refused');
    return {};
  });
  expect(sent).toEqual(['a', 'c']);
  expect(await settled).toEqual([
    { status: 'fulfilled', value: {} },
    { status: 'rejected', reason: late },
    { status: 'rejected', reason: new Error('refused') },
  ]);
  expect(held.count).toBe(0);
});

it('does not let pile up what nobody waits for any more', async () => {
  let now = 0;
  const held = new HeldRecords(() => now);
  const outcomes = Promise.allSettled([held.hold(record('a', 10)), held.hold(record('b', 10))]);
  now = 20;
  const last = Promise.allSettled([held.hold(record('c', 30))]);
  expect(held.count).toBe(1);
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  held.reject(new Error('closed'));
  expect(await last).toEqual([{ status: 'rejected', reason: new Error('closed') }]);
});
