import { createEventBus } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { memory } from './index.js';

const busy = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

describe('the event loop gets its turns', () => {
  it('while a loop awaits one publish after the other', async () => {
    await using bus = await createEventBus({ type: 'memory' }, { plugins: [memory] });
    await bus.subscribe('ticks', () => {});
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 5);
    let published = 0;
    // Without a turn the timer never fires, and the loop runs to its end.
    for (; !fired && published < 3_000_000; published++) await bus.publish('ticks', 'x');
    expect(fired).toBe(true);
  });

  it('while handlers that answer at once work a backlog off', async () => {
    await using bus = await createEventBus({ type: 'memory' }, { plugins: [memory] });
    for (let i = 0; i < 100; i++) await bus.publish('backlog', 'x');
    let handled = 0;
    let handledAtTimer: number | undefined;
    setTimeout(() => {
      handledAtTimer = handled;
    }, 5);
    await bus.subscribe('backlog', () => {
      busy(1);
      handled++;
    });
    await bus.idle();
    expect(handled).toBe(100);
    expect(handledAtTimer).toBeLessThan(100);
  });
});
