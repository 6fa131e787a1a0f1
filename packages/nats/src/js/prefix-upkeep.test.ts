import { expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import { AckAllServer } from '../testing/ack-all-server.js';
import type { JetStreamDelivery } from './delivery.js';
import { settlingOf } from './settling.js';

/** A member that has taken over from one that held a message, and has settled a newer one. */
function inDoubt() {
  const clock = new ManualClock();
  const server = new AckAllServer();
  server.give();
  const asked = { times: 0, fails: false };
  const look = async () => {
    asked.times++;
    if (asked.fails) throw new Error('no connection');
    return server.info;
  };
  const settling = settlingOf({ ackPolicy: 'all' }, { clock, ackWait: 3_000, look, onRoom: () => {} });
  const { deliveries } = settling;
  deliveries.online(server.link());
  const take = (one: JetStreamDelivery) => {
    deliveries.add(one);
    deliveries.settle([{ token: one, outcome: 'handled' }]);
  };
  take(server.give());
  return { clock, server, asked, settling, take };
}

it('asks until all that is unsettled is known, also after a question that failed', async () => {
  const { clock, server, asked, settling, take } = inDoubt();
  asked.fails = true;
  await clock.advance(1_000);
  expect([server.floor, asked.times > 1]).toEqual([0, true]);
  asked.fails = false;
  take(server.give(1));
  await clock.advance(2_000);
  expect([server.floor, server.pending.size]).toEqual([2, 0]);
  const { times } = asked;
  await clock.advance(5_000);
  expect(asked.times).toBe(times);
  settling.close();
});

it('renews the leases of what waits, until it is closed', async () => {
  const { clock, server, settling } = inDoubt();
  await clock.advance(1_001);
  expect(server.words).toEqual([[2, '+WPI']]);
  settling.close();
  await clock.advance(9_000);
  expect(server.words).toHaveLength(1);
});

it('hands back at the end what could not be confirmed, after a last question', async () => {
  const { server, asked, settling } = inDoubt();
  await Promise.resolve();
  const { times } = asked;
  settling.leaving();
  expect(await settling.confirm()).toBe(true);
  expect([server.floor, server.words[0], asked.times]).toEqual([0, [2, '-NAK'], times + 1]);
  settling.close();
});

it('confirms at the end what is known by then', async () => {
  const { server, settling, take } = inDoubt();
  take(server.give(1));
  settling.leaving();
  await settling.confirm();
  expect([server.floor, server.words.filter(([, word]) => word === '-NAK')]).toEqual([2, []]);
  settling.close();
});
