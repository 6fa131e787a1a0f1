import { describe, expect, it, vi } from 'vitest';
import { Letter } from '../dead-letters/letter.js';
import { ConnectionError, EbusError } from '../errors.js';
import { ManualClock } from '../testing/manual-clock.js';
import { deferred } from '../util/promise.js';
import { LetterPublisher } from './letters.js';
import type { PublishJob } from './publish-job.js';

const DEFAULTS = { timeout: 1_000, retries: 0, signal: undefined };

function publishing(...answers: ({ duplicate?: true } | Error)[]) {
  const clock = new ManualClock();
  const sent: PublishJob[] = [];
  const warn = vi.fn();
  const route = {
    topic: 'orders.dlq',
    persistence: 'persistent',
    messageId: (id: string) => `orders.dlq:${id}`,
  };
  const topics = {
    ensureDeadLetterTopic: vi.fn(async () => {}),
    ensureProbeTopic: async () => {},
    noteMissing: vi.fn(),
  };
  const publisher = new LetterPublisher({
    ...{ clock, topics: topics as never, defaults: DEFAULTS, routes: { route: () => route } as never },
    logger: { debug() {}, info() {}, error() {}, warn },
    telemetry: undefined,
    submit: async (job) => {
      sent.push(job);
      job.sent = true;
      job.attempts = 1;
      const answer = answers.shift() ?? {};
      if (answer instanceof Error) throw answer;
      return { topic: job.topic, ...answer };
    },
  });
  const letter = new Letter(
    { topic: 'orders.dlq', key: 'a', value: new Uint8Array(), headers: [], tombstone: true },
    clock,
  );
  return { clock, sent, warn, topics, publisher, letter, ids: () => sent.map(({ messageId }) => messageId) };
}

describe('a letter', () => {
  it('goes as it is: past middleware, and as a tombstone where it was one', async () => {
    const { publisher, letter, sent } = publishing();
    await publisher.publish(letter, undefined, 'dead-letter');
    expect(sent).toMatchObject([{ verbatim: true, tombstone: true, purpose: 'dead-letter', entered: false }]);
  });

  it('that the broker says to know although it was never sent goes again under another id', async () => {
    const { publisher, letter, ids, warn } = publishing({ duplicate: true });
    await publisher.publish(letter, undefined, 'dead-letter');
    expect(new Set(ids()).size).toBe(2);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('that may have been stored is believed to be known, and keeps its id', async () => {
    const { publisher, letter, ids } = publishing(new ConnectionError('gone'), { duplicate: true });
    await expect(publisher.publish(letter, undefined, 'dead-letter')).rejects.toThrow('gone');
    await expect(publisher.publish(letter, undefined, 'dead-letter')).resolves.toMatchObject({
      duplicate: true,
    });
    expect(new Set(ids()).size).toBe(1);
  });

  it('is given up where the broker knows every id', async () => {
    const always = Array.from({ length: 9 }, () => ({ duplicate: true }) as const);
    const { publisher, letter, sent } = publishing(...always);
    await expect(publisher.publish(letter, undefined, 'redrive')).rejects.toMatchObject({
      code: 'PUBLISH_FAILED',
      retryable: false,
    });
    expect(sent).toHaveLength(5);
  });
});

describe('a dead letter', () => {
  it('waits for its topic', async () => {
    const { publisher, letter, sent, topics } = publishing();
    const there = deferred();
    topics.ensureDeadLetterTopic.mockReturnValue(there.promise);
    const published = publisher.publishDeadLetter(letter, () => ['orders'], undefined, 'dead-letter');
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toEqual([]);
    there.resolve();
    await published;
    expect(sent).toHaveLength(1);
  });

  it('of a publish waits no longer than that may take', async () => {
    const { publisher, letter, topics, clock } = publishing();
    topics.ensureDeadLetterTopic.mockReturnValue(new Promise(() => {}));
    const published = publisher.publishDeadLetter(
      letter,
      () => ['orders'],
      undefined,
      'publisher-letter',
      DEFAULTS,
    );
    const outcome = expect(published).rejects.toSatisfy(
      (error) => EbusError.isInstance(error) && error.code === 'ABORTED',
    );
    await clock.advance(1_000);
    await outcome;
  });
});
