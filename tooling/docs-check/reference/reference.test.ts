/** The generated pages of docs/reference. `npx vitest run tooling/docs-check/reference -u` writes them anew. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { brokersPage } from './brokers.js';
import { commandPage, commands } from './command.js';
import { errorsPage } from './errors.js';
import { busEvents, eventsPage } from './events.js';
import { configurationKeys, configurationPage } from './keys.js';

const pages = {
  configuration: configurationPage,
  errors: errorsPage,
  events: eventsPage,
  brokers: brokersPage,
  command: commandPage,
};

describe('docs/reference', () => {
  it.each(Object.entries(pages))('%s.md is up to date', { timeout: 60_000 }, async (name, make) => {
    const file = new URL(`../../../docs/reference/${name}.md`, import.meta.url);
    expect(existsSync(file), `${name}.md is missing`).toBe(true);
    await expect(await make()).toMatchFileSnapshot(file.pathname);
  });

  it('says what every key is for', async () => {
    const silent = (await configurationKeys()).filter(({ schema }) => (schema.description ?? '') === '');
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it('says what every option of the command is for', () => {
    const options = commands().flatMap(([words, { options }]) => options.map((one) => [words, one] as const));
    const silent = options.filter(([, { description }]) => description === '');
    expect(silent.map(([words, { flags }]) => `${words} ${flags}`)).toEqual([]);
  });

  it('says what every event is', { timeout: 60_000 }, () => {
    const silent = busEvents().filter(({ description }) => description === '');
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});
