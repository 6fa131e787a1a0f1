/** On PostgreSQL and NATS, where the relay is a process of its own that is killed for real. */
import { fileURLToPath } from 'node:url';
import { startSource } from '@ebus/run-source';
import { expect, it, vi } from 'vitest';
import type { Tables } from './state.js';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

it('a relay that is killed with SIGKILL loses nothing', { timeout: 120_000 }, async () => {
  const child = await startSource(main, ['nats', '--port', '0'], 110_000);
  try {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const url = await vi.waitFor(
      () => {
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output);
        if (found === null) throw new Error(`no address yet: ${output}`);
        return found[0];
      },
      { timeout: 60_000, interval: 100 },
    );
    const post = (path: string, body = {}) =>
      fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    for (let round = 0; round < 3; round++) {
      for (let total = 1; total <= 20; total++) await post('/orders', { total });
      await post('/relay/kill');
      for (let total = 1; total <= 20; total++) await post('/orders', { total });
      await post('/relay/start');
    }
    await vi.waitFor(
      async () => {
        const { counts } = (await (await fetch(`${url}/state`)).json()) as Tables;
        expect(counts).toMatchObject({ orders: 120, pending: 0, published: 120, behind: 0 });
      },
      { timeout: 30_000, interval: 200 },
    );
  } finally {
    child.kill('SIGINT');
    await new Promise((resolve) => child.once('exit', resolve));
  }
});
