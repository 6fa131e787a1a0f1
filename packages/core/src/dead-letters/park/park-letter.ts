/** Waits for what becomes of a message that asks for its key to be parked. */
import type { Clock } from '../../clock.js';
import { formatPosition, type Position } from '../../driver/message.js';
import { abortError, UnsupportedError } from '../../errors.js';
import { backOff } from '../../util/waiting.js';
import type { DeadLetter } from '../dead-letter.js';

const POLL = { base: 30, max: 2_000, factor: 1.5, jitter: false };

interface ParkWait {
  readonly topic: string;
  readonly group: string;
  /** Where the message is. */
  readonly position: Position;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The letters that there are now. */
  letters(): Promise<readonly DeadLetter[]>;
}

/**
 * Resolves once the member that has the key has parked it. Waits for as long as no member of the group is there.
 * @throws EbusError `ABORTED`; UnsupportedError where the group cannot park it: the letter is a dead letter again
 */
export async function untilParked(wait: ParkWait): Promise<void> {
  const { topic, group, clock, signal } = wait;
  const place = formatPosition(wait.position);
  for (let polls = 1; ; polls++) {
    const found = (await wait.letters()).find(
      (letter) =>
        letter.originalPosition === place && letter.originalTopic === topic && letter.group === group,
    );
    if (found?.parkedKey !== undefined) return;
    if (found !== undefined) throw new UnsupportedError(`group '${group}': ${found.errorMessage}`);
    await backOff(clock, POLL, polls, signal);
    if (signal.aborted) throw abortError(signal, `parking a key of '${topic}'`);
  }
}
