import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { serviceProblem } from '@ebus/services';
import { expect, it } from 'vitest';

const problem = await serviceProblem('kafka');

it('the flights demo on Kafka finds all counts right, and ends by itself', {
  timeout: 90_000,
}, async (test) => {
  if (problem !== undefined) test.skip(problem);
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const { code, stdout, stderr } = await runSource(main, ['--work', '0'], 80_000);
  expect(stdout).toMatch(/^ebus flights demo, on Kafka 4\./m);
  expect(stdout).toContain('All counts are right');
  expect(stderr).not.toContain('WRONG');
  expect(code).toBe(0);
});
