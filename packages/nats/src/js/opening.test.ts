import { expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import type { Link } from '../link.js';
import { type Locator, Superseded } from './locator.js';
import { Opening } from './opening.js';
import type { PullInbox } from './pull-inbox.js';
import type { Target } from './target.js';
import { Timers } from './timers.js';

const link = {} as Link;

/** A consumer that is found once all these errors have been thrown. */
function made(...errors: unknown[]) {
  const clock = new ManualClock();
  const failed: unknown[] = [];
  const at = { isCurrent: true, looks: 0 };
  const locator = {
    locate: async () => {
      at.looks++;
      if (errors.length > 0) throw errors.shift();
    },
  } as unknown as Locator;
  const target = { failed: (error: unknown) => void failed.push(error) } as unknown as Target;
  const opening = new Opening({ clock, timers: new Timers(clock), locator, target });
  const ready = () => opening.ready(link, () => at.isCurrent);
  return { clock, failed, at, opening, ready };
}

/** An inbox that may still receive so many times when that is asked. */
function inbox(of: Link, times = 0) {
  const ends: string[] = [];
  let left = times;
  const old = {
    link: of,
    drain: async () => void ends.push('drained'),
    discard: () => void ends.push('discarded'),
    mayStillReceive: async () => left-- > 0,
  } as unknown as PullInbox;
  return { old, ends };
}

it('looks for the consumer until it is found, and tells each failure', async () => {
  const { clock, failed, at, ready } = made('no leader', 'no leader');
  const done = ready();
  await clock.advance(199);
  expect(at.looks).toBe(1);
  await clock.advance(1);
  await clock.advance(400);
  expect(await done).toBe(true);
  expect([at.looks, failed]).toEqual([3, ['no leader', 'no leader']]);
});

it('says nothing of a consumer that the group reads no more', async () => {
  const { clock, failed, ready } = made(new Superseded());
  const done = ready();
  await clock.advance(200);
  expect([await done, failed]).toEqual([true, []]);
});

it('gives up at the next interruption, which is no failure', async () => {
  const { clock, failed, at, ready } = made('no leader');
  const first = ready();
  at.isCurrent = false;
  await clock.advance(200);
  expect([await first, await ready(), failed, at.looks]).toEqual([false, false, [], 1]);
});

it('asks for nothing while the server may still deliver to requests on a connection that broke', async () => {
  const { clock, at, opening, ready } = made();
  const { old, ends } = inbox({} as Link, 2);
  await opening.end(old, link);
  const done = ready();
  await clock.advance(200);
  expect(at.looks).toBe(0);
  await clock.advance(200);
  expect([await done, at.looks, ends]).toEqual([true, 1, ['discarded']]);
});

it('takes in what is under way on a connection that is there', async () => {
  const { opening } = made();
  const { old, ends } = inbox(link);
  await opening.end(old, link);
  expect(ends).toEqual(['drained']);
});
