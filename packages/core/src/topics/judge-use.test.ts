import { describe, expect, it } from 'vitest';
import type { TopicDescription } from '../driver/topic-admin.js';
import { judgeUse } from './judge-use.js';

const verdict = (
  actual: Omit<TopicDescription, 'name'>,
  use: 'publish' | 'subscribe' = 'publish',
  persistence: 'persistent' | 'ephemeral' = 'persistent',
) => {
  const { refused, warned } = judgeUse({
    topic: 'orders',
    use,
    persistence,
    actual: { name: 'orders', ...actual },
  });
  return [refused.map(({ field }) => field), warned.map(({ field }) => field)];
};

describe('the use of a topic that is there', () => {
  it.each<[Omit<TopicDescription, 'name'>, string[], string[]]>([
    [{}, [], []],
    [
      { retentionKind: 'limits', storage: 'file', acknowledged: true, discard: 'old', writable: true },
      [],
      [],
    ],
    [{ retentionKind: 'interest' }, ['retention'], []],
    [{ retentionKind: 'workqueue' }, ['retention'], []],
    [{ retentionKind: 'compaction' }, [], ['retention']],
    [{ acknowledged: false }, ['acknowledged'], []],
    [{ storage: 'memory' }, ['storage'], []],
    [{ maxMessagesPerSubject: 1 }, ['maxMessagesPerSubject'], []],
    [{ maxMessagesPerSubject: 0 }, [], []],
    [{ maxMessagesPerSubject: 100_000 }, [], ['maxMessagesPerSubject']],
    [{ discard: 'new', madeBy: 'others' }, [], ['discard']],
    [{ discard: 'new', madeBy: 'ebus' }, [], []],
    [{ writable: false }, ['writable'], []],
  ])('%j: refused for %j, warned of %j', (actual, refused, warned) => {
    expect(verdict(actual)).toEqual([refused, warned]);
  });

  it('of subscribers is not judged by what only publishers need', () => {
    expect(
      verdict({ acknowledged: false, writable: false, discard: 'new', madeBy: 'others' }, 'subscribe'),
    ).toEqual([[], []]);
    expect(verdict({ retentionKind: 'interest' }, 'subscribe')).toEqual([['retention'], []]);
  });

  it('as an ephemeral one is not judged by what it does not promise', () => {
    expect(
      verdict({ storage: 'memory', retentionKind: 'interest', acknowledged: false }, 'publish', 'ephemeral'),
    ).toEqual([[], []]);
    expect(verdict({ writable: false }, 'publish', 'ephemeral')).toEqual([['writable'], []]);
  });

  it('says what to do', () => {
    const actual = { name: 'orders', heldBy: "stream 'SHARED'", storage: 'memory' } as const;
    const { refused } = judgeUse({ topic: 'orders', use: 'publish', persistence: 'persistent', actual });
    expect(refused[0]?.recommendation).toContain(
      "stream 'SHARED' forgets everything when the broker restarts",
    );
  });
});
