import { expect, it } from 'vitest';
import { z } from 'zod';
import { withoutAliases } from './aliases.js';
import { Problems } from './problems.js';

const ROOT = z.strictObject({
  metrics: z.strictObject({ enabled: z.boolean().optional() }).optional(),
  kafka: z.strictObject({ groupId: z.string().optional() }).optional(),
  topics: z
    .record(
      z.string(),
      z.strictObject({ persistence: z.string().optional(), retention: z.string().optional() }),
    )
    .optional(),
});

function renamed(tree: unknown) {
  const problems = new Problems();
  const result = withoutAliases(tree, ROOT, [], problems);
  return [result, problems.any ? problems.error('it').message : undefined];
}

it('reads the names of Go services, where the schema has them under another one', () => {
  const tree = {
    monitoring: { enabled: true },
    kafka: { groupID: 'a' },
    topics: { orders: { persistenceMode: 'auto' } },
  };
  expect(renamed(tree)).toEqual([
    { metrics: { enabled: true }, kafka: { groupId: 'a' }, topics: { orders: { persistence: 'auto' } } },
    undefined,
  ]);
});

it('reads topics as a list, by their names', () => {
  expect(renamed({ topics: [{ name: 'orders', retentionTime: '1h' }] })).toEqual([
    { topics: { orders: { retention: '1h' } } },
    undefined,
  ]);
});

it.each([
  [{ kafka: { groupId: 'a', groupID: 'b' } }, /kafka\.groupID: is another name for 'groupId'/],
  [{ topics: ['orders'] }, /must be a topic with a 'name'/],
  [{ topics: [{ retention: '1h' }] }, /topics\.0\.name: must be the name/],
  [{ topics: [{ name: 'a' }, { name: 'a' }] }, /another topic named 'a'/],
])('refuses %j', (tree, text) => {
  expect(renamed(tree)[1]).toMatch(text);
});
