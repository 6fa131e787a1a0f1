import { describe, expect, it } from 'vitest';
import type { Logger } from '../logger.js';
import { lessens, logCreated, logSettingChanges, type SettingChange } from './setting-changes.js';

function recorder() {
  const lines: [string, unknown, unknown][] = [];
  const put = (level: string) => (fields: unknown, text: unknown) => void lines.push([level, fields, text]);
  const logger: Logger = { debug: put('debug'), info: put('info'), warn: put('warn'), error: put('error') };
  return { lines, logger };
}

describe('a change of settings', () => {
  it('is one line with the old and the new values', () => {
    const { lines, logger } = recorder();
    const changes: SettingChange[] = [
      { field: 'maxAge', from: 86_400_000, to: 2 * 86_400_000, kind: 'duration' },
      { field: 'maxBytes', from: 1_024, to: 5e9, kind: 'size' },
      { field: 'subjects', from: ['a.>'], to: ['a.>', 'b.>'] },
      { field: 'description', from: undefined, to: 'two\nlines' },
    ];
    logSettingChanges(logger, "stream 'SHOP'", changes, { stream: 'SHOP' });
    expect(lines).toEqual([
      [
        'info',
        {
          stream: 'SHOP',
          changes: [
            { field: 'maxAge', from: '1d', to: '2d' },
            { field: 'maxBytes', from: '1KB', to: '5000000000B' },
            { field: 'subjects', from: '[a.>]', to: '[a.>, b.>]' },
            { field: 'description', from: 'none', to: 'two\\nlines' },
          ],
        },
        "changed stream 'SHOP' on the broker: maxAge 1d → 2d, maxBytes 1KB → 5000000000B, subjects [a.>] → [a.>, b.>], " +
          'description none → two\\nlines',
      ],
    ]);
    logSettingChanges(logger, 'nothing', []);
    expect(lines).toHaveLength(1);
  });

  it('is a warning where one of them shortens, lowers or removes', () => {
    const { lines, logger } = recorder();
    logSettingChanges(logger, 'it', [
      { field: 'a', from: 1, to: 2 },
      { field: 'b', from: 2, to: 1 },
    ]);
    expect(lines[0]?.[0]).toBe('warn');
  });

  it.each<[SettingChange['kind'], unknown, unknown, boolean]>([
    ['duration', 2, 1, true],
    ['duration', 1, 2, false],
    ['duration', 0, 5, true],
    ['limit', undefined, 5, true],
    ['limit', -1, 0, false],
    ['size', 5, 0, true],
    ['plain', 3, 1, true],
    ['plain', 1, 3, false],
    ['plain', 'x', '', true],
    ['plain', undefined, 'x', false],
    ['plain', ['a'], ['a', 'b'], false],
    ['plain', ['a', 'b'], ['a'], true],
    ['plain', [1], [], true],
    ['plain', 'persistent', 'ephemeral', true],
    ['plain', 'ephemeral', 'persistent', false],
    ['plain', 'new', 'old', true],
    ['plain', 'gzip', 'zstd', false],
  ])('%s: %j to %j lessens it: %s', (kind = 'plain', from, to, expected) => {
    expect(lessens({ field: 'x', from, to, kind })).toBe(expected);
  });
});

it('what was made is one line with its settings', () => {
  const { lines, logger } = recorder();
  logCreated(logger, "topic 'a'", [{ field: 'retention', to: 0, kind: 'duration' }], { topic: 'a' });
  logCreated(logger, "topic 'b'", []);
  expect(lines).toEqual([
    ['info', { topic: 'a' }, "created topic 'a' on the broker: retention no limit"],
    ['info', {}, "created topic 'b' on the broker"],
  ]);
});
