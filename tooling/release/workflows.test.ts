import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const folder = join(process.cwd(), '.github/workflows');
const workflows = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(join(folder, name), 'utf8'),
}));

it.each(workflows)('$name uses actions by their commits, with the version beside', ({ text }) => {
  const uses = text.split('\n').filter((line) => line.includes('uses:'));
  expect(uses).not.toEqual([]);
  expect(uses.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
    [],
  );
});

it.each(workflows)('$name may read the repository, and asks for more only in a job', ({ text }) => {
  const { permissions, jobs } = parse(text) as {
    permissions: unknown;
    jobs: Record<string, { readonly 'timeout-minutes'?: number }>;
  };
  expect(permissions).toEqual({ contents: 'read' });
  for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
});
