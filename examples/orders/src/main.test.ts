import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

it('says where its page is, and ends by itself', { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await runSource(main, ['--port', '0', '--seconds', '1'], 50_000);
  expect(stdout).toMatch(/^An order service on PGlite and the in-process transport:$/m);
  expect(stdout).toMatch(/^ {2}http:\/\/127\.0\.0\.1:\d+ {4}the page/m);
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

it('says how to use it', { timeout: 30_000 }, async () => {
  const { code, stderr } = await runSource(main, ['rabbit'], 20_000);
  expect(stderr).toMatch(/^there is no transport 'rabbit'\nusage: npm run demo -- orders/);
  expect(code).toBe(2);
});
