/** Runs a TypeScript program in a process of its own, on the sources of this workspace, so that nothing needs building. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { bundled } from './bundle.js';

/** How a program ended. */
export interface Ended {
  /** `null` when it was killed, as it is after the timeout. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Resolves once the process has ended by itself, or was killed because it did not. `file` is an absolute path. */
export async function runSource(
  file: string,
  args: readonly string[] = [],
  timeoutMs = DEFAULT_TIMEOUT_MS,
): Promise<Ended> {
  const child = await startSource(file, args, timeoutMs);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });
}

/** The same, to talk to or to kill while it runs; killed after the timeout if it still runs then. */
export async function startSource(
  file: string,
  args: readonly string[] = [],
  timeoutMs = DEFAULT_TIMEOUT_MS,
): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  return spawn(process.execPath, [await bundled(file), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
}

/** How to start such a program, for who starts it by other means. */
export async function programOf(file: string): Promise<{ command: string[] }> {
  return { command: [process.execPath, await bundled(file)] };
}
