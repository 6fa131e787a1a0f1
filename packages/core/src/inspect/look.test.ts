import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import type { BrowseSpec } from '../driver/driver.js';
import type { IncomingMessage } from '../driver/message.js';
import { look, startOf } from './look.js';

const logs = [
  { partition: 0, first: 5, next: 10 },
  { partition: 1, first: 0, next: 0 },
];

describe('startOf', () => {
  it('counts back from the end, and not beyond the oldest message', () => {
    expect(startOf({ last: 3 }, logs)).toEqual({
      at: new Map([
        [0, 7],
        [1, 0],
      ]),
    });
    expect(startOf({ last: 100 }, logs)).toEqual({
      at: new Map([
        [0, 5],
        [1, 0],
      ]),
    });
  });

  it('knows offsets of other kinds', () => {
    expect(startOf({ last: 2 }, [{ partition: 0, first: 1n, next: 9n }])).toEqual({ at: new Map([[0, 7n]]) });
    expect(startOf({ last: 2 }, [{ partition: 0, first: '1-0', next: '9-0' }])).toEqual({
      at: new Map([[0, '1-0']]),
    });
  });

  it('begins in one partition where a position says so', () => {
    expect(startOf({ partition: 1, offset: 4 }, logs)).toEqual({ at: new Map([[1, 4]]) });
    expect(startOf({ offset: 4 }, logs)).toEqual({ at: new Map([[0, 4]]) });
  });
});

/** A driver of which the looks are recorded; each shows the messages of its turn. */
function driverOf(...turns: (readonly [partition: number, offset: number])[][]) {
  const looks: BrowseSpec['from'][] = [];
  const driver = {
    system: 'fake',
    admin: { listTopics: async () => [{ name: 'orders', logs }] } as never,
    async *browse({ from }: BrowseSpec): AsyncGenerator<IncomingMessage> {
      looks.push(from);
      for (const [partition, offset] of turns.shift() ?? [])
        yield {
          token: undefined,
          topic: 'orders',
          value: new Uint8Array(),
          headers: [],
          position: { partition, offset },
        };
    },
  };
  return { looks, parts: { driver, clock: systemClock, signal: new AbortController().signal } };
}

describe('look', () => {
  it('goes on behind the messages that it has shown, and where it knows the end, behind that', async () => {
    const { looks, parts } = driverOf(
      [[0, 8]],
      [
        [0, 12],
        [2, 0],
      ],
      [[1, 0]],
    );
    const seen: unknown[] = [];
    for await (const { position } of look('orders', new Date(0), { follow: true, limit: 4 }, parts))
      seen.push(position);
    expect(seen).toHaveLength(4);
    expect(looks.slice(1)).toEqual([
      {
        at: new Map([
          [0, 10],
          [1, 0],
        ]),
      },
      {
        at: new Map([
          [0, 13],
          [1, 0],
          [2, 1],
        ]),
      },
    ]);
  });

  it('refuses what needs the end of the log where the transport does not tell it', async () => {
    const { parts } = driverOf();
    const without = { ...parts, driver: { ...parts.driver, admin: {} as never } };
    const looking = (from: 'earliest' | 'latest', follow: boolean) =>
      look('orders', from, { follow }, without).next();
    await expect(looking('latest', false)).rejects.toThrow(/fake does not tell where 'orders' ends/);
    await expect(looking('earliest', true)).rejects.toThrow(/does not tell/);
    expect((await looking('earliest', false)).done).toBe(true);
  });
});
