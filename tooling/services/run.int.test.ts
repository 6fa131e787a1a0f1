import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serviceProblem } from '@ebus/services';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsClient } from './testing/nats-client.js';

const program = fileURLToPath(new URL('run.mjs', import.meta.url));
const problem = await serviceProblem('nats');
const note = problem === undefined ? '' : ` (skipped: ${problem})`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebus-run-'));
});
afterAll(() => {
  services('down');
  rmSync(folder, { recursive: true });
});

/** Runs the command with a place of its own for what is up. */
function services(...args: string[]) {
  const { EBUS_TEST_NATS: _, ...env } = process.env;
  const child = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { ...env, XDG_RUNTIME_DIR: folder },
  });
  return { code: child.status, output: child.stdout, errors: child.stderr };
}

describe.skipIf(problem !== undefined)(`pnpm services${note}`, () => {
  it('starts a service that stays up until it is taken down', async () => {
    const up = services('up', 'nats');
    expect(up).toMatchObject({ code: 0, errors: '' });
    const { address, pid, data } =
      /data in (?<data>\S+)\n {2}(?<address>nats:\S+) {2}pid (?<pid>\S+)/.exec(up.output)?.groups ?? {};
    expect(up.output).toContain(`export EBUS_TEST_NATS=${address}`);
    using client = await natsClient(address!);
    expect(up.output).toContain(`nats ${client.info.version}`);

    const status = services('status');
    expect(status.output).toContain(`${address}  pid ${pid}`);
    expect(status.output).toMatch(/up for \d+ s/);
    expect(services('up', 'nats').output).toContain('nats is up already');
    expect(services('up', 'nats', '--nodes', '3')).toMatchObject({
      code: 1,
      errors: 'nats is up with 1 node(s): pnpm services down nats\n',
    });

    expect(services('down', 'nats').output).toBe('nats is down\n');
    await expect(natsClient(address!)).rejects.toThrow('ECONNREFUSED');
    expect(existsSync(data!)).toBe(false);
    expect(readdirSync(join(folder, 'ebus'))).toEqual([]);
    expect(services('status').output).toBe('nothing is up\n');
  });

  it('forgets what went down with its machine', () => {
    writeFileSync(join(folder, 'ebus/nats.json'), JSON.stringify({ url: 'http://127.0.0.1:9/gone' }));
    expect(services('status').output).toBe('nothing is up\n');
    expect(existsSync(join(folder, 'ebus/nats.json'))).toBe(false);
  });
});

it('says which services there are', () => {
  const { code, errors } = services('up', 'rabbit');
  expect(errors).toContain('the services are nats, postgres, kafka');
  expect(code).toBe(1);
});

it('explains itself', () => {
  expect(services()).toMatchObject({ code: 0, output: expect.stringContaining('pnpm services up') });
  expect(services('up', '--nodes', 'many')).toMatchObject({
    code: 1,
    errors: expect.stringContaining('--nodes'),
  });
  expect(services('start')).toMatchObject({ code: 1, errors: expect.stringContaining('no command "start"') });
});
