/** The command's view of this process. */
import { createInterface } from 'node:readline/promises';
import { systemClock } from '@ebus/core';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Io } from './io.js';

/** How long what a library left open may keep the process alive after its work is done, in milliseconds. */
const LINGER_MS = 2_000;

/** `end` sets the exit code, and ends the process where something keeps it alive. */
export function processIo(): { readonly io: Io; end(code: ExitCode): void } {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  // `ebus … | head`: the reader has gone.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
  const io: Io = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    canAsk: process.stdin.isTTY === true,
    ask: async (question) => {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question, { signal: interrupted.signal });
      } catch {
        return '';
      } finally {
        lines.close();
      }
    },
    input: async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
      return Buffer.concat(chunks);
    },
    env: process.env,
    cwd: process.cwd(),
    now: () => systemClock.now(),
    signal: interrupted.signal,
  };
  const end = (code: ExitCode) => {
    process.exitCode = interrupted.signal.aborted ? EXIT.interrupted : code;
    systemClock.setTimeout(() => process.exit(), LINGER_MS).unref();
  };
  return { io, end };
}
