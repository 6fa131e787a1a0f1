/** Puts virtual time in the place of Node's timers and clocks, for code that knows nothing of `Clock`. */
import type { Random } from './random.js';
import { EPOCH } from './virtual-clock.js';
import type { VirtualTime, VirtualTimer } from './virtual-time.js';

interface FakeTimer {
  timer: VirtualTimer | undefined;
  unref(): FakeTimer;
  ref(): FakeTimer;
  hasRef(): boolean;
  refresh(): FakeTimer;
  close(): FakeTimer;
  [Symbol.toPrimitive](): number;
  [Symbol.dispose](): void;
}

/** Replaces the globals; the function returned puts the real ones back. Not to be nested. */
export function installVirtualGlobals(time: VirtualTime, random: Random): () => void {
  const RealDate = Date;
  const saved = {
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    setImmediate: globalThis.setImmediate,
    clearTimeout: globalThis.clearTimeout,
    clearInterval: globalThis.clearInterval,
    clearImmediate: globalThis.clearImmediate,
    Date: globalThis.Date,
  };
  const savedRandom = Math.random;
  const savedTimeout = AbortSignal.timeout;
  const savedNow = performance.now;

  const schedule = (fn: () => void, ms: number, every: number | undefined): FakeTimer => {
    const fire = () => {
      if (every !== undefined) fake.timer = time.at(every, fire);
      fn();
    };
    const clear = () => {
      if (fake.timer !== undefined) time.cancel(fake.timer);
      return fake;
    };
    const fake: FakeTimer = {
      timer: undefined,
      unref: () => fake,
      ref: () => fake,
      hasRef: () => true,
      refresh: () => {
        clear();
        fake.timer = time.at(ms, fire);
        return fake;
      },
      close: clear,
      [Symbol.toPrimitive]: () => fake.timer?.id ?? 0,
      [Symbol.dispose ?? Symbol.for('nodejs.dispose')]: clear,
    } as FakeTimer;
    fake.timer = time.at(ms, fire);
    return fake;
  };
  const atLeastOne = (ms: unknown) => Math.max(1, Number(ms) || 1);
  const clear = (fake: unknown) => {
    const timer = (fake as Partial<FakeTimer> | undefined)?.timer;
    if (timer !== undefined) time.cancel(timer);
  };
  class VirtualDate extends RealDate {
    constructor(...args: unknown[]) {
      if (args.length === 0) super(VirtualDate.now());
      else super(...(args as [number]));
    }
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof RealDate;
    }
    static override now(): number {
      return Math.floor(EPOCH + time.now);
    }
  }
  Object.assign(globalThis, {
    setTimeout: (fn: (...args: unknown[]) => void, ms?: unknown, ...args: unknown[]) =>
      schedule(() => fn(...args), atLeastOne(ms), undefined),
    setInterval: (fn: (...args: unknown[]) => void, ms?: unknown, ...args: unknown[]) =>
      schedule(() => fn(...args), atLeastOne(ms), atLeastOne(ms)),
    setImmediate: (fn: (...args: unknown[]) => void, ...args: unknown[]) =>
      schedule(() => fn(...args), 0, undefined),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
    Date: VirtualDate,
  });
  Math.random = () => random.next();
  performance.now = () => time.now;
  AbortSignal.timeout = (ms: number) => {
    const controller = new AbortController();
    time.at(ms, () => controller.abort(new DOMException('The operation timed out', 'TimeoutError')));
    return controller.signal;
  };
  return () => {
    Object.assign(globalThis, saved);
    Math.random = savedRandom;
    AbortSignal.timeout = savedTimeout;
    performance.now = savedNow;
  };
}
