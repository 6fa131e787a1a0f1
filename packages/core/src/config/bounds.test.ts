/** What a configuration may be at most. Each of these took seconds, or gigabytes, where it is not refused early. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.js';
import { ScriptedDriver, scriptedPlugin } from '../testing/scripted-driver.js';
import { loadConfig } from './load-config.js';
import { parseObject } from './parse-object.js';

const plugins = [scriptedPlugin(new ScriptedDriver())];
const type = plugins[0]!.name;
const folder = await mkdtemp(join(tmpdir(), 'ebus-bounds-'));
afterAll(() => rm(folder, { recursive: true }));

const MIB = 1024 ** 2;

describe('files', () => {
  it.each([
    ['open brackets', '['.repeat(2 * MIB), 'line 1, column 65: nested more than 64 levels deep'],
    ['open braces', '{'.repeat(2 * MIB), 'line 1, column 65: nested more than 64 levels deep'],
    ['keys and brackets', 'a: ['.repeat(MIB / 2), 'nested more than 64 levels deep'],
    ['lists in one line', '- '.repeat(MIB), 'nested more than 64 levels deep'],
    ['keys in one line', '? '.repeat(MIB), 'nested more than 64 levels deep'],
    ['items', `a: [${'1,'.repeat(MIB)}]`, 'more than 1,000,000 keys, values and signs'],
    ['empty documents', '---\n'.repeat(MIB), 'more than 1,000,000 keys, values and signs'],
  ])('of nothing but %s are refused before they are parsed', async (_, text, message) => {
    const file = join(folder, 'config.yaml');
    writeFileSync(file, text);
    const before = process.memoryUsage().heapUsed;
    await expect(loadConfig(file, { plugins })).rejects.toThrow(message);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(400 * MIB);
    expect(readFileSync(file, 'utf8').length).toBe(text.length);
  });

  it('may have brackets in texts and comments, however many', async () => {
    const file = join(folder, 'fine.yaml');
    const many = '['.repeat(1_000);
    writeFileSync(
      file,
      `# ${many}\ntype: ${type}\ntopics:\n  a:\n    description: "${many}"\n  b:\n    description: |\n      ${many}\n`,
    );
    await expect(loadConfig(file, { plugins })).resolves.toMatchObject({
      topics: { a: { description: many } },
    });
  });
});

describe('objects', () => {
  const refuse = (part: object, env: Record<string, string> = {}) => {
    try {
      parseObject({ type, ...part }, { plugins, env });
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      return (error as ConfigError).message;
    }
    throw new Error('accepted');
  };

  it('with long texts are refused without the text', () => {
    const message = refuse({ publisher: { maxInFlight: '://'.repeat(70_000) } });
    expect(message).toContain('publisher.maxInFlight: must be a number, got a text of 210,000 characters');
  });

  it('with long keys are refused with the beginning of the key', () => {
    expect(refuse({ ['k'.repeat(MIB)]: 1 }).length).toBeLessThan(1_000);
  });

  it('with variables that come to more than 8 MiB are refused', () => {
    const env = { BIG: 'x'.repeat(100_000) };
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: variables of the configuration
    expect(refuse({ serviceName: '${BIG}'.repeat(50_000) }, env)).toContain('serviceName: is too long');
    const topics = Array.from({ length: 2_000 }, (_, i) => [`t${i}`, { description: '${BIG}' }]);
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: variables of the configuration
    expect(refuse({ topics: Object.fromEntries(topics) }, env)).toContain('more than 8 MiB of text');
  });

  it('with more than 200 environments are refused', () => {
    const all = Array.from({ length: 201 }, (_, i) => [`e${i}`, { topics: {} }]);
    expect(refuse({ environments: Object.fromEntries(all) })).toContain('environments: are more than 200');
  });

  it('with more secrets than can be masked say no more than where something is wrong', () => {
    const tokens = Array.from({ length: 2_000 }, (_, i) => [`token${i}`, `hidden-${i}-hidden`]);
    const message = refuse({ ...Object.fromEntries(tokens), serviceName: 'hidden-1999-hidden'.split('') });
    expect(message).toContain('serviceName: is wrong (no more is shown');
    expect(message).not.toMatch(/hidden-\d/);
  });
});
