/** Consumers that leave their groups in the background, one after the other. */
import type { Clock } from '@ebus/core/driver';
import type { ResolvedKafkaConfig } from './config-schema.js';
import type { Session } from './group/session.js';

const LOOK_MS = 250;
/** So many looks in a row have to find nothing else that keeps the process alive. */
const LOOKS = 8;

/** Handles of the event loop that consumers keep while they leave, of all buses of this process. */
let handles = 0;

/**
 * Leaving takes a while on a network that swallows all packets, and one of the few threads that the process has for
 * such. A consumer whose commit is under way cannot leave before the coordinator of its group answers.
 */
export class Retirement {
  readonly #clock: Clock;
  /** Of one consumer. */
  readonly #handles: number;
  readonly #process: ProcessEnd;
  #last: Promise<void> = Promise.resolve();

  constructor(
    clock: Clock,
    { security }: Pick<ResolvedKafkaConfig, 'security'>,
    end: ProcessEnd = processEnd,
  ) {
    this.#clock = clock;
    this.#process = end;
    // For rebalances, commits, events, its queue; and for tokens.
    this.#handles = security.oauthBearer === undefined ? 4 : 5;
  }

  /** Resolves once all that were added have left. */
  get over(): Promise<void> {
    return this.#last;
  }

  /** In its turn. The signal aborts when nothing takes its place any more, and it leaves as it can. */
  add(session: Pick<Session, 'giveWay'>, signal: AbortSignal): void {
    const before = this.#last;
    this.#last = this.#until(() => session.giveWay(signal, before));
  }

  /** Resolves once it has left. Never rejects. */
  leave(session: Pick<Session, 'leave'>): Promise<void> {
    return this.#until(() => session.leave());
  }

  async #until(left: () => Promise<void>): Promise<void> {
    handles += this.#handles;
    await left().catch(() => {});
    handles -= this.#handles;
  }

  /**
   * The bus is closed: where nothing but consumers that cannot leave keeps the process alive, it ends, as it would without
   * them. A process with other work, timers and connections included, goes on.
   */
  mayEndProcess(): void {
    let alone = 0;
    const look = () => {
      if (handles === 0) return;
      alone = this.#process.isHeldByAtMost(handles) ? alone + 1 : 0;
      if (alone >= LOOKS) return this.#process.exit();
      later();
    };
    const later = () => void this.#clock.setTimeout(look, LOOK_MS).unref();
    later();
  }
}

/** How a process is found to be held by native handles alone, and ended. */
interface ProcessEnd {
  /** Whether the event loop waits for nothing but so many native handles. */
  isHeldByAtMost(handles: number): boolean;
  exit(): void;
}

const processEnd: ProcessEnd = {
  isHeldByAtMost(most) {
    // Standard input and output count here, although nobody reads or writes: libuv tells these apart.
    if (process.getActiveResourcesInfo().some((what) => what !== 'PipeWrap' && what !== 'TTYWrap'))
      return false;
    const { libuv } = process.report.getReport() as { libuv: readonly UvHandle[] };
    const held = libuv.filter(({ is_active, is_referenced }) => is_active && is_referenced);
    return held.length <= most && held.every(({ type }) => type === 'async');
  },
  exit: () => process.exit(),
};

interface UvHandle {
  readonly type: string;
  readonly is_active: boolean;
  readonly is_referenced: boolean;
}
