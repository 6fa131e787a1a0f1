import { fileURLToPath } from 'node:url';
import { runSource, startSource } from '@ebus/run-source';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

it('serves the page and its data at the address that it prints, and ends by itself', {
  timeout: 60_000,
}, async () => {
  const program = await startSource(main, ['--port', '0', '--seconds', '20'], 50_000);
  const ended = new Promise((resolve) => program.once('close', resolve));
  program.stdout.setEncoding('utf8');
  const url = await new Promise<string>((resolve) => {
    let text = '';
    program.stdout.on('data', (chunk: string) => {
      text += chunk;
      const [found] = /http:\S+\/ui/.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  expect(await (await fetch(url)).text()).toContain('<title>ebus console</title>');
  const letters = `${url}/api/letters?topic=shop.orders.dlq&key=customer-07`;
  for (let total = 0; total === 0; ) {
    const answer = await fetch(letters, { headers: { 'x-ebus-console': '1' } });
    expect(answer.status).toBe(200);
    ({ total } = (await answer.json()) as { total: number });
  }
  program.kill('SIGTERM');
  expect(await ended).toBe(0);
});

it('says how to use it', { timeout: 30_000 }, async () => {
  const { code, stderr } = await runSource(main, ['--port', 'x'], 20_000);
  expect(stderr).toMatch(/^--port x is no port\nusage: npm run demo -- console/);
  expect(code).toBe(2);
});
