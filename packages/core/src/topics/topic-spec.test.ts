import { describe, expect, it } from 'vitest';
import {
  compressionLevelProblem,
  creationSpec,
  persistenceOf,
  toTopicSpec,
  writtenOptions,
} from './topic-spec.js';

const read = (options: object) => toTopicSpec('orders', options, 'persistent');

describe('the settings of a topic', () => {
  it('are what was written, in plain units', () => {
    expect(read({})).toEqual({});
    expect(
      read({ persistence: 'auto', retention: '1h', maxSize: '1KB', maxMessages: -1, partitions: 3 }),
    ).toEqual({
      persistence: 'persistent',
      retentionMs: 3_600_000,
      maxBytes: 1_024,
      maxMessages: 0,
      partitions: 3,
    });
  });

  it.each([
    [{ retentions: '1h' }, /did you mean 'retention'/],
    [{ persistence: 'disk' }, /one of persistent, ephemeral, auto/],
    [{ compression: 'rar' }, /one of none, gzip/],
    [{ replicas: 1.5 }, /positive integer/],
    [{ maxMessages: -5 }, /0 for no limit/],
    [{ retention: {} }, /must be a number or text, got an object/],
    [{ description: 5 }, /must be text/],
    [{ compression: 'gzip', compressionLevel: 10 }, /between 1 and 9/],
  ])('are refused: %j', (options, text) => {
    expect(() => read(options)).toThrow(text);
  });

  it('of a new topic are the defaults, those of the driver, and what was written', () => {
    expect(creationSpec({ partitions: 5 }, 'persistent', { replicas: 3, partitions: 2 })).toMatchObject({
      persistence: 'persistent',
      retentionMs: 7 * 86_400_000,
      replicas: 3,
      partitions: 5,
      compression: 'none',
    });
  });
});

it('knows the levels of each algorithm', () => {
  expect([
    compressionLevelProblem('zstd', 22),
    compressionLevelProblem('zstd', 23),
    compressionLevelProblem(undefined, 22),
  ]).toEqual([undefined, 'zstd compression level must be between 1 and 22', undefined]);
});

it('takes undefined for not written, and auto for what the transport has', () => {
  expect(writtenOptions({ retention: undefined, replicas: 2 } as never)).toEqual({ replicas: 2 });
  const driver = { defaultPersistence: 'ephemeral' } as const;
  expect([
    persistenceOf({}, driver),
    persistenceOf({ persistence: 'auto' }, driver),
    persistenceOf({ persistence: 'persistent' }, driver),
  ]).toEqual(['ephemeral', 'ephemeral', 'persistent']);
});
