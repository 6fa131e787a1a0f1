import { expect, it } from 'vitest';
import { z } from 'zod';
import { NoopMetricsCollector } from '../metrics/noop.js';
import { definePlugin } from '../registry/plugin.js';
import { metricsPart } from './metrics-part.js';
import { commonShape } from './schema.js';

const resolved = (metrics: object) => commonShape.metrics.parse({ enabled: true, ...metrics });
const pluginWith = <T extends object>(config: z.ZodType<T>) =>
  definePlugin({ kind: 'metrics', name: 'collector', config, create: () => new NoopMetricsCollector() });

it('hands on how often to collect in milliseconds, by default 30 s, to plug-ins with a key for it', () => {
  const plugin = pluginWith(z.strictObject({ namespace: z.string(), collectInterval: z.number() }));
  expect(metricsPart(resolved({}), plugin)).toEqual({ namespace: 'ebus', collectInterval: 30_000 });
  const given = resolved({ collectInterval: '5s', namespace: 'shop' });
  expect(metricsPart(given, plugin)).toEqual({ namespace: 'shop', collectInterval: 5_000 });
});

it('leaves it out for others, and an endpoint where there is none', () => {
  const plugin = pluginWith(z.strictObject({ namespace: z.string() }));
  expect(metricsPart(resolved({ collectInterval: '5s' }), plugin)).toEqual({ namespace: 'ebus' });
  expect(metricsPart(resolved({ exportEndpoint: 'http://a' }), plugin)).toEqual({
    namespace: 'ebus',
    exportEndpoint: 'http://a',
  });
});
