import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { anySignal, linkedSignal } from './any-signal.js';

const listeners = (...all: readonly AbortController[]) =>
  all.map(({ signal }) => getEventListeners(signal, 'abort').length);

describe('a signal that listens to others', () => {
  it.each([0, 1])('aborts with number %i of them, for its reason, and lets go of both', (first) => {
    const both = [new AbortController(), new AbortController()];
    const { signal } = linkedSignal(...both.map((one) => one.signal));
    expect(signal.aborted).toBe(false);
    expect(listeners(...both)).toEqual([1, 1]);
    both[first]?.abort('why');
    expect([signal.aborted, signal.reason]).toEqual([true, 'why']);
    both[1 - first]?.abort('too late');
    expect(signal.reason).toBe('why');
    expect(listeners(...both)).toEqual([0, 0]);
  });

  it('has aborted where one of them had, and listens to none', () => {
    const [alive, gone] = [new AbortController(), new AbortController()];
    gone.abort('why');
    const { signal, release } = linkedSignal(alive.signal, gone.signal);
    expect([signal.aborted, signal.reason]).toEqual([true, 'why']);
    expect(listeners(alive)).toEqual([0]);
    release();
  });

  it('hears nothing once it is released', () => {
    const one = new AbortController();
    const { signal, release } = linkedSignal(one.signal);
    release();
    release();
    expect(listeners(one)).toEqual([0]);
    one.abort();
    expect(signal.aborted).toBe(false);
  });

  it('lets go of the others when its end comes', () => {
    const [end, other] = [new AbortController(), new AbortController()];
    const signal = anySignal(end.signal, other.signal, undefined);
    end.abort();
    expect(signal.aborted).toBe(true);
    expect(listeners(other)).toEqual([0]);
  });
});
