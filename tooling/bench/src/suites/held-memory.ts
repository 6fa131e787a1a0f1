/** What a bus still holds after 1,000,000 aggregates were seen once each: nothing. */
import { memoryBus } from '../contenders.js';
import { envelopeNumber } from '../envelopes.js';
import { collectGarbage } from '../garbage.js';
import { Countdown, pipelined } from '../pipelined.js';
import type { Row } from '../report.js';

const KEYS = 1_000_000;
/** Enough for caches, compiled code and buffers to reach their size before the first look at the heap. */
const WARM_UP = 100_000;
/** One byte a key: far less than anything that could be kept of it. */
const TARGET_BYTES = KEYS;

export async function heldMemory(): Promise<Row[]> {
  await using bus = await memoryBus();
  const countdown = new Countdown();
  await bus.subscribeEnvelope('bench.keys', () => countdown.hit());
  const see = async (first: number, count: number): Promise<void> => {
    const handled = countdown.start(count);
    await pipelined(count, (i) => bus.publishEnvelope('bench.keys', envelopeNumber(0, [`key-${first + i}`])));
    await handled;
    await bus.idle();
  };

  await see(0, WARM_UP);
  const before = await heapUsed();
  await see(WARM_UP, KEYS);
  const after = await heapUsed();
  return [
    {
      contender: '1,000,000 keys, one event each',
      against: `heap before: ${mebibytes(before)}, after: ${mebibytes(after)}`,
      figure: `${after < before ? '' : '+'}${mebibytes(after - before)}`,
      target: `< ${mebibytes(TARGET_BYTES)} more`,
      met: after - before < TARGET_BYTES,
    },
  ];
}

async function heapUsed(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage().heapUsed;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
