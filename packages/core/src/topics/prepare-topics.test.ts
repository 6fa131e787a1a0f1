import { describe, expect, it } from 'vitest';
import { TopicNameError } from '../errors.js';
import { validateTopicName } from '../topic-name.js';
import { TopicGovernance } from './governance.js';
import { entriesOf, prepareTopics } from './prepare-topics.js';
import type { TopicOptions } from './types.js';

const prepare = (configs: [string, TopicOptions][], governance?: TopicGovernance) =>
  prepareTopics(configs, {
    driver: { defaultPersistence: 'persistent' },
    governance,
    validateName: validateTopicName,
  });

describe('configured topics', () => {
  it('are what was written, in plain units, and nothing else', () => {
    expect(
      prepare([
        ['orders', { retention: '1h', partitions: undefined as never }],
        ['news', { persistence: 'ephemeral' }],
      ]),
    ).toEqual([
      {
        topic: 'orders',
        options: { retention: '1h' },
        written: { retentionMs: 3_600_000 },
        persistence: 'persistent',
      },
      {
        topic: 'news',
        options: { persistence: 'ephemeral' },
        written: { persistence: 'ephemeral' },
        persistence: 'ephemeral',
      },
    ]);
  });

  it('are refused together, with everything that is wrong', () => {
    const wrong = () =>
      prepare([
        ['a', { replicas: 0 }],
        ['b', { retention: 'soon' as never }],
        ['c d', {}],
      ]);
    expect(wrong).toThrow(/topics\.a\.replicas.*topics\.b\.retention.*topics\.c d/);
  });

  it('are refused by name where nothing else is wrong', () => {
    expect(() => prepare([['c d', {}]])).toThrow(TopicNameError);
  });

  it('keep the rules', () => {
    const rules = new TopicGovernance([{ pattern: '**', minReplicas: 3 }]);
    expect(() => prepare([['orders', { replicas: 1 }]], rules)).toThrow(/topics\.orders\.replicas/);
  });
});

it.each([[['orders']], ['orders'], [null]])('topics given as %j are refused', (configs) => {
  expect(() => entriesOf(configs as never)).toThrow(/object of options by name/);
});
