import { describe, expect, it } from 'vitest';
import type { DriverSubscription } from '../driver/subscription.js';
import { ManualClock } from '../testing/manual-clock.js';
import { Credit } from './credit.js';
import type { InFlight } from './in-flight.js';

/** A window of 400 messages and 1,000 bytes. */
function credited(window = 400) {
  const clock = new ManualClock();
  const inFlight = { count: 0, bytes: 0 };
  const granted: { messages: number; bytes: number }[] = [];
  const stalls: number[] = [];
  const state = { starved: false, stands: false };
  const credit = new Credit({
    inFlight: inFlight as InFlight,
    clock,
    bytes: 1_000,
    window: () => window,
    most: () => window,
    room: () =>
      state.stands
        ? { messages: 0, bytes: 0 }
        : { messages: window - inFlight.count, bytes: 1_000 - inFlight.bytes },
    isStarved: () => state.starved,
    stallAfter: 500,
    onStalled: (ms) => void stalls.push(ms),
    onError: () => {},
  });
  credit.start({
    request: (given: { messages: number; bytes: number }) => void granted.push(given),
  } as DriverSubscription);
  const push = (messages: number, bytes = 0) => {
    inFlight.count += messages;
    inFlight.bytes += bytes;
    credit.used(messages, bytes);
    credit.refresh();
  };
  const settle = (messages: number, bytes = 0) => {
    inFlight.count -= messages;
    inFlight.bytes -= bytes;
    credit.released();
  };
  return { clock, credit, granted, state, stalls, push, settle };
}

describe('credit', () => {
  it('is granted anew in steps of a quarter, not message by message', () => {
    const { granted, push, settle } = credited();
    expect(granted).toEqual([{ messages: 400, bytes: 1_000 }]);
    push(400);
    for (let i = 0; i < 99; i++) settle(1);
    expect(granted).toHaveLength(1);
    settle(1);
    expect(granted.slice(1)).toEqual([{ messages: 100, bytes: 1_000 }]);
  });

  it('is granted in smaller steps where nothing runs that could make room', () => {
    const { granted, push, settle, state } = credited();
    push(400);
    state.starved = true;
    settle(1);
    expect(granted.at(-1)).toEqual({ messages: 1, bytes: 1_000 });
  });

  it('is taken back where the room shrinks, and while nothing is to be fetched', () => {
    const { credit, granted, state } = credited();
    state.stands = true;
    credit.refresh();
    expect(granted.at(-1)?.messages).toBe(0);
    state.stands = false;
    credit.refresh();
    expect(granted.at(-1)).toEqual({ messages: 400, bytes: 1_000 });
    credit.stop();
    expect(granted.at(-1)).toEqual({ messages: 0, bytes: 0 });
  });

  it('ends with the bytes, and comes back with a quarter of them', () => {
    const { granted, push, settle } = credited();
    push(1, 1_000);
    expect(granted.at(-1)).toEqual({ messages: 0, bytes: 0 });
    settle(0, 250);
    settle(1, 750);
    expect(granted.at(-1)).toEqual({ messages: 400, bytes: 1_000 });
  });

  it('tells once of each time without room', async () => {
    const { clock, push, settle, stalls, credit } = credited(4);
    push(4);
    await clock.advance(499);
    expect(stalls).toEqual([]);
    await clock.advance(1);
    expect(stalls).toEqual([500]);
    await clock.advance(10_000);
    settle(4);
    push(4);
    await clock.advance(500);
    expect(stalls).toEqual([500, 500]);
    credit.stop();
    expect(clock.pending).toBe(0);
  });
});
