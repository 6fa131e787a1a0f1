/** Joins middleware and steps into one function, once per subscription or change, never per message. */
import { EbusError } from '../errors.js';
import type { ConsumeMiddleware, HandlerContext, PublishMiddleware, PublishReceipt } from './context.js';
import type { PublishRecord } from './message.js';

/** Runs one attempt; answering synchronously is the fast path. */
export type Handle<A> = (attempt: A) => void | Promise<void>;

/** First registered outermost; `undefined` where there is nothing to wrap. */
export function composePublish(all: readonly PublishMiddleware[]): PublishMiddleware | undefined {
  if (all.length === 0) return undefined;
  return all.reduceRight((inner, outer) => (record: PublishRecord, next: () => Promise<PublishReceipt>) => {
    return outer(record, () => heard(invoke(() => inner(record, next))));
  });
}

/** First registered outermost, around `handle`. */
export function composeConsume<A extends { readonly context: HandlerContext }>(
  all: readonly ConsumeMiddleware[],
  handle: Handle<A>,
): Handle<A> {
  return all.reduceRight<Handle<A>>(
    (inner, outer) => (attempt) =>
      outer(
        attempt.context,
        once(() => heard(invoke(() => inner(attempt)))),
      ),
    handle,
  );
}

/** A second call would run the handler twice at once, for one aggregate. */
function once(next: () => Promise<void>): () => Promise<void> {
  let called = false;
  return () => {
    if (called)
      return Promise.reject(new EbusError('consume middleware called next() twice', { code: 'INTERNAL' }));
    called = true;
    return next();
  };
}

/** `next` always answers with a promise, also where the next function throws or answers at once. */
async function invoke<T>(call: () => T | Promise<T>): Promise<T> {
  return await call();
}

/** Middleware that does not wait for it must not end the process with its rejection. */
function heard<T>(outcome: Promise<T>): Promise<T> {
  outcome.catch(() => {});
  return outcome;
}
