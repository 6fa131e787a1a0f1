import { ConfigError } from '@ebus/core/driver';
import type { ConfigEntries } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { checkLevel, compressionOf, entries, isShown, settingsOf } from './topic-settings.js';

const found = (settings: Record<string, string>) =>
  Object.entries(settings).map(([configName, configValue]) => ({ configName, configValue }) as ConfigEntries);

describe('the settings of a topic', () => {
  it.each([
    [{ 'cleanup.policy': 'delete' }, { retentionKind: 'limits' }],
    [{ 'cleanup.policy': 'compact' }, { retentionKind: 'compaction' }],
    [{ 'cleanup.policy': 'compact,delete' }, { retentionKind: 'compaction' }],
    [{ 'retention.ms': '60000' }, { retentionMs: 60_000 }],
    [{ 'retention.ms': '-1', 'retention.bytes': '-1' }, {}],
    [{ 'retention.bytes': '1000' }, { maxBytes: 1_000 }],
    [{ 'max.message.bytes': '2000' }, { maxMessageBytes: 2_000 }],
    [{ 'segment.bytes': '5' }, {}],
  ])('are read: %j', (settings, expected) => {
    expect(settingsOf(found(settings))).toEqual({ compression: 'none', ...expected });
  });

  it('have the level of the codec that is set', () => {
    const settings = found({
      'compression.type': 'zstd',
      'compression.zstd.level': '7',
      'compression.gzip.level': '2',
    });
    expect(settingsOf(settings)).toEqual({ compression: 'zstd', compressionLevel: 7 });
    expect(compressionOf(found({ 'compression.type': 'producer' }))).toBe('none');
  });

  it('are written: only those that were said, and no limit as Kafka writes it', () => {
    expect(entries({})).toEqual([]);
    expect(entries({ retentionMs: 0, maxBytes: 0 })).toEqual([
      { name: 'retention.ms', value: '-1' },
      { name: 'retention.bytes', value: '-1' },
    ]);
    expect(entries({ compression: 'gzip', compressionLevel: 6 })).toEqual([
      { name: 'compression.type', value: 'gzip' },
      { name: 'compression.gzip.level', value: '6' },
    ]);
    expect(entries({ compression: 'snappy', compressionLevel: 6 })).toHaveLength(1);
  });

  it('are shown once the broker tells what was written, and not what was there before', () => {
    const written = entries({ maxBytes: 5, compression: 'gzip', compressionLevel: 6 });
    const before = { 'retention.bytes': '4', 'compression.type': 'gzip', 'compression.gzip.level': '6' };
    expect(isShown(written, found(before))).toBe(false);
    expect(isShown(written, found({ ...before, 'retention.bytes': '5' }))).toBe(true);
    // A broker of before 3.8 has no levels to tell of.
    expect(isShown(written, found({ 'retention.bytes': '5', 'compression.type': 'gzip' }))).toBe(true);
  });

  it('take only the levels that the codec has, and the error names the range', () => {
    expect(() => checkLevel('orders', 'gzip', 9)).not.toThrow();
    expect(() => checkLevel('orders', 'snappy', 99)).not.toThrow();
    expect(() => checkLevel('orders', 'gzip', 10)).toThrow(ConfigError);
    expect(() => checkLevel('orders', 'gzip', 10)).toThrow(/between 1 and 9/);
  });
});
