import { expect, it, vi } from 'vitest';
import { ConnectionError, EbusError } from '../errors.js';
import { ManualClock } from '../testing/manual-clock.js';
import { TopicApplyError } from '../topics/apply-error.js';
import { applyLazily } from './apply-lazily.js';

function applying(...failures: Error[]) {
  const clock = new ManualClock();
  const closing = new AbortController();
  const logged: string[] = [];
  const log = (level: string) => () => void logged.push(level);
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const apply = vi.fn(async () => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return [];
  });
  const configs = { a: { retention: '1h' }, b: {} } as const;
  const done = applyLazily({ topics: { apply }, configs, clock, logger, closing: closing.signal });
  return { clock, closing, logged, apply, done };
}

const denied = new EbusError('not for you', { code: 'UNAUTHORIZED' });
const away = new ConnectionError('the controller moves');

it('tries again those that may succeed later, until they have', async () => {
  const failed = new TopicApplyError(
    [
      { topic: 'a', error: away },
      { topic: 'b', error: denied },
    ],
    [],
  );
  const { clock, apply, logged, done } = applying(failed, away);
  await clock.advance(60_000);
  await done;
  expect(apply.mock.calls).toEqual([
    [{ a: { retention: '1h' }, b: {} }],
    [{ a: { retention: '1h' } }],
    [{ a: { retention: '1h' } }],
  ]);
  expect(logged).toEqual(['warn', 'warn']);
});

it('tells what cannot succeed, and ends', async () => {
  const { apply, logged, done } = applying(denied);
  await done;
  expect([apply.mock.calls.length, logged]).toEqual([1, ['error']]);
});

it('ends with the bus, also within a pause', async () => {
  const { closing, apply, clock, done } = applying(away, away);
  await new Promise((resolve) => setImmediate(resolve));
  closing.abort();
  await done;
  expect([apply.mock.calls.length, clock.pending]).toEqual([1, 0]);
});
