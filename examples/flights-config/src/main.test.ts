import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { type Service, serviceProblem, startService } from '@ebus/services';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const file = fileURLToPath(new URL('../../flights/nats.yaml', import.meta.url));
const demo = (...args: string[]) => runSource(main, ['--work', '0', '--config', ...args], 80_000);

const problem = await serviceProblem('nats');
let server: Service | undefined;
beforeAll(async () => {
  if (problem === undefined) server = await startService('nats', { own: true });
});
afterAll(() => server?.close());

describe('the flights demo with a configuration file', () => {
  it('runs on NATS', { timeout: 90_000 }, async (test) => {
    if (server === undefined) return test.skip(problem);
    vi.stubEnv('NATS_URL', server.addresses[0] ?? '');
    const { code, stdout, stderr } = await demo(file);
    expect(stderr).toBe('');
    expect(stdout).toContain("ebus flights demo, on the transport 'nats', as ");
    expect(stdout).toContain('All counts are right');
    expect(code).toBe(0);
  });

  it('moves to memory by changing the type alone', { timeout: 90_000 }, async () => {
    vi.stubEnv('FLIGHTS_TRANSPORT', 'memory');
    const { code, stdout, stderr } = await demo(file);
    expect(stderr).toBe('');
    expect(stdout).toContain("ebus flights demo, on the transport 'memory', as ");
    expect(stdout).toContain('All counts are right');
    expect(code).toBe(0);
  });

  it('says what is wrong with the file, and ends with code 1', async () => {
    const { code, stdout, stderr } = await demo('absent.yaml');
    expect(stderr).toBe("cannot read 'absent.yaml': there is no such file\n");
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });
});
