import { describe, expect, it, vi } from 'vitest';
import type { DriverTopicAdmin, TopicDescription } from '../driver/topic-admin.js';
import { roomForLettersOf, warnOfShortKeeping } from './dead-letter-topics.js';

const call = { signal: new AbortController().signal };
const adminOf = (sizes: Record<string, number | undefined>) =>
  ({
    describe: async (name: string) => {
      if (!(name in sizes)) throw new Error('not for you');
      return { name, maxMessageBytes: sizes[name] };
    },
  }) as unknown as DriverTopicAdmin;

describe('the room of a dead-letter topic', () => {
  it('is that of the largest of its topics, and of the headers that are added', async () => {
    const admin = adminOf({ a: 1_000_000, b: 10_000_000 });
    await expect(roomForLettersOf(['a', 'b', 'secret'], admin, call)).resolves.toBe(10_000_000 + 64 * 1024);
  });

  it('is the affair of the broker where no topic has a limit', async () => {
    await expect(roomForLettersOf(['a'], adminOf({ a: undefined }), call)).resolves.toBeUndefined();
  });
});

describe('how long dead letters are kept', () => {
  const warned = (description: Partial<TopicDescription>) => {
    const warn = vi.fn();
    const logger = { debug() {}, info() {}, error() {}, warn };
    warnOfShortKeeping(logger, 'orders.dlq', { name: 'orders.dlq', ...description });
    return warn.mock.calls.length;
  };

  it.each([
    ['its own topic, for a day', { retentionMs: 86_400_000 }, 0],
    ['a shared stream, for a day', { alterable: false, retentionMs: 86_400_000 }, 1],
    ['a shared stream, for a year', { alterable: false, retentionMs: 365 * 86_400_000 }, 0],
    ['a shared stream of so many messages', { alterable: false, maxMessages: 10 }, 1],
    ['a shared stream without limits', { alterable: false }, 0],
  ])('is warned of in %s: %o', (_, description, lines) => {
    expect(warned(description)).toBe(lines);
  });
});
