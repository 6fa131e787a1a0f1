import { expect, it } from 'vitest';
import { ManualClock } from '../../core/src/testing/manual-clock.js';
import { Retirement } from './retirement.js';

const security = { oauthBearer: undefined } as ConstructorParameters<typeof Retirement>[1]['security'];

const { signal } = new AbortController();

/** A session that leaves when the test says so. */
function stuck() {
  let free = () => {};
  const left = new Promise<void>((resolve) => {
    free = resolve;
  });
  return { giveWay: () => left, free };
}

function made() {
  const clock = new ManualClock();
  const seen = { exits: 0, hasOtherWork: false, handles: [] as number[] };
  const retirement = new Retirement(
    clock,
    { security },
    {
      isHeldByAtMost: (handles) => {
        seen.handles.push(handles);
        return !seen.hasOtherWork;
      },
      exit: () => void seen.exits++,
    },
  );
  return { clock, seen, retirement };
}

it('has sessions leave one after the other', async () => {
  const { retirement } = made();
  const [first, second] = [stuck(), stuck()];
  const left: string[] = [];
  const begun: string[] = [];
  const leaving = (name: string, free: Promise<void>) => ({
    giveWay: async (_: AbortSignal, turn: Promise<void>) => {
      begun.push(name);
      await turn;
      await free;
      left.push(name);
    },
  });
  retirement.add(leaving('first', first.giveWay()), signal);
  retirement.add(leaving('second', second.giveWay()), signal);
  // Both are members still, and answer what the group asks of them.
  expect(begun).toEqual(['first', 'second']);
  second.free();
  await Promise.resolve();
  expect(left).toEqual([]);
  first.free();
  await retirement.over;
  expect(left).toEqual(['first', 'second']);
});

it('goes on after one that cannot leave properly', async () => {
  const { retirement } = made();
  retirement.add({ giveWay: () => Promise.reject(new Error('no coordinator')) }, signal);
  await expect(retirement.over).resolves.toBeUndefined();
});

it('ends a process after two seconds in which nothing but stuck consumers kept it alive', async () => {
  const { clock, seen, retirement } = made();
  const session = stuck();
  retirement.add(session, signal);
  retirement.mayEndProcess();
  await clock.advance(1_750);
  expect(seen.exits).toBe(0);
  await clock.advance(10_000);
  expect(seen).toMatchObject({ exits: 1, handles: Array(8).fill(4) });
  session.free();
  await retirement.over;
});

it('begins to count anew when the process had other work', async () => {
  const { clock, seen, retirement } = made();
  const session = stuck();
  retirement.add(session, signal);
  retirement.mayEndProcess();
  await clock.advance(1_750);
  seen.hasOtherWork = true;
  await clock.advance(60_000);
  expect(seen.exits).toBe(0);
  seen.hasOtherWork = false;
  await clock.advance(1_750);
  expect(seen.exits).toBe(0);
  await clock.advance(250);
  expect(seen.exits).toBe(1);
  session.free();
  await retirement.over;
});

it('leaves a process alone whose consumers have left', async () => {
  const { clock, seen, retirement } = made();
  const session = stuck();
  retirement.add(session, signal);
  retirement.mayEndProcess();
  await clock.advance(1_000);
  session.free();
  await retirement.over;
  await clock.advance(60_000);
  expect(seen).toMatchObject({ exits: 0 });
});
