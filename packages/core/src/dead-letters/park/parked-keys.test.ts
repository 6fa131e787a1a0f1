import { describe, expect, it } from 'vitest';
import type { HandledNote, LetterNote } from './park-note.js';
import { ParkedKeys } from './parked-keys.js';

const at = (offset: number, log?: string, partition = 0) => ({
  ...{ partition, offset: String(offset) },
  ...(log === undefined ? {} : { log }),
});
const letter = (key: string, ...where: Parameters<typeof at>): LetterNote => ({
  ...{ kind: 'letter', key, at: at(...where) },
});
const handled = (key: string, offset: number, count: number, log?: string): HandledNote => ({
  ...{ kind: 'handled', key, through: [at(offset, log)], count },
});

describe('ParkedKeys', () => {
  it('counts the letters of a key, each once', () => {
    const keys = new ParkedKeys(10);
    for (const offset of [3, 9, 9, 10, 3]) keys.apply(letter('a', offset));
    expect(keys.letters).toBe(3);
    keys.apply(handled('a', 9, 2));
    expect(keys.letters).toBe(1);
    expect(keys.find('a')).toBeDefined();
    keys.apply(handled('a', 12, 1));
    expect([keys.letters, keys.size, keys.find('a')]).toEqual([0, 0, undefined]);
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

  it('knows of each log of a key how far it is handled', () => {
    const keys = new ParkedKeys(10);
    keys.apply(letter('a', 90, 'old'));
    keys.apply(letter('a', 2, 'new'));
    keys.apply(letter('a', 1, 'new', 7));
    expect(keys.letters).toBe(3);
    keys.apply(handled('a', 95, 1, 'old'));
    expect(keys.find('a')).toBeDefined();
    const both = [at(3, 'new'), at(1, 'new', 7)];
    keys.apply({ kind: 'handled', key: 'a', through: both, count: 2 });
    expect(keys.find('a')).toBeUndefined();
    // A letter of a log that nobody has handled is not lost.
    keys.apply(letter('a', 1, 'new', 8));
    expect(keys.find('a')).toBeDefined();
  });

  it('says that there are more than its limit', () => {
    const keys = new ParkedKeys(1);
    keys.apply(letter('a', 1));
    expect(keys.isOver).toBe(false);
    keys.apply(letter('b', 2));
    expect(keys.isOver).toBe(true);
    expect([...keys]).toEqual(['a', 'b']);
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
