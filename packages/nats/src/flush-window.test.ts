import { expect, it } from 'vitest';
import { FlushWindow } from './flush-window.js';
import type { Link } from './link.js';

const MIB = 1024 * 1024;

function made() {
  const flushes: { done(): void; fail(): void }[] = [];
  let room = 0;
  const window = new FlushWindow(() => room++);
  const flush = () =>
    new Promise<void>((resolve, reject) =>
      flushes.push({ done: resolve, fail: () => reject(new Error('gone')) }),
    );
  const link = () => ({ connection: { flush } }) as unknown as Link;
  window.reset(link());
  return { window, link, flushes, room: () => room };
}

it('is full once much was sent that the server has not read, and has room as it reads', async () => {
  const { window, flushes, room } = made();
  for (let sent = 0; sent < 64; sent++) window.sent(MIB);
  expect([window.hasRoom, room()]).toEqual([false, 0]);
  for (const { done } of flushes) done();
  await Promise.resolve();
  expect(window.hasRoom).toBe(true);
  await expect.poll(room).toBe(flushes.length);
});

it('begins anew with another connection: answers of the former one say nothing', async () => {
  const { window, link, flushes } = made();
  for (let sent = 0; sent < 10; sent++) window.sent(MIB);
  window.reset(link());
  for (let sent = 0; sent < 64; sent++) window.sent(MIB);
  flushes[0]?.done();
  flushes[1]?.fail();
  await new Promise((resolve) => setImmediate(resolve));
  expect(window.hasRoom).toBe(false);
});
