import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import { missingTopic } from '../errors.js';
import { retrying } from './retrying.js';

const moving = Object.assign(new Error('Broker: Not coordinator'), { code: 16 });
const denied = Object.assign(new Error('Broker: Group authorization failed'), { code: 30 });
const never = new AbortController().signal;

/** Fails with these, one after the other, and succeeds then. */
function attempts(clock: ManualClock, errors: readonly unknown[], signal = never) {
  const left = [...errors];
  const told: unknown[] = [];
  const action = async () => {
    const error = left.shift();
    if (error !== undefined) throw error;
    return 'done';
  };
  const seen: { outcome?: unknown } = {};
  retrying(clock, signal, action, (error) => told.push(error)).then(
    (value) => {
      seen.outcome = value;
    },
    (error: unknown) => {
      seen.outcome = error;
    },
  );
  return { told, seen, left };
}

describe('trying again', () => {
  it('waits out what passes, and tells of it', async () => {
    const clock = new ManualClock();
    const { told, seen } = attempts(clock, [moving, moving]);
    await clock.advance(400);
    expect([seen.outcome, told]).toEqual(['done', [moving, moving]]);
  });

  it('gives up at what does not pass', async () => {
    const clock = new ManualClock();
    const { seen } = attempts(clock, [moving, denied]);
    await clock.advance(400);
    expect(seen.outcome).toBe(denied);
  });

  it('waits for a topic that was just created, and not for long', async () => {
    const clock = new ManualClock();
    const missing = missingTopic('orders');
    const soon = attempts(clock, [missing]);
    const late = attempts(clock, Array(100).fill(missing));
    await clock.advance(5_000);
    expect([soon.seen.outcome, late.seen.outcome]).toEqual(['done', missing]);
  });

  it('ends with its signal, with what it met last', async () => {
    const clock = new ManualClock();
    const ending = new AbortController();
    const { seen, left } = attempts(clock, Array(10).fill(moving), ending.signal);
    await clock.advance(300);
    ending.abort();
    await clock.advance(1_000);
    expect([seen.outcome, left.length]).toEqual([moving, 8]);
  });
});
