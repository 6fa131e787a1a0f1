/** Members of one group in processes of their own, and what they have told. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Word } from './member.js';

const POLL_MS = 20;

export interface FleetOptions {
  readonly server: string;
  readonly topic: string;
  readonly concurrency: number;
  readonly ackWait: string;
}

export interface MemberProcess {
  readonly child: ChildProcess;
  /** When it began to subscribe (`performance.now`). */
  subscribedAt: number | undefined;
  partitions: number;
}

/** Starts and ends members. */
export class Fleet implements AsyncDisposable {
  readonly members: MemberProcess[] = [];
  readonly #options: FleetOptions;
  /** Called with each event that was handled. */
  onHandled: (event: number) => void = () => {};
  handled = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  start(): MemberProcess {
    const { server, topic, concurrency, ackWait } = this.#options;
    const args = ['partition-member', server, topic, String(concurrency), ackWait];
    const child = fork(fileURLToPath(new URL('./main.js', import.meta.url)), args);
    const member: MemberProcess = { child, subscribedAt: undefined, partitions: 0 };
    child.on('message', (word: Word) => {
      if (word.what === 'subscribing') member.subscribedAt = performance.now();
      if (word.what === 'partitions') member.partitions = word.count;
      if (word.what !== 'handled') return;
      this.handled += word.events.length;
      for (const event of word.events) this.onHandled(event);
    });
    this.members.push(member);
    return member;
  }

  /** Each of so many members has an even share. */
  async shared(members: number, partitions: number): Promise<void> {
    await until(
      () => this.members.filter((one) => one.partitions === partitions / members).length === members,
    );
  }

  kill(member: MemberProcess): void {
    this.members.splice(this.members.indexOf(member), 1);
    member.child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = this.members.map(
      ({ child }) => new Promise<unknown>((resolve) => child.once('exit', resolve)),
    );
    for (const { child } of this.members) child.disconnect();
    await Promise.all(ends);
  }
}

/** @throws Error after a minute */
export async function until(check: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !check(); ) {
    if (performance.now() > end) throw new Error('the members do not come that far within a minute');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
