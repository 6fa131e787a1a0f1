import { existsSync } from 'node:fs';
import { serviceProblem, startService } from '@ebus/services';
import { describe, expect, it } from 'vitest';
import { findOnPath } from '../run-command.mjs';
import { postgresQuery } from '../testing/postgres-query.js';
import { acceptsClients } from './ready.mjs';

const problem = await serviceProblem('postgres', { own: true });
const note = problem === undefined ? '' : ` (skipped: ${problem})`;

describe.skipIf(problem !== undefined)(`postgres${note}`, () => {
  it('keeps its port and data over kill, stop and restart, and leaves nothing', async (context) => {
    const psql = findOnPath('psql');
    if (psql === undefined) context.skip('there is no psql on PATH');
    const postgres = await startService('postgres', { own: true, log: () => {} });
    const [address] = postgres.addresses;
    const query = (sql: string) => postgresQuery(psql!, address!, sql);
    await query('CREATE TABLE events (id bigint); INSERT INTO events VALUES (7)');
    for (const how of ['kill', 'stop'] as const) {
      await postgres[how]();
      expect(await acceptsClients(Number(new URL(address!).port))).toBe(false);
      await postgres.restart();
      expect(await query('SELECT id FROM events')).toBe('7');
    }
    expect(await query('SHOW server_version')).toContain(postgres.version);
    await postgres.close();
    expect(existsSync(postgres.folder!)).toBe(false);
  });
});
