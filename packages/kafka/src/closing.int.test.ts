/** A process ends by itself once its bus is closed, whatever the broker does. */
import { fileURLToPath } from 'node:url';
import { startSource } from '@ebus/run-source';
import { sharedService, startService } from '@ebus/services';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('testing/closing-process.ts', import.meta.url));

/** Its exit code; null where it had to be killed. */
function run(address: string, situation: string, onOutput: (text: string) => void): Promise<number | null> {
  const child = startSource(program, [address, situation], 90_000);
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onOutput);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
}

it.each(['there', 'away'])(
  'with the broker %s',
  async (situation) => {
    const { addresses } = await sharedService('kafka');
    const address = situation === 'there' ? (addresses[0] as string) : '127.0.0.1:1';
    let output = '';
    const code = await run(address, situation, (text) => {
      output += text;
    });
    expect([code, output]).toEqual([0, expect.stringContaining('closed after')]);
  },
  120_000,
);

it('with a broker that was killed', async () => {
  const service = await startService('kafka', { own: true });
  try {
    let output = '';
    const code = await run(service.addresses[0] as string, 'killed', (text) => {
      output += text;
      if (text.includes('kill it')) void service.kill();
    });
    expect([code, output]).toEqual([0, expect.stringContaining('closed after')]);
  } finally {
    await service.close();
  }
}, 120_000);
