import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { expect, it } from 'vitest';

it('the service with NestJS handles the events of its own, and ends by itself', async () => {
  const ended = await runSource(fileURLToPath(new URL('./main.ts', import.meta.url)));
  const stdout = 'invoice for order-1: 42\nreceipt for order-1\nhealth: up\n';
  expect(ended).toEqual({ code: 0, stdout, stderr: '' });
});
