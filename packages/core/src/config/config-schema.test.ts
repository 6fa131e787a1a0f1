import { expect, it } from 'vitest';
import { z } from 'zod';
import type { TransportPlugin } from '../registry/plugin.js';
import { Registry } from '../registry/registry.js';
import { configSchema } from './config-schema.js';

const transport = (name: string) =>
  ({
    name,
    kind: 'transport',
    create: () => {},
    config: z.strictObject({ size: z.number().default(1) }),
  }) as never as TransportPlugin;

it('makes one schema for the same plug-ins, and another for others', () => {
  const [a, b] = [transport('a'), transport('b')];
  const made = configSchema(new Registry().use(a), 'a');
  expect(configSchema(new Registry().use(a), 'a')).toBe(made);
  expect(configSchema(new Registry().use(a))).not.toBe(made);

  const more = configSchema(new Registry().use(a).use(b), 'a');
  expect(more).not.toBe(made);
  expect(Object.keys(more.shape)).toContain('b');
  const renamed = configSchema(new Registry().use({ ...a, name: 'c' } as TransportPlugin), 'c');
  expect(Object.keys(renamed.shape)).toContain('c');
  expect(configSchema(new Registry().use(a), 'a').parse({ type: 'a' })).toMatchObject({ a: { size: 1 } });
});
