/** Relays in processes of their own, of which one is killed now and then. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export class RelayProcesses {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #running: ChildProcess[] = [];
  kills = 0;

  private constructor(program: string, args: readonly string[]) {
    this.#program = program;
    this.#args = args;
  }

  /** Builds the program once, so that a relay that is killed is back soon. */
  static async start(count: number, args: readonly string[]): Promise<RelayProcesses> {
    const folder = here('../../../.cache');
    mkdirSync(folder, { recursive: true });
    const program = `${folder}/relay-process-${process.pid}.mjs`;
    await build({
      entryPoints: [here('./relay-process.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      tsconfig: `${root}tsconfig.json`,
      external: ['pg', '@opentelemetry/*'],
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      logLevel: 'error',
    });
    const relays = new RelayProcesses(program, args);
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
    rmSync(this.#program, { force: true });
  }

  #spawn(): void {
    this.#running.push(
      spawn(process.execPath, [this.#program, ...this.#args], { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
  }
}
