/** Reads a configuration file. */
import { open, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../errors.js';
import { isRecord } from '../util/records.js';
import { parseYaml, YamlError } from './parse-yaml.js';

/** Some 20,000 topics fit in, and reading it takes a few seconds at worst. */
const MAX_BYTES = 4 * 1024 ** 2;

/** The name of a file as messages show it. */
export function fileName(file: string | URL): string {
  return typeof file === 'string' ? file : fileURLToPath(file);
}

/**
 * The configuration in a YAML or JSON file: the value under `eventbus` where it has such a key, else all of it.
 * @throws ConfigError for a file that is missing, no file, larger than 4 MiB, not UTF-8, or neither YAML nor JSON
 */
export async function readConfigFile(file: string | URL): Promise<unknown> {
  const name = fileName(file);
  try {
    return configIn(await parseYaml(decode(await bytesOf(file))));
  } catch (error) {
    if (error instanceof YamlError) {
      const problems = error.reasons.map((message) => ({ path: '', message }));
      throw new ConfigError(`cannot read '${name}': ${error.message}`, { problems });
    }
    const message = error instanceof Refusal ? error.message : reasonOf(error);
    const cause = error instanceof Refusal ? undefined : error;
    throw new ConfigError(`cannot read '${name}': ${message}`, { problems: [{ path: '', message }], cause });
  }
}

/** The value under `eventbus`, so that a service may keep its own settings beside it; else the whole. */
function configIn(root: unknown): unknown {
  if (root === null) throw new Refusal('it is empty');
  return isRecord(root) && Object.hasOwn(root, 'eventbus') ? root.eventbus : root;
}

class Refusal extends Error {}

/** Never more than the limit, even of a file that grows or does not tell its size. */
async function bytesOf(file: string | URL): Promise<Uint8Array> {
  const found = await stat(file);
  if (found.isDirectory()) throw new Refusal('it is a directory');
  if (!found.isFile()) throw new Refusal('it is not a file');
  const handle = await open(file);
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of handle.createReadStream({ end: MAX_BYTES, autoClose: false })) {
      chunks.push(chunk as Uint8Array);
      size += (chunk as Uint8Array).byteLength;
    }
    if (size > MAX_BYTES) throw new Refusal('it is larger than 4 MiB, the most that is read');
    return Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal('it is not UTF-8 text');
  }
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'this process may not read it';
  return error instanceof Error ? error.message : String(error);
}
