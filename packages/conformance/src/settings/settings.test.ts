import { z } from '@ebus/core/driver';
import { expect, it } from 'vitest';
import { recordReads, settingsOf } from './settings.js';

it('finds every setting of a schema, however it is wrapped, and leaves out what is refused', () => {
  const schema = z.strictObject({
    urls: z.array(z.string()).min(1),
    wait: z.union([z.number(), z.string()]).transform(Number).prefault('1s'),
    stream: z
      .strictObject({ name: z.string().optional(), backOff: z.undefined({ error: 'no' }).optional() })
      .refine(() => true)
      .prefault({}),
    topics: z.record(z.string(), z.strictObject({ replicas: z.int() })).default({}),
  });
  expect(settingsOf(schema)).toEqual(['urls', 'wait', 'stream.name', 'topics.*.replicas']);
});

it('sees what is read, also by destructuring, and is not misled by copies', () => {
  const { config, read } = recordReads({ a: 1, b: { c: 2, d: 3 }, e: [4], f: 5 });
  const copy = { ...config };
  expect(copy).toEqual({ a: 1, b: { c: 2, d: 3 }, e: [4], f: 5 });
  expect([...read].filter((path) => !path.includes('.'))).toEqual([]);
  const {
    a,
    b: { c },
  } = config;
  expect([a, c, config.e.length]).toEqual([1, 2, 1]);
  for (const path of ['a', 'b.c', 'e']) expect(read, path).toContain(path);
  expect(read).not.toContain('f');
});
