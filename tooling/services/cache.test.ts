import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { cacheFolder, withLock } from './cache.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebus-cache-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it('caches where XDG_CACHE_HOME says', () => {
  vi.stubEnv('XDG_CACHE_HOME', folder);
  expect(cacheFolder('nats-server', '1')).toBe(join(folder, 'ebus/nats-server/1'));
});

it('lets one at a time work under a lock', async () => {
  let working = 0;
  let most = 0;
  const work = () =>
    withLock(join(folder, 'lock'), async () => {
      working += 1;
      most = Math.max(most, working);
      await new Promise((resolve) => setImmediate(resolve));
      working -= 1;
    });
  await Promise.all([work(), work(), work()]);
  expect(most).toBe(1);
  expect(existsSync(join(folder, 'lock'))).toBe(false);
});

it('releases the lock when the work fails', async () => {
  const failing = withLock(join(folder, 'lock'), () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(existsSync(join(folder, 'lock'))).toBe(false);
});

it('takes over the lock of a process that has ended', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  mkdirSync(join(folder, 'lock'));
  writeFileSync(join(folder, 'lock/pid'), String(pid));
  await expect(withLock(join(folder, 'lock'), async () => 'done')).resolves.toBe('done');
});
