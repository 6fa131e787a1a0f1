import { describe, expect, it } from 'vitest';
import { Delivery } from './delivery.js';
import { elsewhere } from './elsewhere.js';
import { InFlight } from './in-flight.js';

function here(...offsets: number[]) {
  const inFlight = new InFlight();
  for (const offset of offsets) {
    const position = { offset, incarnation: 'first' };
    const delivery = new Delivery(
      { topic: 't', value: new Uint8Array(), headers: [], position, token: offset },
      0,
    );
    inFlight.add(delivery, inFlight.share(0)!);
  }
  return { inFlight, before: [...inFlight] };
}

describe('what is unsettled elsewhere', () => {
  it('is what the broker counts and is not here', () => {
    expect(elsewhere({ count: 5, through: 7 }, here(5, 6, 7).before)).toMatchObject({
      missing: 2,
      forgotten: 0,
    });
    expect(elsewhere({ count: 5 }, here(5, 6, 7).before)).toMatchObject({ missing: 2, forgotten: 0 });
  });

  it('is not hidden by deliveries that the broker has forgotten', () => {
    expect(elsewhere({ count: 4, through: 4 }, here(5, 6, 7, 8, 9).before)).toMatchObject({
      missing: 4,
      forgotten: 5,
    });
    expect(elsewhere({ count: 0, through: 0 }, here(5, 6).before)).toMatchObject({
      missing: 0,
      forgotten: 2,
    });
  });

  it('is not what came while the broker was asked, and was given before it counted', () => {
    const { inFlight, before } = here(5, 6);
    const later = here(5, 6, 7, 8);
    const now = [...before, ...later.before.slice(2)];
    expect(elsewhere({ count: 4, through: 7 }, before, now)).toMatchObject({ missing: 1, forgotten: 0 });
    expect(elsewhere({ count: 4 }, before, now)).toMatchObject({ missing: 2 });
    expect(elsewhere({ count: 4, through: 8, incarnation: 'second' }, before, now)).toMatchObject({
      missing: 4,
    });
    expect(inFlight.count).toBe(2);
  });

  it('is not hidden by what has left while the broker was asked', () => {
    const { inFlight, before } = here(5, 6);
    inFlight.finish(before[0]!, 'handled');
    expect(elsewhere({ count: 2, through: 6 }, before)).toMatchObject({ missing: 1, forgotten: 0 });
  });

  it("is in doubt where a delivery was another process's before, which may have settled it", () => {
    const { inFlight, before } = here(5);
    const position = { offset: 6, incarnation: 'first' };
    const incoming = { topic: 't', value: new Uint8Array(), headers: [], position, token: 6 };
    const again = new Delivery({ ...incoming, redelivered: true }, 0);
    inFlight.add(again, inFlight.share(0)!);
    expect(elsewhere({ count: 2, through: 7 }, [...before, again])).toEqual({
      ...{ missing: 0, doubtful: 1, forgotten: 0 },
    });
  });

  it('is not hidden by what is of another log', () => {
    const answer = { count: 2, through: 9, incarnation: 'second' };
    expect(elsewhere(answer, here(5, 60).before)).toMatchObject({ missing: 2, forgotten: 0 });
  });
});
