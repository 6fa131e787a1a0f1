import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigError } from '../errors.js';
import { fileName, readConfigFile } from './read-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ebus-read-file-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(content: string | Uint8Array, name = 'service.yaml'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

it('reads YAML, and JSON, which is YAML', async () => {
  expect(await readConfigFile(await file('type: memory'))).toEqual({ type: 'memory' });
  expect(await readConfigFile(await file('{"type": "memory"}', 'a.json'))).toEqual({ type: 'memory' });
});

it('takes the value under eventbus, where a service has its own settings beside it', async () => {
  expect(await readConfigFile(await file('eventbus:\n  type: memory\nport: 1'))).toEqual({ type: 'memory' });
});

it('takes a file as a URL, and shows it as a path', async () => {
  const path = await file('type: memory');
  expect(await readConfigFile(pathToFileURL(path))).toEqual({ type: 'memory' });
  expect(fileName(pathToFileURL(path))).toBe(path);
});

it.each([
  ['is missing', () => join(folder, 'none.yaml'), /there is no such file/],
  ['is a directory', () => folder, /it is a directory/],
  ['is no file', () => '/dev/null', /it is not a file/],
  ['is empty', () => file(''), /it is empty/],
  ['is no text', () => file(new Uint8Array([0xff, 0xfe, 0xfd])), /it is not UTF-8 text/],
  ['is too large', () => file(`a: ${'x'.repeat(4 * 1024 ** 2)}`), /larger than 4 MiB/],
  ['is no YAML', () => file('a: [1,'), /cannot read/],
])('says so where the file %s', async (_, made, reason) => {
  const path = await made();
  const error = await readConfigFile(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).message).toMatch(reason);
  expect((error as ConfigError).message).toContain(path);
});
