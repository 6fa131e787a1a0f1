/** The processes of a run. What each tells is kept in one list, in the order in which it was told there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { programOf } from '@ebus/run-source';
import { eachLine } from '../../../packages/conformance/src/process/each-line.js';
import { now, type Report, type Task } from './reports.js';
import { SLEEPS, WAKES } from './sleeps.js';

const program = await programOf(fileURLToPath(new URL('worker.ts', import.meta.url)));

/** One line of a run's history: who told it, or whom it befell. */
export type Line = readonly [who: string, ...Report];

export class Member {
  readonly ended: Promise<void>;
  isReady = false;
  hasEnded = false;
  /** It ended by itself, and not because it was told to. */
  hasFailed = false;
  readonly #process: ChildProcess;
  readonly #tell: (report: Report) => void;

  constructor(
    readonly task: Task,
    tell: (report: Report) => void,
  ) {
    this.#tell = tell;
    const [file = '', ...args] = program.command;
    this.#process = spawn(file, [...args, JSON.stringify(task)], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    eachLine(this.#process.stdout, (line) => {
      if (!line.startsWith('[')) return;
      const report: Report = JSON.parse(line);
      if (report[1] === 'ready') this.isReady = true;
      tell(report);
    });
    this.ended = new Promise((resolve) => {
      this.#process.on('error', () => resolve());
      this.#process.on('close', (code, signal) => {
        this.hasEnded = true;
        this.hasFailed = code !== null && code !== 0;
        tell([now(), 'event', `ended: ${signal ?? code}`]);
        resolve();
      });
    });
  }

  pause(): void {
    this.#process.kill('SIGSTOP');
    this.#tell([now(), 'event', SLEEPS]);
  }

  resume(): void {
    this.#tell([now(), 'event', WAKES]);
    this.#process.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  /** Asks it to close its bus and to end; kills it where it does not. Whether it did. */
  async stop(timeoutMs: number): Promise<boolean> {
    if (!this.hasEnded && this.#process.connected) this.#process.send('stop');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), timeoutMs);
    await this.ended;
    clearTimeout(timer);
    return this.#process.signalCode === null;
  }
}

export class Fleet {
  readonly lines: Line[] = [];
  readonly members = new Set<Member>();
  /** Another task for a process that failed, as it could not connect in time: an orchestrator starts it again. */
  taskAfter: ((task: Task) => Task) | undefined;
  /** Told each line as it comes. */
  onLine: (line: Line) => void = () => {};

  start(task: Task): Member {
    const member = new Member(task, (report) => {
      const line: Line = [task.name, ...report];
      this.lines.push(line);
      this.onLine(line);
    });
    this.members.add(member);
    void member.ended.then(() => {
      this.members.delete(member);
      if (member.hasFailed && this.taskAfter !== undefined) this.start(this.taskAfter(task));
    });
    return member;
  }

  note(who: string, text: string): void {
    const line: Line = [who, now(), 'event', text];
    this.lines.push(line);
    this.onLine(line);
  }

  of(role: Task['role']): Member[] {
    return [...this.members].filter(({ task }) => task.role === role);
  }

  async killAll(): Promise<void> {
    this.taskAfter = undefined;
    await Promise.all(
      [...this.members].map((member) => {
        member.resume();
        return member.kill();
      }),
    );
  }
}
