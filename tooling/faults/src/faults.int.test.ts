/** A short run on each broker: that the tool works, and that nothing is broken in it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('../run.mjs', import.meta.url));

function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { timeout: 170_000 });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

it.each(['nats', 'kafka'])(
  'half a minute of faults on %s breaks no promise',
  { timeout: 180_000 },
  async (adapter) => {
    const { code, output } = await run('--adapter', adapter, '--minutes', '0.5');
    expect(output).toContain(`${adapter}: nothing is broken`);
    expect(code).toBe(0);
  },
);
