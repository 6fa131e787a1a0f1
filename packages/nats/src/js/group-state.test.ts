import type { ConsumerInfo } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import type { Api } from '../api.js';
import { ageOf, type ConsumerState, lagOf, standing } from './group-state.js';

const STORED = Date.UTC(2026, 0, 1, 12, 0, 0);

it("tells ages by the server's clock alone, where it says what time it is", () => {
  expect(ageOf(STORED, '2026-01-01T12:00:05.250123456Z')).toEqual({ oldestAgeMs: 5_250 });
  expect(ageOf(STORED, '2026-01-01T14:00:01+02:00')).toEqual({ oldestAgeMs: 1_000 });
  expect(ageOf(STORED, '2026-01-01T11:59:59Z')).toEqual({ oldestAgeMs: 0 });
});

it('tells a date where the server does not', () => {
  expect(ageOf(STORED, undefined)).toEqual({ oldestTimestamp: STORED });
});

const state = (waiting: number, seesOthers = false, unheld = 0) =>
  ({
    info: { num_ack_pending: 4, num_waiting: waiting, delivered: { stream_seq: 9 } },
    ...{ ownRequests: 2, incarnation: 'one', seesOthers, unheld },
  }) as ConsumerState;

it('tells what is unsettled, and of others by their requests and deliveries', () => {
  const said = { count: 4, through: 9, incarnation: 'one' };
  expect(standing(state(2), false)).toEqual(said);
  expect(standing(state(3), false)).toEqual({ ...said, others: true });
  expect(standing(state(0, true), false)).toEqual({ ...said, others: true });
});

it('counts none that was refused or settled here: no member works on it, and none is to be waited for', () => {
  expect(standing(state(0, false, 3), true)).toMatchObject({ count: 1 });
  // Settled meanwhile, and the server has said so already.
  expect(standing(state(0, false, 9), true)).toMatchObject({ count: 0 });
});

it('takes instances that stand by for nobody who is at work', () => {
  expect(standing(state(3), true)).toMatchObject({ others: false });
});

it.each([
  ['nothing', 0, undefined, 0],
  ['a message that is stored, and not counted yet', 0, STORED, 1],
  ['messages that are counted', 3, STORED, 3],
  ['messages that are counted, and gone', 3, undefined, 3],
])('counts %s as unread', async (_what, counted, stored, unread) => {
  const info = { num_pending: counted, num_ack_pending: 0, ack_floor: { stream_seq: 4 } };
  const api = { find: async () => (stored === undefined ? undefined : { time: new Date(stored) }) };
  const lag = await lagOf(info as ConsumerInfo, api as unknown as Api, 'orders');
  expect(lag).toMatchObject({ lag: unread, unread, settled: 4 });
});
