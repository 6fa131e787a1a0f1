import { describe, expect, it } from 'vitest';
import { ConfigError, TopicNameError } from '../errors.js';
import { TopicTemplates } from './templates.js';
import type { ConfigureOptions, TopicOptions } from './types.js';

const templates = new TopicTemplates({
  '**': { retention: '1d' },
  'business.*': { partitions: 10 },
  'business.orders': { partitions: 20 },
  'audit.**': { persistence: 'persistent', retention: '365d' },
});

describe('TopicTemplates', () => {
  it('gives the options of the most specific pattern, and only those', () => {
    expect(templates.match('business.orders')).toEqual({ partitions: 20 });
    expect(templates.match('business.invoices')).toEqual({ partitions: 10 });
    expect(templates.match('business.orders.eu')).toEqual({ retention: '1d' });
    expect(templates.match('audit.login.eu')).toEqual({ persistence: 'persistent', retention: '365d' });
    expect(new TopicTemplates({ 'a.*': {} }).match('b')).toBeUndefined();
    expect(() => templates.match('no spaces')).toThrow(TopicNameError);
  });

  it('gives each caller options of its own', () => {
    const options = templates.match('business.orders') as TopicOptions;
    options.partitions = 1;
    expect(templates.match('business.orders')).toEqual({ partitions: 20 });
  });

  it('applies to topics by name, and names those that no template takes in', async () => {
    const applied: unknown[] = [];
    const nothing = { changed: [], mismatches: [], unsupported: [] };
    const topics = {
      apply: async (configs: Record<string, TopicOptions>, how?: ConfigureOptions) => {
        applied.push([configs, how]);
        return Object.keys(configs).map((topic) => ({ topic, action: 'created' as const, ...nothing }));
      },
    };
    await templates.apply({ topics }, ['business.orders', 'other'], { strategy: 'createOnly' });
    const configs = { 'business.orders': { partitions: 20 }, other: { retention: '1d' } };
    expect(applied).toEqual([[configs, { strategy: 'createOnly' }]]);
    const few = new TopicTemplates({ 'a.*': { partitions: 2 } });
    expect(await few.apply({ topics }, ['b', 'a.b', 'a.b.c'])).toEqual([
      { topic: 'b', action: 'unmatched', ...nothing },
      { topic: 'a.b', action: 'created', ...nothing },
      { topic: 'a.b.c', action: 'unmatched', ...nothing },
    ]);
    expect(applied[1]).toEqual([{ 'a.b': { partitions: 2 } }, undefined]);
  });

  it('refuses wrong options and patterns when it is made', () => {
    const make = () => new TopicTemplates({ 'a.*': { partition: 3 }, 'b.*': { replicas: 0 } } as never);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(
      /topics\.a\.\*\.partition: unknown key, did you mean 'partitions'\?.*topics\.b\.\*\.replicas/,
    );
    expect(() => new TopicTemplates({ 'a..b': {} })).toThrow(/invalid topic pattern/);
  });
});
