import { expect, it, vi } from 'vitest';
import { logTopicChanges, logTopicCreated, logUnwritten } from './topic-log.js';

function logging() {
  const [info, warn] = [vi.fn(), vi.fn()];
  return { logger: { debug() {}, error() {}, info, warn }, info, warn };
}

it('tells changes from old to new under the names of options, louder where something is shortened', () => {
  const { logger, info, warn } = logging();
  logTopicChanges(logger, 'orders', { name: 'orders', retentionMs: 3_600_000 }, { retentionMs: 7_200_000 });
  expect(info.mock.calls[0]?.[1]).toMatch(/topic 'orders'.*retention 1h → 2h/);
  logTopicChanges(logger, 'orders', { name: 'orders', maxBytes: 0 }, { maxBytes: 1_024 });
  expect(warn.mock.calls[0]?.[1]).toMatch(/maxSize .* → 1 ?K/);
});

it('tells what a topic was made with', () => {
  const { logger, info } = logging();
  logTopicCreated(logger, 'orders', {
    persistence: 'persistent',
    retentionMs: 3_600_000,
    maxMessageBytes: 1_024,
  });
  expect(info.mock.calls[0]?.[1]).toMatch(
    /created topic 'orders'.*persistence persistent.*retention 1h.*maxMessageBytes/,
  );
});

it('tells which options are not written any more', () => {
  const { logger, info } = logging();
  logUnwritten(logger, 'orders', { retention: '1h', replicas: 1 }, { replicas: 2 });
  expect(info.mock.calls).toMatchObject([[{ topic: 'orders', options: ['retention'] }, /keeps what it has/]]);
  logUnwritten(logger, 'orders', { replicas: 1 }, { replicas: 1 });
  expect(info).toHaveBeenCalledTimes(1);
});
