import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { expect, it } from 'vitest';

it('the service with Fastify handles the event of a request, and ends by itself', async () => {
  const ended = await runSource(fileURLToPath(new URL('./main.ts', import.meta.url)));
  expect(ended).toEqual({ code: 0, stdout: 'billed order-1: 42\nplaced: 202, ready: 200\n', stderr: '' });
});
