/** A command's view of nothing but what a test gives it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@ebus/core';
import type { ExitCode } from '../exit-codes.js';
import type { Io } from '../io/io.js';
import { run } from '../run.js';

/** One run and what it wrote. */
export interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** A folder with a configuration, and the command in it. */
export class Workshop {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param config written as `ebus.json`; a text as it is, as `ebus.yaml` */
  static async with(config: object | string): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), 'ebus-cli-'));
    if (typeof config === 'string') await writeFile(join(folder, 'ebus.yaml'), config);
    else await writeFile(join(folder, 'ebus.json'), JSON.stringify(config));
    return new Workshop(folder);
  }

  /** @param over an answer to questions, say */
  async run(args: readonly string[], over: Partial<Io> = {}): Promise<Ran> {
    const written = { out: '', err: '' };
    const io: Io = {
      out: (text) => {
        written.out += text;
      },
      err: (text) => {
        written.err += text;
      },
      isTerminal: false,
      errIsTerminal: false,
      canAsk: false,
      ask: () => Promise.resolve(''),
      input: () => Promise.resolve(new Uint8Array()),
      env: {},
      cwd: this.folder,
      now: () => systemClock.now(),
      signal: new AbortController().signal,
      ...over,
    };
    const code = await run(args, io);
    return { code, ...written };
  }

  /** The data that a run with `--json` writes. */
  async json<T = unknown>(...args: string[]): Promise<T> {
    const { code, out, err } = await this.run([...args, '--json']);
    if (code !== 0 && code !== 3) throw new Error(`exit code ${code}: ${err}`);
    return JSON.parse(out) as T;
  }

  /** The values that `tail` writes of all messages with that key. */
  async tail(topic: string, key: string): Promise<unknown[]> {
    const args = ['tail', topic, '--from', 'earliest', '--key', key, '--no-follow', '--json'];
    const { out } = await this.run(args);
    return out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
