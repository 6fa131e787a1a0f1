import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { AbortListeners } from './abort-listeners.js';

describe('AbortListeners', () => {
  it('calls the entries of the aborted signal, in order', () => {
    const aborted: string[] = [];
    const listeners = new AbortListeners<string>((entry) => aborted.push(entry));
    const [one, two] = [new AbortController(), new AbortController()];
    for (const entry of ['a', 'b', 'c']) listeners.add(one.signal, entry);
    listeners.add(two.signal, 'd');
    listeners.remove(one.signal, 'b');
    one.abort();
    expect(aborted).toEqual(['a', 'c']);
    two.abort();
    expect(aborted).toEqual(['a', 'c', 'd']);
  });

  it('keeps one listener on a signal, and none when nobody waits', () => {
    const listeners = new AbortListeners<number>(() => {});
    const { signal } = new AbortController();
    for (let i = 0; i < 1_000; i++) listeners.add(signal, i);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (let i = 0; i < 1_000; i++) listeners.remove(signal, i);
    listeners.remove(signal, 7);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    listeners.add(signal, 1);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  });

  it('does not call what the callback removes', () => {
    const aborted: string[] = [];
    const controller = new AbortController();
    const listeners = new AbortListeners<string>((entry) => {
      aborted.push(entry);
      listeners.remove(controller.signal, 'b');
    });
    for (const entry of ['a', 'b', 'c']) listeners.add(controller.signal, entry);
    controller.abort();
    expect(aborted).toEqual(['a', 'c']);
  });
});
