import { describe, expect, it } from 'vitest';
import { Attempts } from './attempts.js';

function attempts() {
  const retired: string[] = [];
  return { retired, made: new Attempts<string>((late) => void retired.push(late)) };
}

describe('numbered attempts', () => {
  it('keep the newest, and retire the one that it replaces', () => {
    const { made, retired } = attempts();
    expect(made.arrived(1, 'first')).toBe(true);
    expect(made.arrived(2, 'second')).toBe(true);
    expect([made.current, made.number]).toEqual(['second', 2]);
    expect(retired).toEqual(['first']);
    expect([made.isCurrent(1), made.isCurrent(2)]).toEqual([false, true]);
  });

  it('retire what comes late with an older number', () => {
    const { made, retired } = attempts();
    made.arrived(2, 'second');
    expect(made.arrived(1, 'first')).toBe(false);
    expect(made.current).toBe('second');
    expect(retired).toEqual(['first']);
  });

  it('retire everything once closed, each thing once', () => {
    const { made, retired } = attempts();
    made.arrived(1, 'first');
    made.close();
    made.close();
    expect(made.arrived(2, 'late')).toBe(false);
    expect(made.current).toBeUndefined();
    expect(retired).toEqual(['first', 'late']);
  });
});
