/** Small helpers around promises. */
import type { Clock } from '../clock.js';

/** True for anything that `await` would wait for. */
export function isPromise<T>(value: T | PromiseLike<T>): value is Promise<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** A promise and its resolver. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** A promise and the functions that settle it. */
export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}

/** Lets timers, I/O and other work of the event loop have a turn. */
export function macrotask(clock: Pick<Clock, 'setImmediate'>): Promise<void> {
  return new Promise((resolve) => clock.setImmediate(resolve));
}

/** A later rejection ends no process. For promises whose errors are refused or reported elsewhere. */
export function quietly(value: unknown): void {
  if (isPromise(value)) Promise.resolve(value).catch(() => {});
}
