/** The command's view of this process. */
import { createInterface } from 'node:readline/promises';
import { systemClock } from '@ebus/core';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Io } from './io.js';

/** How long what a library left open may keep the process alive after its work is done, in milliseconds. */
const LINGER_MS = 2_000;
/** Ctrl-C, the end by a service manager, and a terminal that is closed. A second one ends the process at once. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The used part of `process`. */
export type ProcessLike = Pick<
  NodeJS.Process,
  'stdin' | 'stdout' | 'stderr' | 'env' | 'cwd' | 'once' | 'exit'
> & { exitCode?: number | string | null | undefined };

/**
 * `end` sets the exit code, and ends the process where something keeps it alive. Where nobody reads the output any more
 * (`ebus … | head`), the command ends as by Ctrl-C, and that is no failure.
 */
export function processIo(of: ProcessLike = process): { readonly io: Io; end(code: ExitCode): void } {
  const { stdin, stdout, stderr } = of;
  const over = new AbortController();
  /** Where something else than the command decides. */
  let ended: ExitCode | undefined;
  const endBy = (code: ExitCode) => {
    ended ??= code;
    over.abort();
  };
  for (const signal of SIGNALS) of.once(signal, () => endBy(EXIT.interrupted));
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') stderr.write(`ebus: the output cannot be written: ${error.message}\n`);
    endBy(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
  });
  // There is no place left to tell it.
  stderr.on('error', () => {});
  const io: Io = {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    isTerminal: stdout.isTTY === true,
    errIsTerminal: stderr.isTTY === true,
    canAsk: stdin.isTTY === true,
    get columns() {
      return stdout.columns;
    },
    get errColumns() {
      return stderr.columns;
    },
    ask: async (question) => {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question, { signal: over.signal });
      } catch {
        return '';
      } finally {
        lines.close();
      }
    },
    input: async () => {
      const leave = () => void stdin.destroy();
      over.signal.addEventListener('abort', leave, { once: true });
      try {
        const chunks: Uint8Array[] = [];
        for await (const chunk of stdin) chunks.push(chunk as Uint8Array);
        return Buffer.concat(chunks);
      } finally {
        over.signal.removeEventListener('abort', leave);
      }
    },
    env: of.env,
    cwd: of.cwd(),
    now: () => systemClock.now(),
    signal: over.signal,
  };
  const end = (code: ExitCode) => {
    of.exitCode = ended ?? code;
    systemClock.setTimeout(() => of.exit(), LINGER_MS).unref();
  };
  return { io, end };
}
