/** Waiting for conditions instead of for time. */
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 1;

/**
 * Resolves once `check` neither throws nor answers `false`; asks again every millisecond.
 * @throws what the last check threw, once `patienceMs` have passed
 */
export async function eventually(
  patienceMs: number,
  check: () => unknown | Promise<unknown>,
  what?: string,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const failure = await attempt(check);
    if (failure === undefined) return;
    if (Date.now() >= deadline) {
      throw new Error(`not within ${patienceMs} ms: ${what ?? failure.message}`, { cause: failure });
    }
    await sleep(POLL_MS);
  }
}

async function attempt(check: () => unknown): Promise<Error | undefined> {
  try {
    return (await check()) === false ? new Error(`still false: ${check.toString()}`) : undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Lets everything go on that only waits for promises and for I/O that is ready. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What a value is once it has stopped changing: the same in 30 looks, a millisecond apart. */
export async function settledValue<T>(read: () => T): Promise<T> {
  let value = read();
  for (let looks = 0; looks < 30; looks++) {
    await sleep(POLL_MS);
    const current = read();
    if (current !== value) looks = 0;
    value = current;
  }
  return value;
}
