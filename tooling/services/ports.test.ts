import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePorts } from './ports.mjs';

it('gives different ports that a server can listen on', async () => {
  const ports: number[] = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  }
});

it('keeps out of the ports that systems give to clients', async () => {
  const ports: number[] = await freePorts(50);
  expect(Math.max(...ports)).toBeLessThan(32_768);
});
