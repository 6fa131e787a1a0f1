/** Relays in processes of their own, of which one is killed now and then. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { programOf } from '@ebus/run-source';

export class RelayProcesses {
  readonly #command: readonly string[];
  readonly #running: ChildProcess[] = [];
  kills = 0;

  private constructor(command: readonly string[]) {
    this.#command = command;
  }

  static async start(count: number, args: readonly string[]): Promise<RelayProcesses> {
    const { command } = await programOf(fileURLToPath(new URL('./relay-process.ts', import.meta.url)));
    const relays = new RelayProcesses([...command, ...args]);
    for (let i = 0; i < count; i++) relays.#spawn();
    return relays;
  }

  /** Ends the oldest with SIGKILL, and starts another. */
  killOne(): void {
    this.#running.shift()?.kill('SIGKILL');
    this.kills++;
    this.#spawn();
  }

  stop(): void {
    for (const child of this.#running.splice(0)) child.kill('SIGKILL');
  }

  #spawn(): void {
    const [file = '', ...args] = this.#command;
    this.#running.push(spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
  }
}
