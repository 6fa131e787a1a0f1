/** Commits of one consumer: one request at a time, known by the broker's answer. */
import { type Clock, EbusError, type Logger, pause, reasonOf, within } from '@ebus/core/driver';
import { CODE, classify, codeOf } from '../errors.js';
import { keyOf } from '../questions.js';
import type { Commit, Partition } from './partition.js';

interface Committer {
  /** Hands the request to the client; the answer comes to `answered`. @throws where it is not connected */
  commit(commits: Commit[]): unknown;
}

interface CommitsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly group: string;
  /** An answer is waited for, which comes by polling. */
  onAsking(): void;
}

/** The client's own limit for a request is below it. */
const ANSWER_MS = 20_000;
const RETRY_MS = 200;

/** Queues commits. A failed commit loses nothing: the next one includes its offsets. */
export class Commits {
  readonly #options: CommitsOptions;
  readonly #committer: Committer;
  #asking: Promise<unknown> = Promise.resolve();
  #answer: ((error: unknown, offsets: readonly unknown[]) => void) | undefined;
  #closed = false;
  /** The client was given a commit that the broker has not answered, however long ago: it tries for ever. */
  isUnanswered = false;
  /** Monotonic milliseconds since when commits fail or are not answered. */
  failingSince: number | undefined;

  constructor(committer: Committer, options: CommitsOptions) {
    this.#committer = committer;
    this.#options = options;
  }

  /** The client's `offset_commit_cb`: an error for all, and an `Error` in the place of each offset that was refused. */
  answered(error: unknown, offsets: readonly unknown[]): void {
    this.isUnanswered = false;
    this.#answer?.(error, offsets);
  }

  /** A request is under way. */
  get isAsking(): boolean {
    return this.#answer !== undefined;
  }

  /**
   * Resolves once the broker has answered for all that these partitions have settled by now. Passing errors are tried
   * again until the signal aborts. @throws the broker's refusal
   */
  async commit(partitions: readonly Partition[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      const before = this.#asking;
      const request = (async () => {
        await before;
        if (this.#closed || signal.aborted) return undefined;
        return this.#request(
          partitions.map(({ uncommitted }) => uncommitted),
          partitions,
        );
      })();
      this.#asking = request;
      const error = await within(request, signal, () => new EbusError('not in time', { code: 'ABORTED' }));
      if (error === undefined) return;
      if (this.#closed || signal.aborted || !mayPass(error)) throw error;
      await pause(clock, RETRY_MS, signal);
    }
  }

  /** Commits settled offsets, and logs failures: the next commit includes them. */
  tick(partitions: readonly Partition[], signal: AbortSignal, done: () => void): void {
    if (this.isAsking) return;
    this.commit(partitions, signal).then(done, (err: unknown) => {
      const { logger, group } = this.#options;
      if (!signal.aborted)
        logger.warn({ err, group }, `Kafka refused a commit of group '${group}': ${reasonOf(err)}`);
    });
  }

  /** No answer will come any more. */
  close(): void {
    this.#closed = true;
    this.#answer?.(new EbusError('the consumer was replaced', { code: 'ABORTED' }), []);
  }

  /** @returns the error, where not all of it was stored */
  async #request(
    commits: readonly (Commit | undefined)[],
    partitions: readonly Partition[],
  ): Promise<unknown> {
    const asked = new Map<string, { commit: Commit; partition: Partition }>();
    commits.forEach((commit, i) => {
      if (commit !== undefined) asked.set(keyOf(commit), { commit, partition: partitions[i] as Partition });
    });
    if (asked.size === 0) return undefined;
    const { clock } = this.#options;
    const answer = new Promise<readonly [unknown, readonly unknown[]]>((resolve) => {
      this.#answer = (error, offsets) => resolve([error, offsets]);
    });
    let failure: unknown;
    let offsets: readonly unknown[] = [];
    try {
      // Its answer would be taken for this one's.
      if (this.isUnanswered) throw LATE;
      this.#committer.commit([...asked.values()].map(({ commit }) => commit));
      this.isUnanswered = true;
      this.#options.onAsking();
      const late = (): readonly [unknown, readonly unknown[]] => [LATE, []];
      [failure, offsets] = await within(answer, { clock, ms: ANSWER_MS }, late);
    } catch (error) {
      failure = error;
    }
    this.#answer = undefined;
    const stored = new Set<string>();
    if (failure === undefined || failure === null || codeOf(failure) === 0) {
      failure = offsets.find((one) => one instanceof Error);
      for (const one of offsets) if (!(one instanceof Error)) stored.add(keyOf(one as Commit));
    }
    for (const [key, { commit, partition }] of asked) {
      const isStored = stored.has(key);
      partition.answered(commit, isStored, !isStored && isMetadataTooLong(failure));
    }
    this.failingSince = failure === undefined ? undefined : (this.failingSince ?? clock.monotonic());
    return failure;
  }
}

const LATE = new EbusError('Kafka did not answer a commit in time', {
  code: 'CONNECTION_FAILED',
  retryable: true,
});

/** Errors of a commit that pass: a rebalance, a coordinator that moves, metadata that is left out the next time. */
function mayPass(error: unknown): boolean {
  return classify(error).retryable || isMetadataTooLong(error);
}

/** The errors in a list of offsets have no codes, and do not say which partition they belong to. */
function isMetadataTooLong(error: unknown): boolean {
  return codeOf(error) === CODE.metadataTooLong || /metadata string too large/i.test(reasonOf(error));
}
