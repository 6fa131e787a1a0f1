import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Mutant } from './index.mjs';
import { mutants } from './list.mjs';
import { isMutantFile, mutated } from './mutate.mjs';
import { readTable, tableFile } from './table.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('mutants', () => {
  it('have names of their own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it.each(mutants)('can be made: $name', (mutant: Mutant) => {
    expect(mutated(mutant, readFileSync(root + mutant.file, 'utf8'))).toContain(mutant.replace);
    expect(existsSync(root + mutant.killedBy.file)).toBe(true);
  });
});

it('are all in docs/mutants.md, with what killed them; pnpm mutants --write makes it so', () => {
  const table = readTable(readFileSync(tableFile, 'utf8'));
  expect([...table.keys()]).toEqual(mutants.map(({ name }) => name));
  expect([...table].filter(([, killer]) => killer === 'not tried yet')).toEqual([]);
});

describe('a mutant', () => {
  const mutant: Mutant = {
    name: 'counts wrongly',
    file: 'src/count.ts',
    find: 'n + 1',
    replace: 'n + 2',
    killedBy: { file: 'src/count.test.ts', project: 'unit' },
  };

  it('is put into its own file only', () => {
    expect(isMutantFile(mutant, `${root}src/count.ts?t=1`)).toBe(true);
    expect(isMutantFile(mutant, `file://${root}src/count.ts`)).toBe(true);
    expect(isMutantFile(mutant, `${root}src/account.ts`)).toBe(false);
  });

  it('is refused where its text is not there, or is there twice', () => {
    expect(mutated(mutant, 'return n + 1;')).toBe('return n + 2;');
    expect(() => mutated(mutant, 'return n;')).toThrow('has 0 times');
    expect(() => mutated(mutant, 'n + 1, n + 1')).toThrow('has 2 times');
  });
});
