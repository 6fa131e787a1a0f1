// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of configurations look like that
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.js';
import { loadConfig, type ParseConfigOptions } from './load-config.js';
import { parseYaml } from './parse-yaml.js';

const folder = mkdtempSync(join(tmpdir(), 'ebus-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(content: string | Uint8Array, extension = 'yaml'): string {
  const path = join(folder, `config-${++files}.${extension}`);
  writeFileSync(path, content);
  return path;
}

const load = (path: string | URL, options: ParseConfigOptions = {}): Promise<unknown> =>
  loadConfig(path, { plugins: [memory, nats], env: {}, ...options });

async function errorOf(path: string): Promise<ConfigError> {
  const error: unknown = await load(path).catch((caught: unknown) => caught);
  if (!ConfigError.isInstance(error)) throw new Error('no ConfigError', { cause: error });
  return error;
}

describe('loadConfig', () => {
  it('reads YAML and JSON, under eventbus or the whole file, by path or URL', async () => {
    const yaml =
      'type: memory\nserviceName: ${NAME:-shop}\ntopics:\n  orders: { retention: 1h30m, maxSize: 100MB }\n';
    const expected = {
      type: 'memory',
      serviceName: 'shop',
      topics: { orders: { retention: '1h30m', maxSize: '100MB' } },
    };
    expect(await load(file(yaml))).toEqual(expected);
    const rooted = `database: { url: x }\neventbus:\n${yaml.replace(/^/gm, '  ')}`;
    expect(await load(pathToFileURL(file(rooted)))).toEqual(expected);
    expect(await load(file(JSON.stringify(expected, null, '\t'), 'json'))).toEqual(expected);
    expect(await load(file(`\ufeff${JSON.stringify({ eventbus: expected })}`, 'json'))).toEqual(expected);
    expect(await load(file(yaml.replaceAll('\n', '\r\n')), { env: { NAME: 'other' } })).toMatchObject({
      serviceName: 'other',
    });
  });

  it('resolves anchors, aliases and merge keys', async () => {
    const text = `
type: memory
topics:
  orders: &base { retention: 3d, partitions: 4 }
  bills: { <<: *base, partitions: 5 }
  notes: *base
  mixed: { <<: [{ replicas: 2 }, *base] }
`;
    expect(await load(file(text))).toMatchObject({
      topics: {
        orders: { retention: '3d', partitions: 4 },
        bills: { retention: '3d', partitions: 5 },
        notes: { retention: '3d', partitions: 4 },
        mixed: { retention: '3d', partitions: 4, replicas: 2 },
      },
    });
  });

  it('names the file and every problem', async () => {
    const path = file('type: memory\nserviceNam: a\nconnectTimeout: -5\n');
    const error = await errorOf(path);
    expect(error.message).toMatch(
      new RegExp(`^'${path}' is wrong:\n  connectTimeout: invalid duration -5.*\n  service`),
    );
    expect(error.problems.map((problem) => problem.path)).toEqual(['connectTimeout', 'serviceNam']);
  });

  it.each([
    [
      'a: 1\na: 2\nb: {c: 1, c: 2}',
      "line 2, column 1: 'a' is there a second time; line 3, column 11: 'c' is",
    ],
    ['{"type": "memory", "type": "nats"}', "line 1, column 20: 'type' is there a second time"],
    ['a: &a [*a]', 'line 1, column 8: an alias for something that it is a part of'],
    ['a: &a {<<: *a}', 'line 1, column 12: an alias for something that it is a part of'],
    ['a: *b', 'line 1, column 4: an alias for which there is no anchor before it'],
    ['<<: 5', "line 1, column 1: '<<' merges only objects"],
    ['a: 1\n---\nb: 1', 'more than one document'],
    ['a: !secret x', 'a tag (!…) that is not supported'],
    ['a: [1', 'line 1, column 6: wrong indentation, or a bracket that is not closed'],
    ['a:\n\tb: 1', 'indented with a tab; use spaces'],
    ['? [a]\n: 1', 'a key that is no text'],
    ['__proto__: {x: 1}', 'a key that is no text'],
    ['', 'it is empty'],
    ['# nothing', 'it is empty'],
    ['- a', "must be an object that needs a 'type'"],
    [`a: ${'['.repeat(5000)}`, 'nested more than 64 levels deep'],
    [`a: ${'['.repeat(90)}${']'.repeat(90)}`, 'nested more than 64 levels deep'],
  ])('refuses %j', async (text, message) => {
    expect((await errorOf(file(text))).message).toContain(message);
  });

  it.each([
    'password: hunter2: hunter2',
    'password: @hunter2',
    'password: "hunter2\nb: 1',
    'password: }hunter2',
    'password: hunter2\n hunter2\nhunter2',
    '- a\nhunter2: 1',
    'password: *hunter2',
    'password: !hunter2 x',
    'password: "\\hunter2"',
    '{"password": "hunter2", hunter2',
  ])('shows nothing of a file that it cannot read: %j', async (text) => {
    expect((await errorOf(file(text))).message).not.toContain('hunter2');
  });

  it('refuses what is no file of text', async () => {
    expect((await errorOf(join(folder, 'absent.yaml'))).message).toContain(
      "absent.yaml': there is no such file",
    );
    mkdirSync(join(folder, 'conf.d'));
    expect((await errorOf(join(folder, 'conf.d'))).message).toContain('it is a directory');
    expect((await errorOf('/dev/zero')).message).toContain('it is not a file');
    const latin = Buffer.from('type: memory\nserviceName: caf\u00e9\n', 'latin1');
    expect((await errorOf(file(latin))).message).toContain('it is not UTF-8 text');
    expect((await errorOf(file(Buffer.from('type: memory', 'utf16le')))).message).toMatch(
      /is wrong|cannot read/,
    );
    const huge = file('type: memory\n');
    truncateSync(huge, 20 * 1024 ** 3);
    expect((await errorOf(huge)).message).toContain('it is larger than 4 MiB');
  });

  it('refuses aliases that blow a small file up, soon', { timeout: 20_000 }, async () => {
    const lines = Array.from({ length: 30 }, (_, i) =>
      i === 0 ? 'a0: &a0 [x, x]' : `a${i}: &a${i} [*a${i - 1}, *a${i - 1}, *a${i - 1}, *a${i - 1}]`,
    );
    expect((await errorOf(file(lines.join('\n')))).message).toContain(
      'more than 1,000,000 values, aliases resolved',
    );
  });

  it('loads 10,000 topics, as a map, as a list, as JSON, and from one anchor', {
    timeout: 60_000,
  }, async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `shop.orders.${i}`);
    const options = 'retention: 7d, partitions: 3, maxSize: 1GB, description: "of shop"';
    const topics = Object.fromEntries(names.map((name) => [name, { retention: '7d', partitions: 3 }]));
    const sources = [
      `type: memory\ntopics:\n${names.map((name) => `  ${name}: {${options}}`).join('\n')}`,
      `type: memory\ntopics:\n${names.map((name) => `  - {name: ${name}, ${options}}`).join('\n')}`,
      JSON.stringify({ type: 'memory', topics }),
      `type: memory\ntopics:\n${names.map((name, i) => `  ${name}: ${i === 0 ? `&t {${options}}` : '*t'}`).join('\n')}`,
    ];
    for (const source of sources) {
      const { topics: loaded } = (await load(file(source))) as {
        topics: Record<string, { retention: string }>;
      };
      expect(Object.keys(loaded)).toEqual(names);
      expect(loaded['shop.orders.9999']).toMatchObject({ retention: '7d', partitions: 3 });
    }
  });

  it('reports every one of 10,000 wrong topics, within bounds', { timeout: 20_000 }, async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `  orders.${i}: {retension: 7d}`);
    const { problems, message } = await errorOf(file(`type: memory\ntopics:\n${lines.join('\n')}`));
    expect(problems).toHaveLength(10_000);
    expect(problems[9_999]?.path).toBe('topics.orders.9999.retension');
    // What was meant is looked for as long as the message shows it.
    expect(problems[49]?.message).toBe("unknown key, did you mean 'retention'?");
    expect(problems[50]?.message).toBe('unknown key');
    expect(message.length).toBeLessThan(10_000);
    expect(message).toContain('and 9950 more');
  });
});

describe('parseYaml', () => {
  it('reads any JSON as JSON.parse does', async () => {
    const strange = (value: unknown): boolean => JSON.stringify(value).includes('__proto__');
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue({ maxDepth: 5 }).filter((value) => !strange(value)),
        fc.constantFrom(undefined, 2, '\t'),
        async (value, indent) => {
          const text = JSON.stringify(value, null, indent);
          expect(await parseYaml(text)).toEqual(JSON.parse(text));
        },
      ),
    );
  });
});
