import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { expect, it } from 'vitest';

it('the service that is configured in code runs, and ends by itself', async () => {
  const ended = await runSource(fileURLToPath(new URL('./main.ts', import.meta.url)));
  const stdout = 'billing bills order-1: 42\ntopics: shop.orders, shop.prices\n';
  expect(ended).toEqual({ code: 0, stdout, stderr: '' });
});
