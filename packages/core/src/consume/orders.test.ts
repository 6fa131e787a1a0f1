import { describe, expect, it } from 'vitest';
import type { DriverSubscription } from '../driver/subscription.js';
import { LeasedOrder } from './leased-order.js';
import { Orders } from './orders.js';

const driver = {} as DriverSubscription;

function orders() {
  const said: string[] = [];
  const made = new Orders((partition) => {
    const say = (what: string) => void said.push(`${partition ?? 'all'} ${what}`);
    const order = new LeasedOrder();
    const recovery = {
      start: () => {
        say('start');
        order.ask();
      },
      resumed: () => say('resumed'),
      interrupted: () => say('interrupted'),
      restored: () => say('restored'),
      stop: () => say('stop'),
    };
    return { order, recovery };
  });
  return { made, said };
}

describe('order after interruptions', () => {
  it('is of the whole topic where nothing is assigned; nothing may come before it is known what is missing', () => {
    const { made, said } = orders();
    made.start(driver, undefined);
    made.resumed();
    expect(said).toEqual(['all start', 'all resumed']);
    expect([made.missing, made.missingOf]).toEqual([undefined, undefined]);
    made.of(undefined)?.collect(2, undefined);
    expect([made.missing, made.returned]).toEqual([2, 0]);
  });

  it('is of each partition by itself where some are assigned, before the start or later', () => {
    const { made, said } = orders();
    made.assigned([9]);
    made.start(driver, new Set([1]));
    made.assigned([2]);
    made.resumed(2);
    made.resumed();
    expect(said).toEqual(['1 start', '2 start', '2 resumed', '1 resumed', '2 resumed']);
    expect([made.of(1)?.phase, made.of(9)]).toEqual(['asking', undefined]);
    made.of(2)?.collect(3, undefined);
    expect([made.missing, [...(made.missingOf ?? [])]]).toEqual([3, [[2, 3]]]);
  });

  it('a partition that goes is asked about no more, and anew when it comes back', () => {
    const { made, said } = orders();
    made.start(driver, new Set([1, 2]));
    const before = made.of(1);
    made.gone([1]);
    made.resumed();
    expect(made.of(1)).toBeUndefined();
    made.assigned([1]);
    expect(made.of(1)).not.toBe(before);
    made.stop();
    expect(said).toEqual(['1 start', '2 start', '1 stop', '2 resumed', '1 start', '2 stop', '1 stop']);
  });

  it('a topic that gets partitions while it is read goes on with those', () => {
    const { made, said } = orders();
    made.start(driver, undefined);
    made.assigned([0]);
    expect(said).toEqual(['all start', 'all stop', '0 start']);
    expect(made.missing).toBe(0);
  });
});
