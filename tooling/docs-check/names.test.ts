/** Names in the documentation that nothing has any more. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { compile } from './compile.js';
import { markdownFiles, root } from './markdown-files.js';
import { inlineCode, shellLines, unknown } from './names.js';
import { busEvents } from './reference/events.js';
import { configurationKeys } from './reference/keys.js';

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const pages = markdownFiles().filter((file) => !file.endsWith('CHANGELOG.md'));
const inline = pages.flatMap((file) => inlineCode(file, read(file)));
const shell = pages.flatMap((file) => shellLines(file, read(file)));

const manifests = ['packages', 'examples', 'tooling'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .map((name) => `${folder}/${name}/package.json`)
    .filter((path) => existsSync(join(root, path)))
    .map((path) => JSON.parse(read(path)) as { name: string; exports?: Record<string, unknown> }),
);

describe('unknown', () => {
  it('finds names in prose and shell blocks, and says where', () => {
    const text = 'Run `pnpm unit`, then `pnpm gone`.\n\n```sh\npnpm lost -- x # pnpm comment\n```\n';
    const uses = [...inlineCode('a.md', text), ...shellLines('a.md', text)];
    expect(unknown(uses, /^pnpm ([\w:-]+)/, (name) => name === 'unit')).toEqual(['a.md: gone', 'a.md: lost']);
  });
});

describe('the documentation names only', () => {
  it('packages and entries that exist', () => {
    const entries = manifests.flatMap(({ name, exports }) =>
      Object.keys(exports ?? { '.': '' }).map((entry) => join(name, entry)),
    );
    const known = new Set([...entries, ...manifests.map(({ name }) => name)]);
    expect(unknown(inline, /^(@ebus\/[\w./-]+)$/, (name) => known.has(name))).toEqual([]);
  });

  it('commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const own = ['install', 'approve-builds', 'exec', 'add', 'dlx', 'rebuild', 'run', 'pack'];
    const known = new Set([...Object.keys(scripts), ...own]);
    const uses = [...inline, ...shell];
    expect(unknown(uses, /^pnpm ([a-z][\w:-]*)/, (name) => known.has(name))).toEqual([]);
    expect(unknown(uses, /^npm run ([\w:-]+)/, (name) => name in scripts)).toEqual([]);
  });

  it('files that exist', () => {
    const path = /^((?:packages|examples|tooling|docs)\/[\w./-]+)$/;
    expect(unknown(inline, path, (name) => existsSync(join(root, name)))).toEqual([]);
  });

  it('keys of the configuration that exist', async () => {
    const keys = (await configurationKeys()).map(({ path }) => path);
    const others = new Set([
      // Set in code only, and what the adapters' objects offer.
      ...['kafka.security.oauthBearer', 'nats.native', 'kafka.native', 'memory.native', 'nats.js'],
      // Refused, with the reason.
      ...['kafka.producer.compression', 'kafka.consumer.pipeline', 'nats.jetstream.consumer.backOff'],
      // Attributes of spans.
      ...['kafka.offset', 'kafka.message.key', 'kafka.message.tombstone'],
    ]);
    const sections =
      'publisher|subscriber|keyedWorkerPool|healthCheck|metrics|tracing|nats|kafka|memory|healthHttp';
    const isKnown = (name: string) =>
      others.has(name) || keys.some((key) => key === name || key.startsWith(`${name}.`));
    expect(unknown(inline, new RegExp(`^((?:${sections})(?:\\.\\w+)+)$`), isKnown)).toEqual([]);
  });

  it('events that exist', { timeout: 60_000 }, () => {
    const names = new Set(busEvents().map(({ name }) => name));
    expect(unknown(inline, /^bus\.on\('(\w+)'/, (name) => names.has(name))).toEqual([]);
  });

  it('error codes that exist', () => {
    const codes: readonly string[] = ERROR_CODES;
    // A text that says `CODE`, "…" in the first cell of a table of errors.
    const inTables = pages.flatMap((file) =>
      [...read(file).matchAll(/^\| `([A-Z]+(?:_[A-Z]+)+)`(?:,| \|)/gm)].map(([, name = '']) => ({
        file,
        name,
      })),
    );
    const isCode = /^([A-Z_]+)$/;
    const isKnown = (name: string) => codes.includes(name) || /^(EBUS|OTEL)_/.test(name);
    expect(unknown(inTables, isCode, isKnown)).toEqual([]);
  });

  it('members of the bus that exist', { timeout: 120_000 }, () => {
    const members = inline.flatMap(({ file, name }) => {
      const member = /^(bus(?:\.\w+)+)(?:\(.*)?$/.exec(name)?.[1];
      return member === undefined ? [] : [{ file, line: 1, info: ['ts'], code: `void ${member};` }];
    });
    const different = [...new Map(members.map((block) => [block.code, block])).values()];
    expect(different.length).toBeGreaterThan(10);
    expect(compile(different)).toEqual([]);
  });
});

it('the API reference (`pnpm docs:api`) has every package that has exports', () => {
  const { entryPoints } = JSON.parse(read('typedoc.json')) as { entryPoints: string[] };
  const packages = manifests.filter(({ exports }) =>
    JSON.stringify(exports ?? {}).includes('./dist/index.js'),
  );
  const folders = packages.map(({ name }) => `packages/${name.replace('@ebus/', '')}/src/index.ts`);
  const published = folders.filter((path) => existsSync(join(root, path)));
  expect(published.length).toBeGreaterThan(5);
  expect(entryPoints.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(published.filter((path) => !entryPoints.includes(path))).toEqual([]);
});
