import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

it('gives nobody a port of a process that lives, although no server listens on it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebus-ports-'));
  try {
    const range = { folder, first: 9_000, last: 9_050 };
    for (let port = 9_000; port < 9_050; port++)
      writeFileSync(join(folder, String(port)), String(process.pid));
    const gone = spawnSync(process.execPath, ['--version']).pid;
    for (let port = 9_030; port < 9_050; port++) writeFileSync(join(folder, String(port)), String(gone));
    const [port] = await freePorts(1, range);
    expect(port, 'of a process that has ended').toBeGreaterThanOrEqual(9_030);
    expect(readFileSync(join(folder, String(port)), 'utf8')).toBe(String(process.pid));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
