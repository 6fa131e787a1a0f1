import { describe, expect, it } from 'vitest';
import { AckFloor } from './ack-floor.js';

const at = (consumer: number, stream: number, delivered = consumer) => ({
  ack_floor: { consumer_seq: consumer, stream_seq: stream },
  delivered: { consumer_seq: delivered, stream_seq: stream },
});

describe('where a consumer that is made anew begins', () => {
  it('is where it began, before anything came', () => {
    expect(new AckFloor(at(0, 20)).of([])).toBe(20);
  });

  it('is behind what is unsettled here, and behind nothing else that came here', () => {
    const floor = new AckFloor(at(0, 20));
    for (const n of [1, 2, 3]) floor.delivered(n, 20 + 10 * n);
    expect(floor.of([])).toBe(50);
    expect(floor.of([40, 50])).toBe(39);
  });

  it('is not beyond the first delivery that another instance got, until the server says more', () => {
    const floor = new AckFloor(at(0, 0));
    floor.delivered(1, 1);
    floor.delivered(3, 3);
    floor.delivered(4, 4);
    expect(floor.of([])).toBe(1);
    expect(floor.isBehind).toBe(true);
    floor.refreshed(at(4, 4));
    expect(floor.isBehind).toBe(false);
    expect(floor.of([])).toBe(4);
    floor.delivered(5, 7);
    expect(floor.of([])).toBe(7);
  });

  it('does not take back what was settled here since the server was asked', () => {
    const floor = new AckFloor(at(0, 0));
    for (const n of [1, 2, 3]) floor.delivered(n, n);
    floor.refreshed(at(1, 1, 3));
    expect(floor.of([])).toBe(3);
  });

  it('is behind redeliveries', () => {
    const floor = new AckFloor(at(0, 0));
    floor.delivered(1, 1);
    floor.delivered(2, 2);
    floor.delivered(3, 1);
    expect(floor.of([1])).toBe(0);
  });

  it('is the new count of a consumer that was made anew by another instance', () => {
    const floor = new AckFloor(at(500, 900));
    floor.begin(at(0, 890));
    floor.delivered(1, 891);
    expect(floor.of([])).toBe(891);
  });
});
