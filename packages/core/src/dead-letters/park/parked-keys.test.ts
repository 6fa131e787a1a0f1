import { describe, expect, it } from 'vitest';
import type { HandledNote, LetterNote } from './park-note.js';
import { ParkedKeys } from './parked-keys.js';

const letter = (key: string, offset: number, log?: string): LetterNote => ({
  kind: 'letter',
  key,
  partition: 0,
  at: log === undefined ? { offset: String(offset) } : { offset: String(offset), log },
});
const handled = (key: string, offset: number, count: number, log?: string): HandledNote => ({
  kind: 'handled',
  key,
  partition: 0,
  through: log === undefined ? { offset: String(offset) } : { offset: String(offset), log },
  count,
});

describe('ParkedKeys', () => {
  it('counts the letters of a key, each once', () => {
    const keys = new ParkedKeys(10);
    for (const offset of [3, 9, 9, 10, 3]) keys.apply(letter('a', offset));
    expect(keys.letters).toBe(3);
    keys.apply(handled('a', 9, 2));
    expect(keys.letters).toBe(1);
    expect(keys.find(0, 'a')).toBeDefined();
    keys.apply(handled('a', 12, 1));
    expect([keys.letters, keys.size, keys.find(0, 'a')]).toEqual([0, 0, undefined]);
  });

  it('takes no letter of an expelled process that comes after its key was handled', () => {
    const keys = new ParkedKeys(10);
    keys.apply(letter('a', 3));
    keys.apply(handled('a', 12, 1));
    keys.apply(letter('a', 11));
    expect(keys.size).toBe(0);
    keys.apply(letter('a', 13));
    expect(keys.size).toBe(1);
  });

  it('parks a key by partition', () => {
    const keys = new ParkedKeys(10);
    keys.apply(letter('a', 3));
    keys.apply({ ...letter('a', 3), partition: 1 });
    keys.apply(handled('a', 4, 1));
    expect([keys.find(0, 'a'), keys.find(1, 'a') !== undefined]).toEqual([undefined, true]);
    keys.forget(new Set([1]));
    expect(keys.size).toBe(0);
  });

  it('puts a log that was made anew behind the one before it', () => {
    const keys = new ParkedKeys(10);
    keys.apply(letter('a', 90, 'old'));
    keys.apply(letter('a', 2, 'new'));
    expect(keys.letters).toBe(2);
    keys.apply(handled('a', 95, 1, 'old'));
    expect(keys.find(0, 'a')).toBeDefined();
    keys.apply(handled('a', 3, 1, 'new'));
    expect(keys.find(0, 'a')).toBeUndefined();
  });

  it('says that it is full, and beyond its limit', () => {
    const keys = new ParkedKeys(2);
    keys.apply(letter('a', 1));
    expect(keys.isFull).toBe(false);
    keys.apply(letter('b', 2));
    expect([keys.isFull, keys.isOver]).toEqual([true, false]);
    keys.apply(letter('c', 3));
    expect(keys.isOver).toBe(true);
  });

  it('stays small over many keys that were parked and redriven', () => {
    const keys = new ParkedKeys(10);
    for (let i = 0; i < 100_000; i++) {
      keys.apply(letter(`k${i}`, i));
      keys.apply(handled(`k${i}`, i, 1));
    }
    keys.apply(letter('k99999', 5));
    expect(keys.size).toBe(0);
    keys.compact();
    keys.apply(letter('k99999', 5));
    expect(keys.size).toBe(1);
  });
});
