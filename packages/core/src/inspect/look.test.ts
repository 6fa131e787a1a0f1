import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import type { BrowseSpec } from '../driver/driver.js';
import type { IncomingMessage } from '../driver/message.js';
import { EbusError } from '../errors.js';
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
function driverOf(...turns: (readonly [partition: number, offset: number] | Error)[][]) {
  const looks: BrowseSpec['from'][] = [];
  const driver = {
    system: 'fake',
    classify: () => ({ code: 'CONNECTION_FAILED', retryable: true }) as const,
    admin: { listTopics: async () => [{ name: 'orders', logs }] } as never,
    async *browse({ from }: BrowseSpec): AsyncGenerator<IncomingMessage> {
      looks.push(from);
      for (const turn of turns.shift() ?? []) {
        if (turn instanceof Error) throw turn;
        const [partition, offset] = turn;
        yield {
          token: undefined,
          topic: 'orders',
          value: new Uint8Array(),
          headers: [],
          position: { partition, offset },
        };
      }
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

  it('waits for a broker that is away, and misses and repeats nothing', async () => {
    const away = new Error('the broker is away');
    const { looks, parts } = driverOf([[0, 9]], [[0, 10], [0, 11], away], [away], [[0, 12]]);
    const clock = { ...systemClock, setTimeout: (fn: () => void) => systemClock.setTimeout(fn, 0) };
    const seen: unknown[] = [];
    for await (const { position } of look(
      'orders',
      { last: 1 },
      { follow: true, limit: 4 },
      { ...parts, clock },
    ))
      seen.push(position?.offset);
    expect(seen).toEqual([9, 10, 11, 12]);
    expect(looks.slice(2)).toEqual(
      [12, 12].map((at) => ({
        at: new Map([
          [0, at],
          [1, 0],
        ]),
      })),
    );
  });

  it('ends where the first look fails, and by errors that stay', async () => {
    const away = new Error('the broker is away');
    const all = async (follow: boolean, ...turns: Parameters<typeof driverOf>) => {
      for await (const _ of look('orders', 'earliest', { follow }, driverOf(...turns).parts));
    };
    await expect(all(true, [[0, 5], away])).rejects.toBe(away);
    await expect(all(false, [away])).rejects.toBe(away);
    const refused = new EbusError('refused', { code: 'UNAUTHORIZED' });
    await expect(all(true, [[0, 5]], [refused])).rejects.toBe(refused);
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
