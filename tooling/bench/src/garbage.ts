/** Collecting garbage on demand, so that a look at the heap shows what is held. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Three times, with a turn of the event loop before each: finalizers and closed handles let go of more. */
export async function collectGarbage(): Promise<void> {
  collect ??= collector();
  for (let i = 0; i < 3; i++) {
    await nextTurn();
    collect();
  }
}

/** Of this process, however it was started. */
function collector(): () => void {
  if (globalThis.gc !== undefined) return globalThis.gc as () => void;
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
