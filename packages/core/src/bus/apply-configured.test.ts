import { describe, expect, it } from 'vitest';
import { EbusError } from '../errors.js';
import { ManualClock } from '../testing/manual-clock.js';
import { TopicApplyError } from '../topics/apply-error.js';
import type { TopicOptions } from '../topics/types.js';
import { applyEagerly } from './apply-configured.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const failure = (topic: string, retryable: boolean) => ({
  topic,
  error: new EbusError(`no leader for ${topic}`, { code: 'CONNECTION_FAILED', retryable }),
});

/** Fails as often as there are failures, then succeeds. */
function manager(...failures: TopicApplyError[]) {
  const asked: string[][] = [];
  const apply = async (configs: Readonly<Record<string, TopicOptions>>) => {
    asked.push(Object.keys(configs));
    const error = failures.shift();
    if (error !== undefined) throw error;
    return [];
  };
  return { asked, apply };
}

function attempt(topics: ReturnType<typeof manager>) {
  const clock = new ManualClock();
  const configs = { orders: {}, bills: {} };
  const closing = new AbortController();
  const done = applyEagerly({ topics, configs, clock, logger: silent, closing: closing.signal }, 10_000).then(
    () => 'applied',
    (error: unknown) => (error as Error).message,
  );
  return { clock, done, closing };
}

describe('applying topics of a bus that its creator waits for', () => {
  it('asks again for those that failed and may succeed later', async () => {
    const topics = manager(new TopicApplyError([failure('bills', true)], []));
    const { clock, done } = attempt(topics);
    await clock.advance(200);
    expect(await done).toBe('applied');
    expect(topics.asked).toEqual([['orders', 'bills'], ['bills']]);
  });

  it('fails at once where one cannot succeed', async () => {
    const topics = manager(new TopicApplyError([failure('orders', true), failure('bills', false)], []));
    expect(await attempt(topics).done).toContain('bills');
    expect(topics.asked).toHaveLength(1);
  });

  it('gives up when the time is over, with the last failure', async () => {
    const failures = Array.from({ length: 1_000 }, () => new TopicApplyError([failure('bills', true)], []));
    const topics = manager(...failures);
    const { clock, done } = attempt(topics);
    await clock.advance(13_000);
    expect(await done).toContain('no leader for bills');
    expect(topics.asked.length).toBeGreaterThan(3);
  });

  it('gives up when the bus is closed meanwhile', async () => {
    const topics = manager(
      new TopicApplyError([failure('bills', true)], []),
      new TopicApplyError([failure('bills', true)], []),
    );
    const { done, closing } = attempt(topics);
    closing.abort();
    expect(await done).toContain('no leader for bills');
  });
});
