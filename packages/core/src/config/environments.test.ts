import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mergedSections, overlaysOf, selected } from './environments.js';
import { Problems } from './problems.js';

const ROOT = z.strictObject({
  kafka: z.strictObject({ acks: z.number() }).optional(),
  topics: z.record(z.string(), z.strictObject({ retention: z.string().optional() })).optional(),
});

function read(environments: unknown) {
  const problems = new Problems();
  const overlays = overlaysOf(environments, ROOT, problems);
  return { overlays, problems, wrong: () => problems.error('it').message };
}

describe('environments', () => {
  it('are parts of the configuration, or just topics', () => {
    const { overlays } = read({ test: { kafka: { acks: 1 } }, prod: { orders: { retentionTime: '1h' } } });
    expect(overlays.map(({ name, tree }) => [name, tree])).toEqual([
      ['test', { kafka: { acks: 1 } }],
      ['prod', { topics: { orders: { retention: '1h' } } }],
    ]);
    expect(read(undefined).overlays).toEqual([]);
  });

  it('hold no environments themselves, and are objects', () => {
    expect(read({ test: { kafka: {}, environment: 'x' } }).wrong()).toMatch(/no place within an environment/);
    expect(read({ test: 'x' }).wrong()).toMatch(/environments\.test: must be an object/);
    expect(read([]).wrong()).toMatch(/must be an object/);
    expect(read(Object.fromEntries(Array.from({ length: 201 }, (_, i) => [i, {}]))).wrong()).toMatch(
      /more than 200/,
    );
  });

  it('are chosen by a name that must be there', () => {
    const { overlays, problems, wrong } = read({ production: { kafka: { acks: 1 } } });
    expect(selected(overlays, 'production', problems)?.name).toBe('production');
    expect(selected(overlays, undefined, problems)).toBeUndefined();
    expect(problems.any).toBe(false);
    selected(overlays, 'producton', problems);
    expect(wrong()).toMatch(/did you mean 'production'/);
  });

  it('that are not chosen are checked with what they change, and no more', () => {
    const base = { kafka: { acks: 1 }, topics: { a: { retention: '1h' }, b: {} }, other: {} };
    const [overlay] = read({ test: { topics: { a: { retention: '2h' } } } }).overlays;
    expect(mergedSections(base, overlay as never)).toEqual({ topics: { a: { retention: '2h' } } });
  });
});
