import { expect, it, vi } from 'vitest';
import type { Logger } from '../logger.js';
import { ManualClock } from '../testing/manual-clock.js';
import { busLogger } from './bus-logger.js';
import { disclosed } from './disclose.js';

function setUp(target?: Partial<Logger>) {
  const lines: [level: string, ...args: unknown[]][] = [];
  const keep =
    (level: string) =>
    (...args: unknown[]) =>
      void lines.push([level, ...args]);
  const kept = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
  const clock = new ManualClock();
  const logger = busLogger({ ...kept, ...target }, { clock, disclose: disclosed });
  return { lines, clock, logger };
}

it('hands lines on as they are', () => {
  const { lines, logger } = setUp();
  const err = new TypeError('no total');
  const at = new Date(0);
  logger.debug({ n: 1 }, 'a');
  logger.info('b');
  logger.warn({ err, topic: 'orders', at, tags: ['x'], nested: { none: null, flag: true } }, 'c');
  logger.error({ data: new Uint8Array(3) }, 'd');
  expect(lines).toEqual([
    ['debug', { n: 1 }, 'a'],
    ['info', 'b'],
    ['warn', { err, topic: 'orders', at, tags: ['x'], nested: { none: null, flag: true } }, 'c'],
    ['error', { data: '<3 bytes>' }, 'd'],
  ]);
  expect(lines[2]?.[1]).toHaveProperty('err', err);
  expect(Object.values(lines[2]?.[1] ?? {})[0]).toBe(err);
});

it('cuts, escapes and masks texts by strangers, also deep in the fields and in errors', () => {
  const { lines, logger } = setUp();
  const cause = new Error('nats://a:hunter2@host is away');
  const err = new RangeError(`bad\u001b[2J ${'x'.repeat(9_000)}`, { cause });
  Object.assign(err, { code: 'E1', query: 'password=hunter2' });
  logger.warn({ err, alert: { source: 'y'.repeat(9_000), 'k\u202e': 1 } }, 'an\ntext');
  const [, fields, text] = lines[0] as [
    string,
    { err: RangeError & { query: string }; alert: object },
    string,
  ];
  expect(text).toBe('an\\ntext');
  expect(fields.err).toBeInstanceOf(RangeError);
  expect(fields.err).toMatchObject({ name: 'RangeError', code: 'E1', query: 'password=***' });
  expect(fields.err.message).toMatch(/^bad\\u001b\[2J x+… \(\d+ more characters\)$/);
  expect(fields.err.stack).toMatch(/^RangeError: bad\\u001b\[2J x+… \(\d+ more characters\)\n +at /);
  expect(String((fields.err.cause as Error).message)).toBe('nats://***@host is away');
  expect(JSON.stringify(fields.alert).length).toBeLessThan(1_200);
  expect(Object.keys(fields.alert)).toEqual(['source', 'k\\u202e']);
  expect(err.message).toHaveLength(9_008);
});

it('thins and counts a flood of one kind of line, whatever its fields and texts are', async () => {
  const { lines, logger, clock } = setUp();
  for (let n = 0; n < 5_000; n++) logger.warn({ err: new Error(`n ${n}`), topic: 'a', n }, 'failed');
  logger.warn({ err: new TypeError('x'), topic: 'a' }, 'failed');
  logger.warn({ err: new Error('x'), topic: 'b' }, 'failed');
  logger.error({ err: new Error('x'), topic: 'a' }, 'failed');
  expect(lines).toHaveLength(23);
  await clock.advance(10_000);
  expect(lines[23]).toEqual([
    'warn',
    { topic: 'a', more: 4_980 },
    'failed (4980 more like this within 10 s)',
  ]);

  for (let n = 0; n < 100; n++) logger.warn({ err: new Error(`n ${n}`), topic: 'a', n }, 'failed');
  await clock.advance(10_000);
  expect(lines.slice(24).map(([, fields]) => fields)).toMatchObject([{ n: 0 }, { more: 99 }]);

  await clock.advance(10_000);
  for (let n = 0; n < 20; n++) logger.warn({ err: new Error(`n ${n}`), topic: 'a' }, 'failed');
  expect(lines).toHaveLength(46);
  expect(clock.pending).toBe(0);
});

it('never holds back the first line of a kind, and stays small, however many kinds there are', async () => {
  const { lines, logger, clock } = setUp();
  for (let n = 0; n < 3_000; n++) for (let i = 0; i < 21; i++) logger.warn({ topic: `t${n}` }, 'failed');
  const first = new Set(lines.map(([, fields]) => (fields as { topic: string }).topic));
  expect(first.size).toBe(3_000);
  expect(clock.pending).toBe(1);
  await clock.advance(10_000);
  expect(lines).toHaveLength(3_000 * 21);
});

it('tells what it holds back when it is flushed', () => {
  const { lines, logger, clock } = setUp();
  for (let n = 0; n < 22; n++) logger.error('down');
  logger.flush();
  expect(lines.at(-1)).toEqual(['error', { more: 2 }, 'down (2 more like this within 10 s)']);
  expect(clock.pending).toBe(0);
});

it('goes on where the logger throws, rejects or lacks a method, and tells the console once', async () => {
  const console_ = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { logger } = setUp({
    warn: () => {
      throw new Error('disk full');
    },
    error: (() => Promise.reject(new Error('away'))) as Logger['error'],
    info: undefined as never,
  });
  logger.warn('a');
  logger.error('b');
  logger.info('c');
  await new Promise((resolve) => setImmediate(resolve));
  expect(console_).toHaveBeenCalledTimes(1);
  expect(console_.mock.calls[0]?.[0]).toContain('the logger throws; lines are missing');
  console_.mockRestore();
});

it('goes on with fields that cannot be read, and errors that go in circles', () => {
  const { lines, logger } = setUp();
  const err = new Error('loop');
  err.cause = err;
  logger.warn(
    {
      err,
      get bad() {
        throw new Error('no');
      },
    },
    'x',
  );
  expect(lines[0]?.[1]).toMatchObject({ bad: '[unreadable]' });
});
