import { expect, it } from 'vitest';
import { ManualClock } from '../../core/src/testing/manual-clock.js';
import { CODE } from './errors.js';
import { Lifeline } from './lifeline.js';

const ALONE = Object.assign(new Error('1/1 brokers are down'), { code: CODE.allBrokersDown });

function lifeline() {
  const clock = new ManualClock();
  const over = new AbortController();
  const state = { isThere: true, answers: false, asked: 0, lost: [] as unknown[] };
  const client = {
    getMetadata(_: unknown, done: (error: unknown) => void) {
      state.asked++;
      done(state.answers ? null : new Error('Local: Broker transport failure'));
    },
  };
  const line = new Lifeline({
    clock,
    client: client as never,
    over: over.signal,
    isThere: async () => state.isThere,
    lost: (cause) => void state.lost.push(cause),
  });
  return { clock, over, state, line };
}

it('a client that answers nothing while the cluster answers others is lost, once', async () => {
  const { clock, state, line } = lifeline();
  line.heard(ALONE);
  line.heard(ALONE);
  await clock.advance(10_000);
  expect(state.lost).toMatchObject([{ code: 'CONNECTION_FAILED', cause: ALONE }]);
  expect(state.asked).toBe(4);
});

it('other reports are no reason to ask', async () => {
  const { clock, state, line } = lifeline();
  line.heard(new Error('a broker does not answer'));
  await clock.advance(10_000);
  expect(state.asked).toBe(0);
});

it('is not asked while the cluster answers none, for that holds a thread', async () => {
  const { clock, state, line } = lifeline();
  state.isThere = false;
  line.heard(ALONE);
  await clock.advance(60_000);
  expect([state.asked, state.lost]).toEqual([0, []]);
  state.isThere = true;
  await clock.advance(1_500);
  state.isThere = false;
  await clock.advance(1_000);
  state.isThere = true;
  await clock.advance(1_500);
  expect(state.lost).toEqual([]);
  await clock.advance(1_000);
  expect(state.lost).toHaveLength(1);
});

it('one that comes back by itself is left alone, and looked after again the next time', async () => {
  const { clock, state, line } = lifeline();
  line.heard(ALONE);
  await clock.advance(1_000);
  state.answers = true;
  await clock.advance(10_000);
  expect([state.asked, state.lost]).toEqual([3, []]);
  state.answers = false;
  line.heard(ALONE);
  await clock.advance(10_000);
  expect(state.lost).toHaveLength(1);
});

it('nothing is asked once it is over', async () => {
  const { clock, over, state, line } = lifeline();
  line.heard(ALONE);
  over.abort();
  await clock.advance(10_000);
  expect([state.asked, state.lost]).toEqual([0, []]);
});
