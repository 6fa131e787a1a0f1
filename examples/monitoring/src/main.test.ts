import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

it('the shop says where it is watched, and ends by itself', { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await runSource(main, ['--port', '0', '--seconds', '3'], 50_000);
  expect(stdout).toMatch(/^A shop on the in-process transport, watched at$/m);
  for (const page of ['health', 'readyz', 'livez', 'metrics']) {
    expect(stdout).toMatch(new RegExp(`^ {2}http://localhost:\\d+/${page} `, 'm'));
  }
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}healthy$/m);
  expect(stdout).toMatch(/^\d+ handled while closing, \d+ handed back, 0 not published\.$/m);
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

it('says how to use it', { timeout: 30_000 }, async () => {
  const { code, stderr } = await runSource(main, ['rabbit'], 20_000);
  expect(stderr).toMatch(/^there is no transport 'rabbit'\nusage: npm run demo -- monitoring/);
  expect(code).toBe(2);
});
