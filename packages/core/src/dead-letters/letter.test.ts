import { expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { Letter } from './letter.js';

it('keeps its id over retries, until it is to be another message for the broker', () => {
  const content = { topic: 'orders.dlq', key: 'a', value: new Uint8Array(), headers: [] };
  const clock = new ManualClock();
  const letter = new Letter(content, clock);
  const { id } = letter;
  letter.mayBeStored = true;
  expect([letter.id, letter.tombstone]).toEqual([id, false]);
  letter.renewId();
  expect(letter.id).not.toBe(id);
  expect(letter.mayBeStored).toBe(false);
  expect(new Letter({ ...content, tombstone: true }, clock)).toMatchObject({ tombstone: true });
});
