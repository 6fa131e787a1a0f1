import { expect, it } from 'vitest';
import { WaitingRoom } from './waiting-room.js';

const task = (key: string, name = key) => ({ key, name });

it('lets a key in one at a time, as it is said to have room, in the order of entering', () => {
  const room = new WaitingRoom<ReturnType<typeof task>>();
  for (const name of ['1', '2', '3']) room.enter(task('a', name));
  expect([room.next(), room.size]).toEqual([undefined, 3]);
  room.serve('a');
  room.serve('a');
  expect(room.next()?.name).toBe('1');
  expect(room.next()).toBeUndefined();
  room.serve('a');
  expect([room.next()?.name, room.size]).toEqual(['2', 1]);
});

it('has keys that are served take turns', () => {
  const room = new WaitingRoom<ReturnType<typeof task>>();
  for (const key of ['a', 'a', 'b', 'c']) room.enter(task(key));
  for (const key of ['b', 'a', 'c']) room.serve(key);
  expect([room.next()?.key, room.next()?.key, room.next()?.key]).toEqual(['b', 'a', 'c']);
});

it('passes over those that have left, and forgets a line that is empty', () => {
  const room = new WaitingRoom<ReturnType<typeof task>>();
  const [first, second, third] = ['1', '2', '3'].map((name) => task('a', name));
  for (const one of [first, second, third]) room.enter(one as never);
  room.leave(first as never);
  expect([...room.fronts()]).toEqual([second]);
  room.leave(third as never);
  room.serve('a');
  expect(room.next()).toBe(second);
  expect([room.size, [...room.fronts()]]).toEqual([0, []]);
  room.serve('a');
  expect(room.next()).toBeUndefined();
});
