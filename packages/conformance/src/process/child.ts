/** A process that a test started: what it told so far, and ways to end it. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { ChildProgram } from '../abilities.js';
import { eachLine } from './each-line.js';
import type { ProcessReport, ProcessTask } from './process-task.js';

type Kind = ProcessReport['kind'];
type ReportOf<K extends Kind> = Extract<ProcessReport, { kind: K }>;

/** A child process that runs one task. Its reports arrive in the order it wrote them. */
export class Child {
  readonly reports: ProcessReport[] = [];
  /** What it wrote to standard error. */
  errors = '';
  /** Its exit code; null where it was killed. */
  readonly ended: Promise<number | null>;
  readonly #process: ChildProcess;
  readonly #onReport: ((report: ProcessReport) => void) | undefined;

  constructor({ command, env }: ChildProgram, task: ProcessTask, onReport?: (report: ProcessReport) => void) {
    const [file = '', ...args] = command;
    this.#onReport = onReport;
    this.#process = spawn(file, [...args, JSON.stringify(task)], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    eachLine(this.#process.stdout, (line) => this.#read(line));
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject);
      this.#process.on('close', resolve);
    });
    this.ended.catch(() => {});
  }

  of<K extends Kind>(kind: K): ReportOf<K>[] {
    return this.reports.filter((report): report is ReportOf<K> => report.kind === kind);
  }

  /** @throws what went wrong there, in its own words */
  has(kind: Kind): boolean {
    const [failed] = this.of('failed');
    if (failed !== undefined && kind !== 'failed') throw new Error(`the process failed: ${failed.text}`);
    if (this.#process.exitCode !== null && this.of(kind).length === 0)
      throw new Error(`the process ended without '${kind}': ${this.errors}`);
    return this.of(kind).length > 0;
  }

  close(): void {
    this.#process.send('close');
  }

  /** Freezes it. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** As a crash does. Resolves once it is gone and all that it told has arrived. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  #read(line: string): void {
    // Others in that process may write, too.
    if (!line.startsWith('{"kind":')) return;
    const report: ProcessReport = JSON.parse(line);
    this.reports.push(report);
    this.#onReport?.(report);
  }
}
