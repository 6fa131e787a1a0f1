/** The feed as server-sent events. One that does not read misses snapshots, and is dropped after a while. */
import type { Clock } from '@ebus/core';
import { pause } from '@ebus/core/driver';
import type { Feed } from './feed.js';

/** The used part of a response of `node:http`. */
export interface EventStream {
  readonly writableNeedDrain: boolean;
  writeHead(status: number, headers: Record<string, string>): unknown;
  flushHeaders?(): void;
  write(chunk: string): boolean;
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

/** So that proxies and servers keep a stream without news. */
const BEAT_MS = 5_000;
/** What was written for so long and is not read: nobody is there. */
const STALLED_MS = 15_000;

/** False where too many watch. */
export function stream(
  feed: Feed,
  response: EventStream,
  clock: Clock,
  headers: Record<string, string>,
): boolean {
  const over = new AbortController();
  let begun = false;
  let stalledAt: number | undefined;
  let last = '';
  /** Snapshots are whole, so that one may be left out. At most one waits in memory. */
  const write = (chunk: string) => {
    if (!begun) {
      begun = true;
      response.writeHead(200, {
        ...headers,
        'Content-Type': 'text/event-stream; charset=utf-8',
        'X-Accel-Buffering': 'no',
      });
    }
    if (!response.writableNeedDrain) {
      stalledAt = undefined;
      response.write(chunk);
      return;
    }
    stalledAt ??= clock.monotonic();
    if (clock.monotonic() - stalledAt > STALLED_MS) response.destroy();
  };
  const leave = feed.watch((json) => {
    const state = json.slice(json.indexOf(','));
    if (state === last) return;
    if (!response.writableNeedDrain) last = state;
    write(`event: snapshot\ndata: ${json}\n\n`);
  });
  if (leave === undefined) return false;
  response.once('close', () => {
    over.abort();
    leave();
  });
  void beat(() => write(': beat\n\n'), clock, over.signal);
  return true;
}

async function beat(write: () => void, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    await pause(clock, BEAT_MS, signal);
    if (signal.aborted) return;
    write();
  }
}
