import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { type Service, serviceProblem, startService } from '@ebus/services';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const file = fileURLToPath(new URL('../../flights/flights.yaml', import.meta.url));
const demo = (...args: string[]) => runSource(main, ['--work', '0', '--config', ...args], 80_000);

const servers: Service[] = [];
afterAll(async () => {
  for (const server of servers) await server.close();
});
afterEach(() => vi.unstubAllEnvs());

async function runsOn(type: string): Promise<void> {
  const { code, stdout, stderr } = await demo(file);
  expect(stderr).toBe('');
  expect(stdout).toContain(`ebus flights demo, on the transport '${type}', as `);
  expect(stdout).toContain('All counts are right');
  expect(code).toBe(0);
}

describe('the flights demo with a configuration file', () => {
  it.for([
    ['nats', 'NATS_URL'],
    ['kafka', 'KAFKA_BROKER'],
  ] as const)('runs on %s', { timeout: 150_000 }, async ([type, variable], test) => {
    const problem = await serviceProblem(type);
    if (problem !== undefined) return test.skip(problem);
    const server = await startService(type, { own: true });
    servers.push(server);
    vi.stubEnv('FLIGHTS_TRANSPORT', type);
    vi.stubEnv(variable, server.addresses[0] ?? '');
    await runsOn(type);
  });

  it('runs on memory', { timeout: 90_000 }, () => runsOn('memory'));

  it('says what is wrong with the file, and ends with code 1', async () => {
    const { code, stdout, stderr } = await demo('absent.yaml');
    expect(stderr).toBe("cannot read 'absent.yaml': there is no such file\n");
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });
});
